/**
 * Predicates that are evaluated for each request or query, since they are declared so or depend on such ones: answers are
 * those of the fixpoint, and an error is one of who asks.
 */
import { describe, expect, test } from 'vitest'
import { Rune } from '../../src/engine.ts'
import { RuneError } from '../../src/text/diagnostic.ts'

const HEAD = `version = "rune/1.0"
[options]
default_principal_type = "User"
default_resource_type = "Doc"
`
const open = (text: string) => Rune.fromText(`${HEAD}${text}`, { coordinator: 'inline' })
const ANA = { principal: 'ana', action: 'read', resource: 'plan' }

const EDGES = '[data]\nedge = [["a", "b", 1], ["b", "c", 1], ["a", "c", 5], ["c", "a", 2]]\n'

/** What each way to ask `context.facts` says. */
async function probe(text: string, conditions: readonly string[]): Promise<(string | boolean)[]> {
  const policies = conditions.map(
    (condition, i) => `@id("${i}") permit(principal, action, resource) when { ${condition} };`,
  )
  const rune = await open(`${text}\n[policies]\n${policies.join('\n')}`)
  const { reasons, errors } = rune.authorize(ANA)
  return conditions.map((_, i) => errors.find(({ id }) => id === `${i}`)?.message ?? reasons.includes(`${i}`))
}

describe('an on-demand predicate', () => {
  const rules = (option: string) => `${EDGES}[rules]
decl reach(from: String, to: String)${option}.
reach(X, Y) :- edge(X, Y, _).
reach(X, Z) :- reach(X, Y), edge(Y, Z, _).
reach("z", "z").
decl end(id: String).
end(Y) :- reach("a", Y), not reach("z", Y).
decl number(n: Long).
number(N) :- N = count(X, reach(X, "c")).
decl known().
known :- reach("a", "a").
`

  test('answers queries, and so do predicates that depend on it, as if it were materialised', async () => {
    for (const query of [
      'reach(X, Y)',
      'reach("a", Y)',
      'reach("z", Y)',
      'end(X)',
      'number(N)',
      'known',
      'reach(X, X)',
    ]) {
      const answers = ['', ' on_demand', ' materialize'].map(async (option) => (await open(rules(option))).query(query))
      const [plain, onDemand, materialized] = await Promise.all(answers)
      expect(plain?.rows.length, query).toBeGreaterThan(0)
      expect(onDemand?.toText(), query).toEqual(plain?.toText())
      expect(materialized?.toText(), query).toEqual(plain?.toText())
    }
  })

  test('is what it would be in each way to ask `context.facts`', async () => {
    const { reach, end } = { reach: 'context.facts.reach', end: 'context.facts.end' }
    const conditions = [
      `${reach}.contains({ from: "a", to: "c" })`,
      `${reach}.contains({ from: "a", to: "z" })`,
      `${reach}.containsAny([{ from: "a", to: "z" }, { from: "z", to: "z" }])`,
      `${reach}.containsAll([{ from: "a", to: "z" }, { from: "z", to: "z" }])`,
      `${reach}.isEmpty()`,
      `${reach} == [{ from: "z", to: "z" }]`,
      `${end} == ["c", "b", "a"]`,
      `${end}.containsAll(["a", "b"])`,
      `[${end}].contains(["a", "b", "c"])`,
      `["a", "b", "c", "d"].containsAll(${end})`,
      'context.facts.number == [3]',
      'context.facts.known',
      'context.facts has known && context has facts.reach',
    ]
    const plain = await probe(rules(''), conditions)
    expect(plain).toEqual([true, false, true, false, false, false, true, true, true, true, true, true, true])
    expect(await probe(rules(' on_demand'), conditions)).toEqual(plain)
  })

  test('can keep the best row of each group, and be an equivalence', async () => {
    const text = (option: string) => `${EDGES}[rules]
decl start(id: String)${option}.
start("a").
decl far(id: String, n: Long)${option}.
far(X, min 0) :- start(X).
far(Y, min N + W) :- far(X, N), edge(X, Y, W).
decl same(a: String, b: String) equivalence.
same(X, "one") :- start(X).
same("one", "uno").`
    const [plain, onDemand] = await Promise.all([open(text('')), open(text(' on_demand'))])
    for (const query of ['far(X, N)', 'far("c", N)', 'far("c", 2)', 'same("uno", X)', 'same(X, Y)']) {
      expect(plain.query(query).rows.length, query).toBeGreaterThan(0)
      expect(onDemand.query(query).toText(), query).toEqual(plain.query(query).toText())
    }
    const far = 'context.facts.far'
    const conditions = [`${far}.contains({ id: "c", n: 2 })`, `${far}.contains({ id: "c", n: 5 })`]
    for (const option of ['', ' on_demand']) expect(await probe(text(option), conditions)).toEqual([true, false])
  })

  test('keeps the best row alone where it depends on the request, too', async () => {
    const text = `${EDGES}[rules]
decl far(id: String, n: Long).
far(X, min N) :- principal("ana", _), edge(_, X, N).`
    const conditions = ['{ id: "c", n: 1 }', '{ id: "c", n: 5 }'].map((row) => `context.facts.far.contains(${row})`)
    expect(await probe(text, conditions)).toEqual([true, false])
  })

  test('sees the entities of a request', async () => {
    const text = `[rules]
decl member(user: User) on_demand.
member(U) :- entity.ancestor(U, Group::"g").
[entities]
'User::"ben"' = { in = ['Group::"g"'] }
[policies]
permit(principal, action, resource) when { context.facts.member.contains(principal) };`
    const rune = await open(text)
    const entities = [{ uid: { type: 'User', id: 'ana' }, attrs: {}, parents: [{ type: 'Group', id: 'g' }] }]
    expect(rune.authorize(ANA).decision).toBe('deny')
    expect(rune.authorize({ ...ANA, entities }).decision).toBe('permit')
    expect(rune.authorize({ ...ANA, principal: 'ben' }).decision).toBe('permit')
  })

  test('needs steps of the request that asks for it', async () => {
    const rune = await open(`max_steps = 1000
[rules]
decl n(x: Long) on_demand.
n(0).
n(X + 1) :- n(X).`)
    expect(() => rune.query('n(X)')).toThrow(/R504/)
  })

  test('needs steps even where it asks for ever further values and finds no row', async () => {
    const rune = await open(`max_steps = 10000
[rules]
decl far(x: Long, y: Long) on_demand.
far(0, 1).
far(X, X) :- far(Y, Y), Y = X + 1, far(X, Y).`)
    expect(() => rune.query('far(0, X)')).toThrow(/R504/)
  })
})

