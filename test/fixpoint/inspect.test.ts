/** What `inspect` says of small programs: rows, what they take, how they are kept and how rules are run. */
import { expect, test, vi } from 'vitest'
import type * as AccessModule from '../../src/fixpoint/access.ts'
import { type InspectedPredicate, Rune } from '../../src/index.ts'

const chosen: string[] = []
vi.mock('../../src/fixpoint/access.ts', async (original) => {
  const module = await original<typeof AccessModule>()
  const chooseAccess: typeof module.chooseAccess = (sources, relation, wanted) => {
    const access = module.chooseAccess(sources, relation, wanted)
    chosen.push(`${relation.arity} columns (${wanted.layout.key}): ${access.kind}`)
    return access
  }
  return { ...module, chooseAccess }
})

async function inspected(
  text: string,
  change?: (rune: Rune) => Promise<unknown>,
): Promise<Map<string, InspectedPredicate>> {
  const rune = await Rune.fromText(`version = "rune/1.0"\n${text}`, { coordinator: 'inline' })
  await change?.(rune)
  const { predicates } = rune.inspect()
  await rune.close()
  return new Map(predicates.map((predicate) => [predicate.name, predicate]))
}

/** `edge` with three rows for each of so many nodes. */
const edges = (nodes: number) => {
  const row = (_: unknown, i: number) => `["n${i % nodes}", "n${(i + 1 + Math.floor(i / nodes)) % nodes}"]`
  return `[data]\nedge = [${Array.from({ length: 3 * nodes }, row).join()}]\n`
}

/** The access paths of each order of the first rule. */
const paths = (predicate?: InspectedPredicate) =>
  predicate?.rules[0]?.orders.map(({ steps }) => steps.map(({ access }) => access?.kind ?? '–').join(' '))

test('rules that hand a column on are evaluated group by group', async () => {
  const found = await inspected(`${edges(3)}[rules]
reach(X, Y) :- edge(X, Y).
reach(X, Z) :- reach(X, Y), edge(Y, Z).`)
  const reach = found.get('reach')
  expect(reach).toMatchObject({ stratum: 1, recursive: true, facts: 0 })
  expect(reach?.derivation).toMatchObject({ kind: 'stamps', ids: [3], bytes: 12 })
  expect(reach?.rules.flatMap(({ orders }) => orders)).toMatchObject([
    { when: 'once', group: 0 },
    { when: 'each round', group: 0, recent: 'reach(X, Y)' },
  ])
})

test('each recursive atom has an order of its own', async () => {
  const found = await inspected(`${edges(3)}[rules]
twice(X, Z) :- twice(X, Y), twice(Y, Z).
twice(X, Y) :- edge(X, Y).`)
  const twice = found.get('twice')
  expect(twice?.derivation).toMatchObject({ kind: 'bits', ids: [3, 3] })
  expect(twice?.rules[0]?.orders.map(({ recent }) => recent)).toEqual(['twice(X, Y)', 'twice(Y, Z)'])
  expect(paths(twice)).toEqual(['scan hashed', 'scan hashed'])
})

test('a cyclic body is joined in step where code is generated', async () => {
  const found = await inspected(`${edges(200)}[rules]
triangle(X, Y, Z) :- edge(X, Y), edge(Y, Z), edge(Z, X).`)
  expect(paths(found.get('triangle'))).toEqual(['scan leapfrog leapfrog'])
  expect(found.get('triangle')?.derivation?.kind).toBe('none')
})

test('negation, aggregates and comparisons', async () => {
  const found = await inspected(`${edges(200)}blocked = ["n1"]
[rules]
open(X, Y) :- edge(X, Y), not blocked(Y), X != Y.
degree(X, N) :- edge(X, _), N = count(Y, edge(X, Y)).`)
  expect(paths(found.get('open'))).toEqual(['scan – scan'])
  expect(paths(found.get('degree'))).toEqual(['scan one pass'])
})

test('a best value of each group is kept in hashed rows', async () => {
  const found = await inspected(`[data]
cost = [["a", "b", 3], ["b", "c", 4]]
[rules]
least(X, Y, min(C)) :- cost(X, Y, C).`)
  expect(found.get('least')?.derivation).toEqual({ kind: 'rows', why: 'only the min of each group counts' })
})

