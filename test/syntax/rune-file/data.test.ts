/** Tests of `[data]`: the table of LANGUAGE section 3, values of TOML, and every mistake with its place. */
import { describe, expect, test } from 'vitest'
import { plainValues } from '../../../src/syntax/rune-file/plain-rows.ts'
import type { Value } from '../../../src/values/value.ts'
import { loadText, pointedAt } from './memory-host.ts'

/** Predicate → rows, or the file. */
function data(text: string): Record<string, readonly (readonly Value[])[] | string> {
  const { configuration, places } = loadText(`[data]\n${text}`)
  expect(places).toEqual([])
  const found = configuration?.files[0]?.data ?? []
  return Object.fromEntries(
    found.map(({ predicate, facts }) => {
      if (facts.kind === 'plain') return [predicate, plainValues(facts.rows)]
      return [predicate, facts.kind === 'inline' ? facts.rows : facts.path]
    }),
  )
}

/** `line:column code` and what is pointed at, for each mistake; the body starts on line 1. */
function mistakes(text: string): string[] {
  const { all, places, configuration } = loadText(`[data]\n${text}`)
  expect(configuration).toBeUndefined()
  return places.map((place, i) => {
    const [, line, rest] = /^main\.rune:(\d+):(.*)$/.exec(place) ?? []
    return `${Number(line) - 2}:${rest} ${pointedAt(all[i])}`
  })
}

const alice = { kind: 'entity', type: 'User', id: 'alice' }

describe('facts', () => {
  test.each<[string, Record<string, unknown>]>([
    ['environment = "production"', { environment: [['production']] }],
    ['agent.capabilities = ["read", "write"]', { 'agent.capabilities': [['read'], ['write']] }],
    ['[data.agent]\ncapabilities = ["read"]', { 'agent.capabilities': [['read']] }],
    ['agent = { capabilities = ["read"], x.y = 1 }', { 'agent.capabilities': [['read']], 'agent.x.y': [[1n]] }],
    [
      'has_role = [["alice", "admin"], ["bob", "dev"]]',
      {
        has_role: [
          ['alice', 'admin'],
          ['bob', 'dev'],
        ],
      },
    ],
    ['has_role = [{ user = "alice", role = "admin" }]', { has_role: [['alice', 'admin']] }],
    [
      '[[data.r]]\na = 1\nb = 2\n[[data.r]]\nb = 4\na = 3',
      {
        r: [
          [1n, 2n],
          [3n, 4n],
        ],
      },
    ],
    ['ready = [[]]', { ready: [[]] }],
    ['ready = []', { ready: [] }],
    ['maintenance = false', { maintenance: [[false]] }],
    ['mixed = ["a", 1, true, 1.5]', { mixed: [['a'], [1n], [true], [1.5]] }],
    ['e = { entity = \'User::"alice"\' }', { e: [[alice]] }],
    ['[data.e]\nentity = \'User::"alice"\'', { e: [[alice]] }],
    ['e = [{ entity = \'User::"alice"\' }, "x"]', { e: [[alice], ['x']] }],
    ['e = [[1, { entity = \'User::"alice"\' }]]', { e: [[1n, alice]] }],
    ['e = [{ a = { entity = \'User::"alice"\' }, b = 1 }]', { e: [[alice, 1n]] }],
    ['[data.limits]', {}],
    ['a.B_2._c = 1', { 'a.B_2._c': [[1n]] }],
  ])('%s', (text, facts) => {
    expect(data(text)).toEqual(facts)
  })

  test('rows that are tables name the columns', () => {
    const { configuration } = loadText('[data]\nr = [{ user = "a", role = "b" }]\ns = [["a", "b"]]')
    expect(configuration?.files[0]?.data.map((entry) => entry.names)).toEqual([['user', 'role'], undefined])
  })

  test.each<[string, Value]>([
    ['9223372036854775807', 9223372036854775807n],
    ['-9223372036854775808', -9223372036854775808n],
    ['0xff', 255n],
    ['1_000', 1000n],
    ['-0.0', 0],
    ['1e3', 1000],
    ['5e-324', 5e-324],
    ['2026-01-31T08:00:00Z', { kind: 'datetime', value: BigInt(Date.UTC(2026, 0, 31, 8)) }],
    ['2026-01-31 08:00:00.5+01:30', { kind: 'datetime', value: BigInt(Date.UTC(2026, 0, 31, 6, 30, 0, 500)) }],
    ['2026-01-31t08:00:00.123z', { kind: 'datetime', value: BigInt(Date.UTC(2026, 0, 31, 8, 0, 0, 123)) }],
    ['2024-02-29T00:00:00-00:00', { kind: 'datetime', value: BigInt(Date.UTC(2024, 1, 29)) }],
    ["'''\na'''", 'a'],
  ])('%s is a value', (text, value) => {
    expect(data(`x = ${text}`)).toEqual({ x: [[value]] })
    expect(Object.is(Object.values(data(`x = [${text}]`))[0]?.[0], -0)).toBe(false)
    expect(data(`x = [["a", ${text}]]`)).toEqual({ x: [['a', value]] })
  })
})

