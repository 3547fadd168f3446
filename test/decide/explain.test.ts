/** Explanations: clauses, what made them so, the values that they read; of a deny the permits that came nearest. */
import { expect, test } from 'vitest'
import { type AuthorizeRequest, Rune } from '../../src/index.ts'
import { explain, HEAD, linesOf, REQUEST } from './explain.ts'

async function whyNot(text: string, request: Partial<AuthorizeRequest> = {}): Promise<string[]> {
  const { whyNot } = await explain(`[policies]\n${text}`, request)
  return whyNot?.permits.flatMap(linesOf) ?? []
}

test('a clause says what it came to, where, and what it read', async () => {
  const { because } = await explain(
    `[policies]
permit(principal == User::"ann", action in [Action::"read"], resource)
when { context.mfa == true };`,
    { context: { mfa: true } },
  )
  expect(because).toMatchObject([{ kind: 'policy', id: 'policy0', outcome: 'satisfied', line: 6, column: 1 }])
  expect(because[0]?.clauses).toEqual([
    {
      part: 'principal',
      outcome: 'true',
      text: 'principal == User::"ann"',
      file: 'p.rune',
      line: 6,
      column: 8,
      because: [
        {
          text: 'principal == User::"ann"',
          outcome: 'true',
          line: 6,
          column: 8,
          values: [{ text: 'principal', value: 'User::"ann"' }],
        },
      ],
    },
    {
      part: 'action',
      outcome: 'true',
      text: 'action in [Action::"read"]',
      file: 'p.rune',
      line: 6,
      column: 34,
      because: [
        {
          text: 'action in [Action::"read"]',
          outcome: 'true',
          line: 6,
          column: 34,
          values: [{ text: 'action', value: 'Action::"read"' }],
        },
      ],
    },
    {
      part: 'when',
      outcome: 'true',
      text: 'context.mfa == true',
      file: 'p.rune',
      line: 7,
      column: 8,
      because: [
        {
          text: 'context.mfa == true',
          outcome: 'true',
          line: 7,
          column: 8,
          values: [{ text: 'context.mfa', value: 'true' }],
        },
      ],
    },
  ])
})

test('what composes a clause is followed to the smallest parts that made it so', async () => {
  const context = { a: 1, b: false, s: 'x' }
  const of = (condition: string) => whyNot(`permit(principal, action, resource) ${condition};`, { context })
  // A false `&&` is its false operand, which is a clause of its own at the top.
  expect(await of('when { context.a == 1 && context.b && context.c }')).toEqual([
    'when true: context.a == 1',
    '  context.a = 1',
    'when false: context.b',
  ])
  expect(await of('when { context.b || (context.a == 1 && context.s == "y") }')).toEqual([
    'when false: context.b || (context.a == 1 && context.s == "y")',
    '- false: context.b',
    '- false: context.s == "y"',
    '  context.s = "x"',
  ])
  expect(await of('unless { context.a != 2 || context.c }')).toEqual([
    'unless false: unless { context.a != 2 || context.c }',
    '- true: context.a != 2',
    '  context.a = 1',
  ])
  expect(await of('when { if context.a > 0 then !(context.s like "x*") else true }')).toEqual([
    'when false: if context.a > 0 then !(context.s like "x*") else true',
    '- true: context.a > 0',
    '  context.a = 1',
    '- true: context.s like "x*"',
    '  context.s = "x"',
  ])
  expect(await of('when { context.a + 2 * context.a > 4 }')).toEqual([
    'when false: context.a + 2 * context.a > 4',
    '  context.a + 2 * context.a = 3',
    '  context.a = 1',
    '  2 * context.a = 2',
  ])
})

test('an attribute that is not there is absent, and what lacks it is named', async () => {
  const { because } = await explain(
    `[entities]
'User::"ann"' = { attrs = { boss = 'User::"eve"' } }
[policies]
permit(principal, action, resource) when { principal has boss && context.x.y == 1 };
forbid(principal, action, resource) when { User::"nobody".level > 3 || principal.boss };`,
    { context: { x: { z: 1 } } },
  )
  expect(because.map((cause) => [cause.id, cause.outcome, cause.message])).toEqual([
    ['policy0', 'failed', 'record does not have the attribute `y`'],
    ['policy1', 'failed', 'entity `User::"nobody"` does not exist'],
  ])
  expect(because.map(linesOf)).toEqual([
    [
      'when true: principal has boss',
      '  principal = User::"ann"',
      'when failed: context.x.y == 1',
      '  context.x = {"z": 1}',
      '  context.x.y = absent',
    ],
    [
      'when failed: User::"nobody".level > 3 || principal.boss',
      '- failed: User::"nobody".level > 3',
      '  User::"nobody".level = absent',
    ],
  ])
})

