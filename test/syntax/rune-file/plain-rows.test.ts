/**
 * Tests of long arrays in `[data]`: with each of them left as text where it can be, an image has the rows, and a user reads
 * the mistakes, that there are where all are read. A long comment at its start makes an array long.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createImage } from '../../../src/image/image.ts'
import { loadFacts } from '../../../src/image/load.ts'
import { rowsOf } from '../../../src/image/relation.ts'
import { analyse } from '../../../src/program/analyse.ts'
import { counts } from '../../../src/program/counts.ts'
import { loadConfiguration } from '../../../src/syntax/rune-file/load.ts'
import { plainValues } from '../../../src/syntax/rune-file/plain-rows.ts'
import { type Diagnostic, Diagnostics } from '../../../src/text/diagnostic.ts'
import { positionOf, type Span } from '../../../src/text/source.ts'
import { loadText, memoryHost } from './memory-host.ts'

const numRuns = 400 * Number(process.env['RUNE_FUZZ'] ?? 1)

/** Stands in a comment, and is as long as an array has to be to be left. */
const MARK = '§'
const LONG_UNITS = 2 ** 16

/** What becomes of a configuration; `longest` is the length of what the mark stands for. */
function outcome(files: Readonly<Record<string, string>>, mark: string) {
  const written = Object.entries(files).map(([name, text]) => [name, text.replaceAll(MARK, mark)])
  const host = memoryHost(Object.fromEntries(written))
  const diagnostics = new Diagnostics()
  const configuration = loadConfiguration({ path: 'main.rune' }, host, diagnostics)
  const program = configuration && analyse(configuration, diagnostics, {})
  const left = program?.facts.filter(({ kind }) => kind === 'plain').length ?? 0
  const mistakes = () => diagnostics.all.map((diagnostic) => shown(diagnostic, mark.length))
  if (program === undefined) return { left, said: { mistakes: mistakes() } }
  const image = createImage(program)
  loadFacts(program, image, host.readFile, diagnostics)
  const rows = image.relations.map((relation) =>
    rowsOf(relation).map((row) => row.map((id) => image.values.valueOf(id))),
  )
  const predicates = program.predicates.map(({ span, ...predicate }) => ({
    ...predicate,
    at: place(span, mark.length),
  }))
  return { left, said: { mistakes: mistakes(), rows, predicates, counts: counts(program) } }
}

function shown({ span, related, ...diagnostic }: Diagnostic, markLength: number) {
  const places = related?.map((other) => [other.message, place(other.span, markLength)])
  return { ...diagnostic, at: place(span, markLength), places }
}

/** Path, line and column, as if each mark were one unit long. */
function place(span: Span | undefined, markLength: number) {
  if (span === undefined) return undefined
  const { line, column } = positionOf(span.source, span.start)
  return [span.source.path, line, column > markLength ? column - markLength + 1 : column]
}

const space = fc.oneof(
  { weight: 100, arbitrary: fc.constantFrom('', '', '', ' ', '\n', '\r\n  ', '\t') },
  { weight: 10, arbitrary: fc.constantFrom('# a ] " comment\n', '#\té😀\r\n') },
  { weight: 1, arbitrary: fc.constantFrom(' # a\r', '# \u0001\n', '\r', '\u0000', '\u000b') },
)

const CELLS: Readonly<Record<string, readonly string[]>> = {
  string: [
    '"a"',
    '"b"',
    '""',
    '"é"',
    '"😀"',
    '"a b"',
    '"#"',
    '"]"',
    '"\'"',
    '"User::a"',
    '"/a/b"',
    '"\ufeff"',
    '"x,y"',
  ],
  integer: ['0', '1', '-1', '-0', '42', '67108864', '-67108865', '123456789012345678'],
  word: ['true', 'false'],
}

const ODD_CELLS = [
  ...[
    '9223372036854775807',
    '9223372036854775808',
    '1234567890123456789',
    '+1',
    '01',
    '1_000',
    '0x1',
    '1.5',
    '-',
    'nan',
  ],
  ...[
    "'a'",
    '"\\u0061"',
    '"\\""',
    '"""a"""',
    '""""""',
    '"a\tb"',
    '"\u007f"',
    '"\u0001"',
    '"',
    '"a',
    'tru',
    'truefalse',
  ],
  ...['[]', '["a"]', '{}', '{ a = 1 }', '{ file = "x" }', '{ entity = \'User::"a"\' }', '1979-05-27', '12:00:00', ''],
  ...['2026-01-31T08:00:00Z', '"../a"', '1 2', '1-2', 'a', '"a" "b"', '5#:\n', '123,-5,-6', '"\\ud800"'],
]

const kind = fc.constantFrom('string', 'string', 'string', 'integer', 'word')

