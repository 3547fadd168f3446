/** Decisions end to end: text in, decision out. */
import { describe, expect, test } from 'vitest'
import { Rune } from '../src/engine.ts'
import { RuneError } from '../src/text/diagnostic.ts'

const HEAD = 'version = "rune/1.0"\n'
const OPTIONS = `[options]
default_principal_type = "Agent"
default_resource_type = "File"
path_types = ["File"]
`
const REQUEST = { principal: 'agent-1', action: 'read', resource: '/tmp/a.txt' }

const open = (text: string) => Rune.fromText(`${HEAD}${OPTIONS}${text}`, { coordinator: 'inline' })

async function codesOf(run: () => Promise<unknown> | unknown): Promise<string[]> {
  try {
    await run()
  } catch (error) {
    if (error instanceof RuneError) return error.diagnostics.filter((d) => d.severity === 'error').map((d) => d.code)
    throw error
  }
  return []
}

describe('the combined decision', () => {
  test('without anything that permits, it is deny', async () => {
    const rune = await open('')
    expect(rune.authorize(REQUEST)).toEqual({ decision: 'deny', allowed: false, reasons: [], errors: [], epoch: 1 })
  })

  test('a permit policy permits, and is the reason', async () => {
    const rune = await open('[policies]\n@id("readers") permit(principal, action == Action::"read", resource);')
    expect(rune.authorize(REQUEST)).toMatchObject({ decision: 'permit', allowed: true, reasons: ['readers'] })
    expect(rune.authorize({ ...REQUEST, action: 'write' })).toMatchObject({ decision: 'deny', allowed: false })
  })

  test('a forbid outweighs any permit, whether policy or rule', async () => {
    const rune = await open(`[rules]
permit("ok") :- action("read").
forbid("secret file") :- resource("/tmp/secret").
[policies]
permit(principal, action, resource);
forbid(principal, action == Action::"write", resource);`)
    expect(rune.authorize(REQUEST)).toMatchObject({ decision: 'permit', reasons: ['policy0', 'ok'] })
    expect(rune.authorize({ ...REQUEST, action: 'write' })).toMatchObject({ decision: 'forbid', reasons: ['policy1'] })
    expect(rune.authorize({ ...REQUEST, resource: '/tmp/secret' })).toMatchObject({
      decision: 'forbid',
      reasons: ['secret file'],
    })
  })

  test('a forbid policy that fails turns a permit into a deny that names it', async () => {
    const text =
      '[policies]\npermit(principal, action, resource);\n@id("limit") forbid(principal, action, resource) when { context.n > 3 };'
    const rune = await open(text)
    const decision = rune.authorize(REQUEST)
    expect(decision).toMatchObject({ decision: 'deny', allowed: false, reasons: ['limit'] })
    expect(decision.errors).toMatchObject([{ kind: 'policy', id: 'limit', line: 8 }])
    expect(rune.authorize({ ...REQUEST, context: { n: 3 } })).toMatchObject({ decision: 'permit' })
    expect(rune.authorize({ ...REQUEST, context: { n: 4 } })).toMatchObject({ decision: 'forbid' })
  })

  test('on_policy_error decides what a failing policy does', async () => {
    const policies = `[policies]
permit(principal, action, resource);
permit(principal, action, resource) when { context.p };
forbid(principal, action, resource) when { context.f };`
    const decide = async (mode: string, context: Record<string, unknown>) => {
      const rune = await Rune.fromText(`${HEAD}${OPTIONS}on_policy_error = "${mode}"\n${policies}`, {
        coordinator: 'inline',
      })
      return rune.authorize({ ...REQUEST, context }).decision
    }
    expect(await decide('skip', {})).toBe('permit')
    expect(await decide('deny', { f: false })).toBe('permit')
    expect(await decide('deny', {})).toBe('deny')
    expect(await decide('strict', { f: false })).toBe('deny')
    expect(await decide('strict', { f: false, p: false })).toBe('permit')
    expect(await decide('skip', { f: true })).toBe('forbid')
  })

  test('a rule that fails for the request turns a permit into a deny', async () => {
    const rune = await open(`[rules]
permit("a") :- action("read").
permit("b") :- context.n(N), 10 / N > 1.`)
    expect(rune.authorize({ ...REQUEST, context: { n: 2 } })).toMatchObject({ decision: 'permit', reasons: ['a', 'b'] })
    const failed = rune.authorize({ ...REQUEST, context: { n: 0 } })
    expect(failed).toMatchObject({ decision: 'deny', reasons: ['permit1'] })
    expect(failed.errors).toMatchObject([{ kind: 'rule', id: 'permit1', message: 'division by zero' }])
  })

  test('a failing expression does not count where another literal is false, whatever their order', async () => {
    for (const body of ['context.n(N), 10 / N > 1, action("write")', 'action("write"), 10 / N > 1, context.n(N)']) {
      const rune = await open(`[rules]\npermit("a") :- action("read").\npermit("b") :- ${body}.`)
      expect(rune.authorize({ ...REQUEST, context: { n: 0 } })).toMatchObject({ decision: 'permit', errors: [] })
    }
  })

  test('what mentions the value of an expression depends on it, whatever is asked', async () => {
    for (const body of [
      'context.n(N), X = 10 / N, ok(N, X)',
      'ok(N, X), 10 / N = X, context.n(N)',
      'context.n(N), Y = 10 / N, X = Y, ok(N, X)',
      'context.n(N), X = 5, ok(N, 10 / N)',
      'context.n(N), X = 5, not ok(N, 50 / N)',
      'context.n(N), X in [10 / N, 7], ok(N, X)',
      'context.n(N), ok(_, X), X = max(Y, (ok(_, Y), M = 10 / N, ok(N, M)))',
    ]) {
      for (const question of ['h(_, 5)', 'h(N, _), context.n(N)', 'h(_, _)', 'h(2, 5)']) {
        const rune = await open(`[data]
ok = [[2, 5]]
[rules]
h(N, X) :- ${body}.
permit :- action("read").
forbid :- action(_), ${question}.`)
        const decide = (n: number) => rune.authorize({ ...REQUEST, context: { n } }).decision
        const failing = question === 'h(2, 5)' ? 'permit' : 'deny'
        expect([body, question, decide(2), decide(0)]).toEqual([body, question, 'forbid', failing])
      }
    }
  })

  test('a failing method is neither true nor false under not', async () => {
    const rune = await open(`[rules]
forbid("outside") :- context.dir(D), not D.under("/tmp").
permit("any") :- action("read").`)
    expect(rune.authorize({ ...REQUEST, context: { dir: '/tmp/x' } }).decision).toBe('permit')
    expect(rune.authorize({ ...REQUEST, context: { dir: '/etc' } }).decision).toBe('forbid')
    expect(rune.authorize({ ...REQUEST, context: { dir: 'relative' } }).decision).toBe('deny')
  })
})