test('a value that is no bool where one must stand is told', async () => {
  const { because } = await explain('[policies]\npermit(principal, action, resource) when { !context.n };', {
    context: { n: 5 },
  })
  expect(because[0]?.message).toBe('type error: expected bool, got long')
  expect(because.flatMap(linesOf)).toEqual(['when failed: !context.n', '- failed: context.n', '  context.n = 5'])
  const branch = await explain('[policies]\npermit(principal, action, resource) when { if 1 < 2 then 5 else true };')
  expect(branch.because.flatMap(linesOf).slice(1)).toEqual(['- true: 1 < 2', '- failed: 5'])
})

test('a link shows what its slots stand for', async () => {
  const { whyNot } = await explain(`[[options.links]]
template = "share"
id = "share bob"
values = { "?principal" = 'User::"bob"', "?resource" = 'Folder::"f"' }
[policies]
@id("share")
permit(principal == ?principal, action, resource in ?resource);`)
  expect(whyNot?.permits.map(({ id, line }) => [id, line])).toEqual([['share bob', 5]])
  expect(whyNot?.permits.flatMap(linesOf)).toEqual([
    'principal false: principal == ?principal',
    '  principal = User::"ann"',
    '  ?principal = User::"bob"',
    'resource false: resource in ?resource',
    '  resource = Doc::"plan"',
    '  ?resource = Folder::"f"',
  ])
})