describe('an error of an on-demand predicate', () => {
  const SHARES = `[data]
quota = [["ana", 0], ["ben", 5]]
[rules]
decl share(user: String, n: Long) on_demand.
share(User, S) :- quota(User, N), S = 100 / N.
`

  test('is one of the query that asks for it, and of no other', async () => {
    const rune = await open(SHARES)
    expect(rune.query('share("ben", S)').rows).toEqual([[20]])
    expect(() => rune.query('share("ana", S)')).toThrow(RuneError)
    expect(() => rune.query('quota(U, _), not share(U, 1)')).toThrow(/R402.*division by zero/)
  })

  test('turns a would-be permit into a deny that names the rule', async () => {
    const rune = await open(`${SHARES}permit("share") :- principal(Id, "User"), share(Id, S), S > 10.
forbid("none") :- principal(Id, "User"), not share(Id, 20).`)
    expect(rune.authorize({ ...ANA, principal: 'ben' })).toMatchObject({ decision: 'permit', errors: [] })
    expect(rune.authorize(ANA)).toMatchObject({ decision: 'deny', errors: [{ kind: 'rule' }, { kind: 'rule' }] })
  })

  test('is one of the policy that asks for it, in each way to ask', async () => {
    const share = 'context.facts.share'
    const failed = expect.stringContaining('predicate `share` cannot be evaluated: division by zero')
    const conditions = [
      `${share}.contains({ user: "ben", n: 20 })`,
      `${share}.contains({ user: "ana", n: 20 })`,
      `${share}.containsAny([{ user: "ana", n: 20 }])`,
      `${share}.isEmpty()`,
      `${share} == []`,
    ]
    expect(await probe(SHARES, conditions)).toEqual([true, failed, failed, failed, failed])
  })

  test('is one of the rule as well where an aggregate over alternatives fails', async () => {
    const rune = await open(`[data]\nquota = [["ana", 0], ["ben", 5]]
[rules]
decl shares(user: String, n: Long) on_demand.
shares(User, N) :- quota(User, _), N = count(S, (quota(User, M), S = 100 / M; quota(User, S))).
permit("share") :- principal(Id, "User"), N = count(S, (quota(Id, M), S = 100 / M; quota(Id, S))), N > 1.`)
    expect(rune.query('shares("ben", N)').rows).toEqual([[2]])
    expect(() => rune.query('shares("ana", N)')).toThrow(/R402/)
    expect(rune.authorize({ ...ANA, principal: 'ben' }).decision).toBe('permit')
    expect(rune.authorize(ANA).decision).toBe('deny')
  })
})