describe('facts in policies', () => {
  const TEXT = `[data]
blocked = ["agent-9"]
limit = [["agent-1", 3]]
[rules]
decl may(user: Agent, file: File).
may(Agent::"agent-1", File::"/tmp/a.txt").
ready :- action("read").
trusted(Id) :- principal(Id), not blocked(Id).
[policies]
permit(principal, action == Action::"read", resource) when { context.facts.may.contains({user: principal, file: resource}) };
permit(principal, action == Action::"list", resource) when { context.facts.trusted.contains("agent-1") };
permit(principal, action == Action::"go", resource) when { context.facts.ready };
permit(principal, action == Action::"all", resource) when { context.facts.blocked == ["agent-9"] };`

  test('context.facts holds what the data and the rules say', async () => {
    const rune = await open(TEXT)
    const decide = (request: object) => rune.authorize({ ...REQUEST, ...request }).decision
    expect(decide({})).toBe('permit')
    expect(decide({ principal: 'agent-2' })).toBe('deny')
    expect(decide({ action: 'list' })).toBe('permit')
    expect(decide({ action: 'list', principal: 'agent-9' })).toBe('deny')
    expect(decide({ action: 'go' })).toBe('deny')
    expect(decide({ action: 'all' })).toBe('permit')
  })

  test('a request cannot bring its own facts', async () => {
    const rune = await open(TEXT)
    expect(await codesOf(() => rune.authorize({ ...REQUEST, context: { facts: { may: [] } } }))).toEqual(['R742'])
  })
})