/** An array of rows; its mark stands in a comment before the first one. */
const arrayOf = (columns: number) =>
  fc.tuple(fc.array(kind, { minLength: columns, maxLength: columns }), fc.boolean()).chain(([kinds, hasBrackets]) => {
    const isScalar = columns === 1 && !hasBrackets
    const cell = (of: string) =>
      fc.oneof(
        { weight: 120, arbitrary: fc.constantFrom(...(CELLS[of] ?? [])) },
        { weight: 1, arbitrary: fc.constantFrom(...ODD_CELLS) },
      )
    const spaced = (cells: readonly string[]) =>
      fc.tuple(fc.array(space, { minLength: 2 * cells.length + 1, maxLength: 2 * cells.length + 1 }), comma)
    const row = (isScalar ? fc.tuple(cell(kinds[0] ?? '')) : fc.tuple(...kinds.map(cell))).chain((cells) =>
      spaced(cells).map(([spaces, last]) => {
        const inside = cells.map((text, i) => `${spaces[2 * i]}${text}${spaces[2 * i + 1]}`).join(',')
        return isScalar ? inside : `[${inside}${last}]${spaces.at(-1)}`
      }),
    )
    const rows = fc.oneof({ weight: 5, arbitrary: fc.array(row, { minLength: 1, maxLength: 6 }) }, fc.constant([]))
    return fc.tuple(rows, space, comma).map(([all, first, last]) => `[${first}# ${MARK}\n${all.join(',')}${last}]`)
  })

const comma = fc.constantFrom('', '', '', ',')

const keys = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('p', 'p', 'q', 'a.b', 'a.c', ' r . s ', '[data.n]\np', '[data.n.m]\nq') },
  fc.constantFrom(
    ...['"p"', "'q'", 'file', 'types', 'x.file', 'x.types', 'entity', 'not', '__proto__', 'a', 'data', '[[data.l]]\np'],
    ...['"\\u0070"', 'é', ''],
  ),
)

const entry = fc.oneof(
  {
    weight: 12,
    arbitrary: keys.chain((key) => arrayOf(/[qsm]\W*$/.test(key) ? 2 : 1).map((array) => `${key} = ${array}`)),
  },
  fc.constantFrom(
    ...['z = { y = ["a"] }', 'm = """\nq = [\n"""', "s = '''\np = [['''", 'x.file = "f.tsv"', '# p = [', '[metadata]'],
  ),
)

const section = fc
  .tuple(
    fc.array(entry, { minLength: 1, maxLength: 3 }),
    fc.constantFrom('\n', '\n', '\n', '\n', '\r\n', ' # c\n', ' '),
  )
  .map(([entries, end]) => `[data]\n${entries.join(end)}\n`)

const RULES = [
  ...[
    '',
    '',
    'decl p(a: String).',
    'decl p(a: User).',
    'decl p(a: User). decl q(a: User, b: Group).',
    'decl p(a: ipaddr).',
  ],
  ...[
    'decl p(a: String | User).',
    'decl p(a: Path).',
    'decl p(a: Long).',
    'decl q(a: String, b: String | Long | Bool).',
  ],
  ...[
    'decl p(a).',
    'decl p(a: User | Long).',
    'decl q(a: Bool, b: String).',
    'p("a"). q(1, 2).',
    'o(X) :- p(X), q(X, Y).',
  ],
]

const OPTIONS = ['', '', '[options]\npath_types = ["Path"]\n', '[options]\nmax_facts = 3\n']