test('facts are values', async () => {
  const { because, whyNot } = await explain(`[data]
suspended = ["ann", "bob"]
level = [["ann", 3]]
[rules]
decl level(name: String, of: Long).
here(P) :- principal(P), suspended(P).
[policies]
forbid(principal, action, resource) when { context.facts.here.contains("ann") && context.facts.suspended == ["bob"] };
permit(principal, action, resource) when { context.facts.level.contains({ name: "ann", of: context.n }) };
permit(principal, action, resource) when { context.facts.suspended == ["ann"] };
permit(principal, action, resource) unless { context.facts.here.contains("ann") };`)
  expect(because.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual(['policy1 failed'])
  expect(because.flatMap(linesOf)).toEqual([
    'when failed: context.facts.level.contains({ name: "ann", of: context.n })',
    '  context.n = absent',
  ])
  expect(whyNot?.permits.flatMap(linesOf)).toEqual([
    'when false: context.facts.suspended == ["ann"]',
    '  context.facts.suspended = ["ann", "bob"]',
    'unless false: unless { context.facts.here.contains("ann") }',
    '- true: context.facts.here.contains("ann")',
  ])
})

test('the nearest permit is about the action, then the principal, then the resource, then true in more clauses', async () => {
  const { whyNot } = await explain(`[policies]
@id("other action") permit(principal, action == Action::"write", resource);
@id("other principal") permit(principal == User::"bob", action == Action::"read", resource);
@id("other resource") permit(principal, action, resource is Folder);
@id("first condition") permit(principal, action, resource) when { false || 1 > 2 };
@id("second condition") permit(principal, action, resource) when { 1 < 2 } when { 2 < 1 };
@id("nothing of it") permit(principal is Robot, action == Action::"write", resource is Folder);`)
  expect(whyNot?.permits.map(({ id }) => id)).toEqual([
    'second condition',
    'first condition',
    'other resource',
    'other principal',
    'other action',
  ])
  expect(whyNot?.more).toBe(1)
})

test('among many permits the nearest are found wherever they stand', async () => {
  const many = (action: string) =>
    Array.from(
      { length: 300 },
      (_, i) => `permit(principal == User::"u${i}", action == Action::"${action}", resource);`,
    )
  const near = '@id("near") permit(principal, action == Action::"read", resource in Folder::"f");'
  const { whyNot } = await explain(`[policies]\n${[...many('write'), ...many('read'), near].join('\n')}`)
  expect(whyNot?.permits.map(({ id }) => id)).toEqual(['near', 'policy300', 'policy301', 'policy302', 'policy303'])
  expect(whyNot?.more).toBe(596)
})

test('where something permits, or forbids, nobody asks why not', async () => {
  const permit = 'permit(principal, action, resource);'
  const never = 'permit(principal == User::"bob", action, resource);'
  const failing = 'forbid(principal, action, resource) when { context.x };'
  const kinds: (readonly [string, string])[] = [
    [`[policies]\n${permit}\n${never}`, 'permit'],
    [`[policies]\nforbid(principal, action, resource);\n${never}`, 'forbid'],
    [`[policies]\n${permit}\n${never}\n${failing}`, 'deny'],
    [`[rules]\npermit("open") :- action("read").\n[policies]\n${never}\n${failing}`, 'deny'],
  ]
  for (const [text, decision] of kinds) {
    const explanation = await explain(text)
    expect(explanation.decision.decision).toBe(decision)
    expect(explanation.whyNot).toBeUndefined()
  }
  expect((await explain('[policies]\nforbid(principal, action == Action::"x", resource);')).whyNot).toEqual({
    permits: [],
    more: 0,
  })
})

test('nothing that a request or a policy holds makes an explanation large', async () => {
  const long = 'x'.repeat(1_000_000)
  const context = {
    text: long,
    list: Array.from({ length: 20_000 }, (_, i) => i),
    fields: Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, i])),
    nested: [[long], [long]],
    few: Array.from({ length: 200 }, (_, i) => i),
  }
  const sides = Array.from({ length: 500 }, (_, i) => `context.few == [${i}, "${'y'.repeat(300)}"]`)
  const all = ['text', 'list', 'fields', 'nested', 'few'].map((name) => `context.${name} == ""`)
  const conjuncts = Array.from({ length: 500 }, (_, i) => `context.text != "${i}"`)
  const text = `permit(principal, action, resource) when { ${[...all, ...sides].join(' || ')} };
permit(principal, action, resource) when { ${conjuncts.join(' && ')} && context.text like "y*" };`
  const explanation = await explain(`[policies]\n${text}`, { context, principal: long })
  const [conjunction, disjunction] = explanation.whyNot?.permits ?? []
  expect(disjunction?.clauses?.[0]?.because.flatMap(({ values }) => values.map(({ value }) => value))).toEqual([
    `"${'x'.repeat(199)}…`,
    '[… 20000 elements]',
    '{… 20000 attributes}',
    '[… 1 element]',
    ...Array.from({ length: 6 }, () => expect.stringMatching(/^\[0, 1, .{193}…$/)),
  ])
  expect(disjunction?.clauses?.[0]).toMatchObject({ more: 495 })
  expect(conjunction?.clauses).toHaveLength(20)
  expect(conjunction?.clauses?.at(-1)).toMatchObject({ outcome: 'false', text: 'context.text like "y*"' })
  expect(conjunction?.clausesLeftOut).toBe(481)
  const { text: _, ...rest } = { ...conjunction }
  expect(JSON.stringify(rest).length).toBeLessThan(30_000)
})

test('the deepest conditions are explained', async () => {
  const nested = `${'(context.a || '.repeat(190)}context.b${')'.repeat(190)}`
  const sum = `${'context.n + '.repeat(990)}1 == 0`
  const negated = `${'!!!!('.repeat(190)}context.a${')'.repeat(190)}`
  const context = { a: false, b: false, n: 1 }
  for (const condition of [nested, sum, negated]) {
    const { whyNot } = await explain(`[policies]\npermit(principal, action, resource) when { ${condition} };`, {
      context,
    })
    expect(whyNot?.permits[0]?.clauses?.[0]?.outcome).toBe('false')
  }
})

test('an explanation needs no more steps than its decision', async () => {
  const text = (steps: number) => `max_steps = ${steps}
[data]
n = [[0],[1],[2],[3],[4],[5],[6],[7],[8],[9]]
[rules]
slow(P) :- principal(P), n(A), n(B), A + B > 100.
permit("sum") :- principal(P), slow(P).
[policies]
permit(principal, action, resource) when { context.facts.n == [] || context.facts.n == [1] || !context.facts.slow.isEmpty() };`
  // The fewest with which it is decided.
  let [low, high] = [0, 10_000]
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    const rune = await Rune.fromText(HEAD + text(middle), { coordinator: 'inline' })
    try {
      rune.authorize(REQUEST)
      high = middle
    } catch {
      low = middle
    }
    await rune.close()
  }
  expect(low).toBeGreaterThan(100)
  expect((await explain(text(high))).whyNot?.permits).toHaveLength(2)
})