test('facts, derived rows and removed ones are told apart', async () => {
  const found = await inspected(
    `[data]
user = ["ana", "ben", "cleo"]
member = ["dan"]
[rules]
member(X) :- user(X).`,
    (rune) => rune.update({ remove: { user: [['ben']] } }),
  )
  expect(found.get('user')).toMatchObject({ rows: 2, facts: 2, derived: 0 })
  expect(found.get('user')?.storage.map(({ kind }) => kind)).toEqual(['columns', 'removed'])
  expect(found.get('member')).toMatchObject({ rows: 3, facts: 1, derived: 2 })
})

test('an index says who asks for it, and counts in the bytes', async () => {
  const members = Array.from({ length: 12 }, (_, i) => `{ who = "u${i % 6}", team = "t${i}" }`)
  const found = await inspected(`[data]
member = [{ who = "ana", team = "staff" }, ${members}]
few = [["ana", "staff"]]
[rules]
permit("some") :- principal(P, "User"), member(P, _), few(P, _).
[policies]
@id("staff read")
permit(principal, action, resource) when { context.facts.member.contains({who: "ana", team: "staff"}) };`)
  const member = found.get('member')
  expect(member?.storage).toMatchObject([
    { kind: 'columns' },
    {
      kind: 'hashed index',
      columns: [0],
      why: 'asked by rule `permit0` with column 0 given; also (0, 1): up to 2 rows each',
    },
  ])
  expect(found.get('few')?.storage).toMatchObject([
    { kind: 'columns', why: 'room for 9 rows; few, so there is no index' },
  ])
  expect(member?.bytes).toBe(member?.storage.reduce((sum, { bytes }) => sum + bytes, 0))
})

test('what is on demand or depends on the request says why', async () => {
  const found = await inspected(`[data]
user = ["ana"]
[rules]
decl lazy(X: String) on_demand.
lazy(X) :- user(X).
lazier(X) :- lazy(X).
asks(X) :- principal(X, "User"), lazier(X).
permit("it") :- asks(X), principal(X, "User").`)
  expect(found.get('lazier')?.evaluation).toEqual({ kind: 'on demand', why: 'depends on `lazy`' })
  expect(found.get('asks')?.evaluation).toEqual({ kind: 'request-scoped', why: 'depends on `principal`' })
  expect(found.get('principal')?.evaluation.why).toBe('comes with the request')
  expect(paths(found.get('asks'))).toEqual(['question question'])
  expect(found.get('asks')?.rules[0]?.orders[0]?.when).toBe('on demand')
})

test('what it says is what evaluation chose', async () => {
  chosen.length = 0
  const text = `version = "rune/1.0"\n${edges(200)}blocked = ["n1"]
[rules]
reach(X, Y) :- edge(X, Y).
reach(X, Z) :- reach(X, Y), edge(Y, Z), not blocked(Z).
triangle(X, Y, Z) :- edge(X, Y), edge(Y, Z), edge(Z, X).
both(X, Y) :- edge(X, Y), edge(Y, X), reach(X, Y).
[entities]
'User::"ana"' = { in = ['Team::"staff"'] }`
  const rune = await Rune.fromText(text, { coordinator: 'inline' })
  const evaluated = chosen.splice(0)
  rune.inspect()
  expect(evaluated.length).toBeGreaterThan(5)
  expect(chosen.sort()).toEqual(evaluated.sort())
  await rune.close()
})

test('a rule that never holds is shown with the literal that is false', async () => {
  const found = await inspected(`${edges(3)}[rules]
far(X) :- edge(X, Y), N = 1 + 1, N > 2.
far(X) :- edge(X, "n1").`)
  const { rules } = found.get('far') ?? { rules: [] }
  expect(rules.map(({ never, orders }) => [never, orders.length])).toEqual([
    [undefined, 1],
    ['2 > 2', 0],
  ])
})

test('a reader that is attached, and one that made indexes of its own, say the same', async () => {
  const rune = await Rune.fromText(`version = "rune/1.0"\n${edges(3)}[rules]\nreach(X, Y) :- edge(X, Y).`, {
    coordinator: 'inline',
  })
  const before = rune.inspect()
  rune.query('reach(n1, X), edge(X, n2)')
  expect(rune.inspect()).toEqual(before)
  const reader = Rune.attach(rune.handle())
  expect(reader.inspect()).toEqual(before)
  await reader.close()
  await rune.close()
  expect(() => rune.inspect()).toThrow('the engine is closed')
})