/** A text in which nothing, or some character besides the mark and its line, is another one. */
function changed(text: string, at: number, by: string | undefined): string {
  const i = Math.floor(at * text.length)
  if (by === undefined || /[#§\n]/.test(text.charAt(i)) || text.slice(i - 2, i).includes(MARK)) return text
  return text.slice(0, i) + by + text.slice(i + 1)
}

const change = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  fc.constantFrom('', '"', '[', ']', ',', '\\', "'", '{', '}', '=', '1', ' ', '\u0001'),
)

test('what is left as text is what would be read', () => {
  let left = 0
  const files = fc.tuple(section, section, fc.constantFrom(...RULES), fc.constantFrom(...OPTIONS), fc.nat(999), change)
  fc.assert(
    fc.property(files, ([data, included, rules, options, at, by]) => {
      const main = `version = "rune/1.0"\ninclude = ["lib.rune"]\n${options}${changed(data, at / 1000, by)}`
      const lib = at % 3 === 0 ? `version = "rune/1.0"\n${included}` : 'version = "rune/1.0"\n'
      const all = { 'main.rune': `${main}[rules]\n${rules}\n`, 'lib.rune': lib, 'f.tsv': 'a\n' }
      const read = outcome(all, 'x')
      const asText = outcome(all, 'x'.repeat(LONG_UNITS))
      expect(read.left).toBe(0)
      expect(asText.said).toEqual(read.said)
      left += asText.left
    }),
    { numRuns },
  )
  expect(left).toBeGreaterThan(numRuns / 8)
})

test('what is left keeps the types that it had where it was read, whatever comes later', () => {
  const files = {
    'main.rune':
      'version = "rune/1.0"\ninclude = ["lib.rune"]\n[data]\np = { file = "f.tsv", types = ["User", "Long"] }\n',
    'lib.rune': 'version = "rune/1.0"\n[data]\np = [ # §\n["a", 1], ["b", 2]]\n',
    'f.tsv': 'a\t1\nc\t3\n',
  }
  const [read, asText] = [outcome(files, 'x'), outcome(files, 'x'.repeat(LONG_UNITS))]
  expect(asText.left - read.left).toBe(1)
  expect(asText.said).toEqual(read.said)
})

describe('an array of many rows', () => {
  /** What `[data]` of `text` holds, with the mark in its place. */
  const facts = (text: string) =>
    loadText(`[data]\n${text.replaceAll(MARK, 'x'.repeat(LONG_UNITS))}`).configuration?.files[0]?.data.map(
      (entry) => entry.facts,
    )

  test.each([
    ['p = [ # §\n"a", # b\r\n"c",]', ['string'], [['a'], ['c']]],
    [
      'n.p = [ # §\n[ "é", -7 , true, ], ["", 0, false]]',
      ['string', 'integer', 'word'],
      [
        ['é', -7n, true],
        ['', 0n, false],
      ],
    ],
    ['[data.x]\np = [[123456789012345678]] # §\nq = [[1],[\n-2]# §\n]', ['integer'], [[1n], [-2n]]],
  ])('%j is left as text', (text, tokens, values) => {
    const last = facts(text)?.at(-1)
    expect(last).toMatchObject({ kind: 'plain', rows: { tokens } })
    expect(last?.kind === 'plain' && plainValues(last.rows)).toEqual(values)
  })

  test.each([
    ...[
      'p = [ # §\n]',
      'p = [ # §\n[]]',
      'p = [["a"]]',
      'p = [ # §\n"a", 1]',
      'p = [ # §\n["a"], "a"]',
      'p = [ # §\n1.5]',
    ],
    ...[
      "p = [ # §\n'a']",
      'p = [ # §\n"\\u0061"]',
      'p = [ # §\n1_0]',
      'p = { q = [ # §\n"a"] }',
      'p = [ # §\n[["a"]]]',
    ],
    ...[
      'p = [ # §\n1234567890123456789]',
      'p = [ # §\n{ a = 1 }]',
      'p = [ # §\n"\u007f"]',
      'p = [ # \u007f§\n"a"]',
      'p = "§"',
      '[[data.p]]\nq = [ # §\n"a"]',
      '"p" = [ # §\n"a"]',
    ],
  ])('%j is read', (text) => {
    expect(facts(text)?.map((of) => of.kind) ?? []).not.toContain('plain')
  })

  test('is no type of a column, whose name is that of a key of fact files', () => {
    const text = `[data]\np.file = "f.tsv"\np.types = [ # ${'x'.repeat(LONG_UNITS)}\n"Long"]`
    const [entry] = loadText(text, { 'f.tsv': '1\n' }).configuration?.files[0]?.data ?? []
    expect(entry?.facts).toMatchObject({ kind: 'file', types: ['Long'] })
  })

  test('is read where a row or a comment is longer than what is looked at together', () => {
    const long = 'x'.repeat(2 ** 20)
    expect(facts(`p = ["a", "${long}"]`)).toMatchObject([{ kind: 'inline', rows: [['a'], [long]] }])
    expect(facts(`p = ["a", # ${long}\n"b"]`)).toMatchObject([{ kind: 'inline', rows: [['a'], ['b']] }])
  })

  test.each(['name', 'né', 'n😀'])('has all rows, in order, once, of which the names are like %s', (name) => {
    const rows = Array.from({ length: 60_000 }, (_, i) => [`${name} ${i % 50_000}`.padEnd(30, '-'), BigInt(i % 50_000)])
    const written = rows.map(([text, n]) => `  ["${text}", ${n}], # ${name}`).join('\n')
    const { left, said } = outcome({ 'main.rune': `version = "rune/1.0"\n[data]\np = [\n${written}\n]\n` }, '')
    expect(left).toBe(1)
    expect(said.rows?.at(-1)).toEqual(rows.slice(0, 50_000))
    expect(said.counts?.facts).toBe(60_000)
    expect(said.mistakes).toEqual([])
  })
})