describe('a mistake has its place', () => {
  test.each([
    ['x = 9223372036854775808', ['1:5 R102 9223372036854775808']],
    ['x = [1, -9223372036854775809]', ['1:9 R102 -9223372036854775809']],
    ['x = [["a", nan], [inf, "b"]]', ['1:12 R102 nan', '1:19 R102 inf']],
    ['x = 2026-01-31', ['1:5 R102 2026-01-31']],
    ['x = [[08:00:00]]', ['1:7 R102 08:00:00']],
    ['x = 2026-01-31T08:00:00', ['1:5 R102 2026-01-31T08:00:00']],
    ['x = 2026-01-31T08:00:00.1230Z # c', ['1:5 R102 2026-01-31T08:00:00.1230Z']],
    ['x = 2026-02-30T08:00:00Z', ['1:5 R102 2026-02-30T08:00:00Z']],
    ['x = [["a"], ["a", "b"]]', ['1:13 R208 ["a", "b"]']],
    ['x = [[], ["a"]]', ['1:10 R208 ["a"]']],
    ['x = ["a", ["b"]]', ['1:11 R208 ["b"]']],
    ['x = [["b"], "a"]', ['1:13 R208 "a"']],
    ['x = [{ a = 1 }, { b = 1 }]', ['1:17 R208 { b = 1 }']],
    ['x = [{ a = 1 }, { a = 1, b = 1 }]', ['1:17 R208 { a = 1, b = 1 }']],
    ['x = [{ a = 1 }, [1]]', ['1:17 R208 [1]']],
    ['x = [{}]', ['1:6 R208 {}']],
    ['x = [{ "a b" = 1 }]', ['1:8 R305 "a b"']],
    ['x = [[["a"]]]', ['1:7 R206 ["a"]']],
    ['x = [[{ a = 1 }]]', ['1:7 R206 { a = 1 }']],
    ['x = [{ a = [1], b = 1 }]', ['1:12 R206 [1]']],
    ['x = [{ file = "x.tsv" }]', ['1:6 R208 { file = "x.tsv" }']],
    ['x = { entity = "alice" }', ['1:16 R302 "alice"']],
    ["x = { entity = 'User::\"a' }", ["1:16 R302 'User::\"a'"]],
    ['x = [{ entity = 1 }]', ['1:17 R302 1']],
    ['X = 1', ['1:1 R305 X']],
    ['"a.b" = 1', ['1:1 R305 "a.b"']],
    ['a."b c" = 1', ['1:3 R305 "b c"']],
    ['"" = 1', ['1:1 R305 ""']],
    ['__proto__ = 1', ['1:1 R305 __proto__']],
    ['é = 1', ['1:1 R200 é']],
    ['not = 1', ['1:1 R305 not']],
    ['count = [[1]]', ['1:1 R305 count']],
  ])('%s', (text, expected) => {
    expect(mistakes(text)).toEqual(expected)
  })

  test('several mistakes of several predicates are found in one run', () => {
    expect(mistakes('x = nan\ny = [[1], [1, 2], 3]\nz = 1\n"Q" = 2')).toEqual([
      '1:5 R102 nan',
      '2:11 R208 [1, 2]',
      '2:19 R208 3',
      '4:1 R305 "Q"',
    ])
  })

  test('the mistakes of one predicate end at a limit', () => {
    expect(mistakes(`x = [["a"],${'1,'.repeat(1000)}]`)).toHaveLength(20)
  })

  test('`[[data]]` is no table', () => {
    expect(loadText('[[data]]\na = 1').places).toEqual(['main.rune:2:1 R206'])
  })
})

