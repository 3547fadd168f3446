/** What is derived where the options say which queries will be asked. */
import { expect, test } from 'vitest'
import { Rune } from '../../src/index.ts'
import { askedNames } from '../../src/program/asked.ts'

const TEXT = `version = "rune/1.0"
[options]
default_principal_type = "User"
default_resource_type = "Doc"
[data]
knows = [["ana", "ben"], ["ben", "carl"]]
[rules]
decl same(a: String, b: String) equivalence.
decl lazy(a: String) on_demand.
reaches(X, Y) :- knows(X, Y).
reaches(X, Z) :- reaches(X, Y), knows(Y, Z).
hub(X) :- reaches(X, _).
lone(X) :- knows(X, _), not hub(X).
same(X, Y) :- knows(X, Y).
lazy(X) :- hub(X).
trusted(X) :- knows("ana", X).
[policies]
permit(principal, action, resource) when { context.facts.trusted.contains(principal.id) };
`.replace('principal.id', '"ben"')
const REQUEST = { principal: 'ana', action: 'read', resource: 'd' }

const open = (queries?: readonly string[]) =>
  Rune.fromText(TEXT, { coordinator: 'inline', ...(queries && { queries }) })

const derived = (rune: Rune) =>
  rune
    .inspect()
    .predicates.filter(
      ({ rules, evaluation, origin }) => origin === 'written' && rules.length > 0 && evaluation.kind !== 'not derived',
    )
    .map(({ name }) => name)
    .sort()

test.each([
  [undefined, ['hub', 'lazy', 'lone', 'reaches', 'same', 'trusted']],
  [[], ['trusted']],
  [['hub'], ['hub', 'reaches', 'trusted']],
  [['lazy(X), X != "ana"'], ['hub', 'lazy', 'reaches', 'trusted']],
  [['N = count(X, same(X, _))'], ['same', 'trusted']],
  [['knows'], ['trusted']],
])('for the queries %j these are derived: %j', async (queries, names) => {
  const rune = await open(queries)
  expect(derived(rune)).toEqual(names)
  expect(rune.authorize(REQUEST).decision).toBe('permit')
  await rune.close()
})

test('queries name predicates in aggregates and alternatives too', () => {
  expect(askedNames(['a(X), not b(X), N = count(Y, (c(X, Y), d(Y))), (e(X) ; f.g(X))', 'h'])).toEqual([
    ...['a', 'b', 'c', 'd', 'e', 'f.g', 'h'],
  ])
})

test('after an update and a reload it is still so, and what is asked follows', async () => {
  const rune = await open(['same("ana", X)'])
  await rune.update({ insert: { knows: [['carl', 'dora']], lone: [['eve']] } })
  const rows = [['ana'], ['ben'], ['carl'], ['dora']]
  expect(rune.query('same("ana", X)').rows).toEqual(rows)
  await rune.reload()
  expect(rune.query('same("ana", X)').rows).toEqual(rows)
  expect(derived(rune)).toEqual(['same', 'trusted'])
  for (const query of ['hub(X)', 'lazy(X)', 'lone(X)']) expect(() => rune.query(query)).toThrow('R746')
  const reader = Rune.attach(rune.handle())
  expect(() => reader.query('hub(X)')).toThrow('R746')
  await reader.close()
  await rune.close()
})

test('a rule that fails is none of those who do not ask for it', async () => {
  const text = `${TEXT.replace('[rules]', '[rules]\nbad(N) :- knows(_, _), N = 1 / 0.')}`
  const options = { coordinator: 'inline' } as const
  await expect(Rune.fromText(text, options)).rejects.toThrow('R401')
  await expect(Rune.fromText(text, { ...options, queries: ['bad'] })).rejects.toThrow('R401')
  const rune = await Rune.fromText(text, { ...options, queries: ['hub'] })
  expect(rune.query('hub(X)').rows).toEqual([['ana'], ['ben']])
  await rune.close()
})

test.each([['hub'], [['hub', 1]], [{ length: 1 }]])('%j is no list of queries', async (queries) => {
  await expect(Rune.fromText(TEXT, { coordinator: 'inline', queries: queries as never })).rejects.toThrow('R744')
})