describe('entities', () => {
  const TEXT = `[entities]
'Agent::"agent-1"' = { in = ['Group::"agents"'], attrs = { level = 3 } }
'Group::"agents"' = {}
[rules]
entity.parent(Agent::"agent-2", Group::"agents").
team(A) :- entity.ancestor(A, Group::"agents").
permit("team") :- request(P, _, _), team(P), action("team").
[policies]
permit(principal in Group::"agents", action == Action::"read", resource);
permit(principal, action == Action::"level", resource) when { principal.level > 2 };`

  test('groups hold for stored and for derived parents', async () => {
    const rune = await open(TEXT)
    const decide = (principal: string, action = 'read') => rune.authorize({ ...REQUEST, principal, action }).decision
    expect(decide('agent-1')).toBe('permit')
    expect(decide('agent-2')).toBe('permit')
    expect(decide('agent-3')).toBe('deny')
    expect(decide('agent-2', 'team')).toBe('permit')
    expect(decide('agent-1', 'level')).toBe('permit')
  })

  test('entities of a request add to the store for it, in policies and in rules', async () => {
    const rune = await open(TEXT)
    const uid = { type: 'Agent', id: 'guest' }
    const guest = { uid, attrs: { level: 9 }, parents: [{ type: 'Group', id: 'agents' }] }
    const decide = (action: string, entities: unknown[]) =>
      rune.authorize({ principal: uid, action, resource: '/x', entities }).decision
    expect(decide('read', [guest])).toBe('permit')
    expect(decide('team', [guest])).toBe('permit')
    expect(decide('level', [guest])).toBe('permit')
    expect(decide('read', [])).toBe('deny')
    expect(decide('team', [])).toBe('deny')
  })

  test('a request cannot change a stored entity, nor close a cycle', async () => {
    const rune = await open(TEXT)
    const entity = (id: string, parents: string[], attrs = {}) => ({
      uid: { type: 'Agent', id },
      attrs,
      parents: parents.map((p) => ({ type: 'Group', id: p })),
    })
    const decide = (...entities: unknown[]) => codesOf(() => rune.authorize({ ...REQUEST, entities }))
    expect(await decide(entity('agent-1', ['agents'], { level: 3 }))).toEqual([])
    expect(await decide(entity('agent-1', ['agents'], { level: 4 }))).toEqual(['R743'])
    expect(await decide(entity('agent-1', ['agents', 'admins'], { level: 3 }))).toEqual(['R743'])
    expect(await decide(entity('x', ['agents']), entity('x', []))).not.toEqual([])
  })
})

describe('paths and globs', () => {
  const TEXT = `[policies]
permit(principal, action, resource in File::"/tmp/*");
forbid(principal, action, resource in File::"/tmp/private/**");`

  test.each([
    ['/tmp/a.txt', 'permit'],
    ['/tmp/./a.txt', 'permit'],
    ['//tmp//a.txt/', 'permit'],
    ['/tmp/x/../a.txt', 'permit'],
    ['/tmp', 'deny'],
    ['/tmp/a/b.txt', 'deny'],
    ['/tmp/../etc/passwd', 'deny'],
    ['/tmp/private', 'forbid'],
    ['/tmp/private/a/b', 'forbid'],
    ['/TMP/a.txt', 'deny'],
    ['/tmp/%2e%2e/etc', 'deny'],
    ['/tmp/*', 'permit'],
  ])('%s is %s', async (resource, decision) => {
    const rune = await open(TEXT)
    expect(rune.authorize({ ...REQUEST, resource }).decision).toBe(decision)
  })

  test.each(['', 'tmp/a', '/..', '/../etc', '/tmp/\0', '/tmp/\n', '/tmp\\a', 'File::"/tmp/a', 'x::"y', '\ud800'])(
    'the resource %j is refused',
    async (resource) => {
      const rune = await open(TEXT)
      expect(await codesOf(() => rune.authorize({ ...REQUEST, resource }))).toEqual(['R741'])
    },
  )
})

describe('queries', () => {
  test('rows come in a fixed order, and values are plain', async () => {
    const rune = await open(`[data]
edge = [["c", 3], ["a", 9007199254740993], ["b", -1]]
[rules]
big(X) :- edge(X, N), N > 0.`)
    const result = rune.query('edge(X, N)')
    expect(result.columns).toEqual(['X', 'N'])
    expect([...result]).toEqual([
      ['a', 9007199254740993n],
      ['b', -1],
      ['c', 3],
    ])
    expect(result.toJson()).toBe('{"columns":["X","N"],"rows":[["a",9007199254740993],["b",-1],["c",3]]}')
    expect(rune.query('big(X), edge(X, 3)').rows).toEqual([['c']])
    expect(rune.query('big("b")').rows).toEqual([])
    expect(rune.query('big("a")').rows).toEqual([[]])
  })
})

test('a closed engine decides nothing', async () => {
  const rune = await open('[policies]\npermit(principal, action, resource);')
  await rune.close()
  expect(await codesOf(() => rune.authorize(REQUEST))).toEqual(['R740'])
})