describe('places of values', () => {
  const spanOf = (text: string, row: number, column?: number) => {
    const [entry] = loadText(`[data]\n${text}`).configuration?.files[0]?.data ?? []
    const { facts } = entry ?? {}
    const span = facts?.kind === 'inline' ? facts.spanOf(row, column) : undefined
    return [entry?.span, span].map((s) => s?.source.text.slice(s.start, s.end))
  }

  test.each<[string, number, number | undefined, string, string]>([
    ['p = "a"', 0, 0, 'p', '"a"'],
    ['p = "a"', 0, undefined, 'p', '"a"'],
    ['q.p = [1, 22]', 1, 0, 'p', '22'],
    ['p = [[1], [22]]', 1, undefined, 'p', '[22]'],
    ['p = [[1, 2], [3, 44]]', 1, 1, 'p', '44'],
    ['p = [{ a = 1, b = 2 }, { b = 44, a = 3 }]', 1, 1, 'p', '44'],
  ])('%s, row %i, column %s', (text, row, column, key, value) => {
    expect(spanOf(text, row, column)).toEqual([key, value])
  })
})

describe('fact files', () => {
  const files = { 'e.tsv': 'a\tb\tc\n', 'sub/e.csv': '"a\nb",1', 'e.jsonl': '{"x":1,"y":2}\n', 'e.facts': 'a\n' }
  const load = (text: string) => loadText(`[data]\n${text}`, files)

  test.each([
    ['{ file = "e.tsv" }', { path: 'e.tsv', format: 'tsv', arity: 3 }],
    [
      '{ file = "./sub/../sub/e.csv", types = ["User"] }',
      { path: 'sub/e.csv', format: 'csv', arity: 2, types: ['User'] },
    ],
    ['{ file = "e.facts", format = "tsv" }', { path: 'e.facts', format: 'tsv', arity: 1 }],
    ['{ file = "e.jsonl" }', { path: 'e.jsonl', format: 'jsonl', arity: 2 }],
  ])('%s', (table, facts) => {
    const { configuration, places } = load(`p = ${table}`)
    expect(places).toEqual([])
    expect(configuration?.files[0]?.data[0]?.facts).toMatchObject({ kind: 'file', ...facts })
  })

  test('are recognised however the table is spelled', () => {
    const { configuration } = load('p.file = "e.tsv"\np.types = ["Long"]\n[data.q]\nfile = "e.tsv"')
    expect(configuration?.files[0]?.data.map((entry) => entry.facts.kind)).toEqual(['file', 'file'])
  })

  test('name columns by the keys of their first object', () => {
    expect(load('p = { file = "e.jsonl" }').configuration?.files[0]?.data[0]?.names).toEqual(['x', 'y'])
  })

  test.each([
    ['{ file = "no.tsv" }', ['main.rune:3:14 R700']],
    ['{ file = "e.facts" }', ['main.rune:3:14 R706']],
    ['{ file = "e.facts", format = "tvs" }', ['main.rune:3:34 R206']],
    ['{ file = 1 }', ['main.rune:3:14 R206']],
    ['{ file = "e.tsv", types = "String" }', ['main.rune:3:31 R206']],
    ['{ file = "e.tsv", types = ["string"] }', ['main.rune:3:32 R303']],
    ['{ file = "e.tsv", types = ["Set", "a b"] }', ['main.rune:3:32 R303', 'main.rune:3:39 R303']],
    ['{ file = "e.jsonl", types = ["Long", "Long", "Long"] }', ['main.rune:3:25 R703']],
  ])('%s is refused', (table, places) => {
    expect(load(`p = ${table}`).places).toEqual(places)
  })

  test('a table with another key nests, with a warning where that key is nearly one of a fact file', () => {
    const { configuration, all } = load('p = { file = "e.tsv", type = ["a"] }\nq = { file = "x", owner = "y" }')
    expect(all.map((d) => [d.severity, d.code, d.help])).toEqual([['warning', 'R306', 'did you mean `types`?']])
    expect(configuration?.files[0]?.data.map((e) => e.predicate)).toEqual(['p.file', 'p.type', 'q.file', 'q.owner'])
  })
})