test('a request that needs too many steps is an error, never a permit, and the engine goes on', async () => {
  const rune = await Rune.fromText(
    `${HEAD}[options]
default_principal_type = "U"
default_resource_type = "R"
max_steps = 1000
[data]
n = [[0],[1],[2],[3],[4],[5],[6],[7],[8],[9]]
[rules]
slow(P) :- action("slow"), n(A), n(B), n(C), n(D), principal(P), A + B + C + D > 100.
forbid("x") :- slow(_).
permit("x") :- action("fast").`,
    { coordinator: 'inline' },
  )
  expect(await codesOf(() => rune.authorize({ principal: 'p', action: 'slow', resource: 'r' }))).toEqual(['R504'])
  expect(rune.authorize({ principal: 'p', action: 'fast', resource: 'r' }).decision).toBe('permit')
})

test('an explanation names each policy and rule with its place', async () => {
  const rune = await open(`[rules]
permit("tmp is open") :- path(P), P.under("/tmp").
[policies]
permit(principal, action, resource);`)
  expect(rune.explain(REQUEST)).toMatchObject({
    decision: { decision: 'permit' },
    because: [
      { kind: 'policy', id: 'policy0', effect: 'permit', outcome: 'satisfied', line: 9 },
      { kind: 'rule', id: 'tmp is open', effect: 'permit', outcome: 'satisfied', line: 7 },
    ],
  })
})

test('a fact that a better derived row has replaced counts again where a request changes what is derived', async () => {
  const rune = await open(`[entities]
'Agent::"root"' = {}
[data]
start = [["a", 1]]
[rules]
decl cost(node: String, n: Long).
cost("a", 5).
cost(X, min N) :- start(X, N), not entity.type(_, "Blocker").
permit("cheap") :- action("read"), cost("a", 1).
permit("dear") :- action("read"), cost("a", 5).`)
  const blocker = { uid: { type: 'Blocker', id: 'b' }, attrs: {}, parents: [] }
  expect(rune.authorize(REQUEST).reasons).toEqual(['cheap'])
  expect(rune.authorize({ ...REQUEST, entities: [blocker] }).reasons).toEqual(['dear'])
})

test('what stored entities are in cannot be extended by a request', async () => {
  const rune = await open(`[entities]
'Agent::"agent-1"' = { in = ['Group::"staff"'] }
[policies]
permit(principal in Group::"admins", action, resource);`)
  const staff = (parents: object[]) => ({ uid: { type: 'Group', id: 'staff' }, attrs: {}, parents })
  expect(
    await codesOf(() => rune.authorize({ ...REQUEST, entities: [staff([{ type: 'Group', id: 'admins' }])] })),
  ).toEqual(['R743'])
  expect(rune.authorize({ ...REQUEST, entities: [staff([])] }).decision).toBe('deny')
})

test('the context cannot be hidden from the check of who uses it whole', async () => {
  const forbid = (condition: string) => `[policies]
permit(principal, action, resource);
forbid(principal, action, resource) when { ${condition} };`
  for (const condition of [
    '(if true then context else context) has facts',
    '{c: context}.c has facts.banned',
    '{c: context}.c.facts.banned',
  ]) {
    expect(new Set(await codesOf(() => open(forbid(condition))))).toEqual(new Set(['R453']))
  }
  expect(await codesOf(() => open(forbid('context.x.facts')))).toEqual([])
})

test('a permit on an id alone is refused where policies know several types', async () => {
  const text = (policy: string) => `${HEAD}[options]
default_principal_type = "User"
default_resource_type = "File"
[rules]
permit :- principal("admin"), action("read").
[policies]
${policy}`
  const refused = (policy: string) => codesOf(() => Rune.fromText(text(policy), { coordinator: 'inline' }))
  expect(await refused('permit(principal is Service, action, resource);')).toEqual(['R354'])
  expect(await refused('permit(principal == Service::"x", action, resource);')).toEqual(['R354'])
  expect(await refused('permit(principal is User, action, resource);')).toEqual([])
})

test('a nested record of the context has no rows, and the decision says so where rules ask for the context', async () => {
  const rune = await open(`[rules]
forbid :- context.k(V), V > 3.
[policies]
permit(principal, action, resource);`)
  const { decision, errors } = rune.authorize({ ...REQUEST, context: { k: { a: 1 } } })
  expect([decision, errors]).toMatchObject(['permit', [{ kind: 'context', id: 'k' }]])
  const silent = await open('[policies]\npermit(principal, action, resource);')
  expect(silent.authorize({ ...REQUEST, context: { k: { a: 1 } } }).errors).toEqual([])
})
