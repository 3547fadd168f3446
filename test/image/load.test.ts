/** Tests of loading: rows that are read from bytes are those, and in the order, that reading texts finds. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createImage } from '../../src/image/image.ts'
import { loadFacts } from '../../src/image/load.ts'
import { appendRow, createRelation, findRow, insert, rowsOf, settleRows } from '../../src/image/relation.ts'
import { analyse } from '../../src/program/analyse.ts'
import { readFactFile } from '../../src/syntax/rune-file/fact-file.ts'
import { loadConfiguration } from '../../src/syntax/rune-file/load.ts'
import { Diagnostics } from '../../src/text/diagnostic.ts'
import { renderDiagnostic } from '../../src/text/render.ts'
import type { Value } from '../../src/values/value.ts'
import { memoryHost } from '../syntax/rune-file/memory-host.ts'

type Format = 'tsv' | 'csv' | 'jsonl'

const numRuns = 300 * Number(process.env['RUNE_FUZZ'] ?? 1)

/** The facts of a file as the image has them, and as texts are read; each with what was wrong. */
function loadBoth(format: Format, types: readonly string[], content: string | Uint8Array, maxFacts = 1000) {
  const names = types.map((_, i) => `c${i}`)
  const columns = names.map((name, i) => `${name}: ${types[i]}`).join(', ')
  const text = [
    'version = "rune/1.0"',
    `[options]\nmax_facts = ${maxFacts}`,
    `[data]\np = { file = "f.${format}", types = [${types.map((type) => `"${type}"`).join(', ')}] }`,
    `[rules]\ndecl p(${columns}).`,
  ].join('\n')
  const host = memoryHost({ [`f.${format}`]: content })
  const early = new Diagnostics()
  const configuration = loadConfiguration({ text, path: 'main.rune' }, host, early)
  const program = configuration && analyse(configuration, early, {})
  if (program === undefined) return undefined
  const [source] = program.facts
  const { id } = program.predicates.find(({ name }) => name === 'p') ?? { id: -1 }
  const image = createImage(program)
  const loaded = new Diagnostics()
  loadFacts(program, image, host.readFile, loaded)
  const relation = image.relations[id]
  if (source?.kind !== 'file' || relation === undefined) return undefined
  const rows = rowsOf(relation)
  expect(rows.map((row) => findRow(relation, row))).toEqual(rows.map((_, i) => i))

  const wanted = new Map<string, Value[]>()
  const read = new Diagnostics()
  const onRow = (row: Value[]) => void (wanted.has(keyOf(row)) || wanted.set(keyOf(row), row))
  readFactFile(source, { types, names }, host.readFile, { onRow }, read)
  const shown = ({ all }: Diagnostics) => all.map((diagnostic) => renderDiagnostic(diagnostic))
  return {
    ids: rows,
    loaded: { rows: rows.map((row) => row.map((id) => image.values.valueOf(id))), mistakes: shown(loaded) },
    read: { rows: [...wanted.values()], mistakes: shown(read) },
  }
}

function keyOf(row: readonly Value[]): string {
  return JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))
}

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  String: ['', 'a', 'b', 'é😀', '\ufeff', '\ufffd', ' x ', '\r', '\u0000', 'a longer one', 'User::"a"'],
  Long: [
    '0',
    '1',
    '-1',
    '-0',
    '007',
    '-',
    '',
    '67108864',
    '-67108865',
    '9223372036854775807',
    '9223372036854775808',
    '1x',
  ],
  User: ['a', 'b', '', 'User::"a"', 'User::"\\u{61}"', 'Other::"a"', '"', 'é', ':'],
  Bool: ['true', 'false', 'TRUE', ''],
  Float: ['1', '1.5', '-0', '1e400', 'x'],
  decimal: ['1.5', '1.50', 'x'],
}

const JSON_FIELDS: readonly string[] = [
  ...[
    '"a"',
    '"b"',
    '""',
    '"\\u0061"',
    '"é"',
    '"User::\\"a\\""',
    '"a',
    '"\t"',
    '1',
    '0',
    '-0',
    '01',
    '-1',
    '1.0',
    '1e2',
  ],
  ...['9223372036854775808', 'true', 'false', 'tru', 'null', '[]', ' "a" ', '', '{}'],
]

const typesOf = fc.array(fc.constantFrom('String', 'String', 'Long', 'User', 'Bool', 'Float', 'decimal'), {
  minLength: 1,
  maxLength: 3,
})

/** A field of a type, seldom of another one. */
const fieldOf = (type: string) =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...(FIELDS[type] ?? [])) },
    fc.constantFrom('x', '\t', ',', '"', '"q"'),
  )

const lineBreak = fc.constantFrom('\n', '\n', '\n', '\r\n')

function quoted(field: string): string {
  return `"${field.replaceAll('"', '""')}"`
}

/** Rows with line breaks; the last one may lack its own. */
function textOf(rows: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const lines = fc.array(
    fc.tuple(rows, lineBreak).map((line) => line.join('')),
    { maxLength: 12 },
  )
  return fc.tuple(lines, fc.constantFrom('', '\r')).map(([all, end]) => {
    const text = all.join('')
    return end === '' ? text : text.replace(/\n$/, '')
  })
}

function contentOf(format: Format, types: readonly string[]): fc.Arbitrary<string> {
  const fields = fc.tuple(...types.map(fieldOf))
  if (format === 'tsv') return textOf(fields.map((row) => row.join('\t')))
  if (format === 'csv') {
    const row = fc.tuple(fields, fc.infiniteStream(fc.constantFrom(true, false, false)))
    const written = row.map(([all, quotes]) => {
      return all.map((field) => (quotes.next().value ? quoted(field) : field)).join(',')
    })
    return textOf(fc.oneof({ weight: 9, arbitrary: written }, fc.constantFrom('"a\nb"', '"a', 'a"b', '"a"b', '')))
  }
  const json = fc.tuple(...types.map(jsonOf))
  const list = json.map((row) => `[${row.join(',')}]`)
  const object = fc.tuple(json, fc.boolean()).map(([row, isReversed]) => {
    const entries = row.map((field, i) => `"c${i}": ${field}`)
    return `{${(isReversed ? entries.reverse() : entries).join(' , ')}}`
  })
  return textOf(
    fc.oneof(
      { weight: 6, arbitrary: list },
      { weight: 6, arbitrary: object },
      fc.constantFrom('', '{"c0":1,"c0":1}', '[', '1', '{"c9":1}'),
    ),
  )
}

/** What could write a value of a type, seldom of another one. */
const jsonOf = (type: string) =>
  fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(...JSON_FIELDS.filter((text) => fits(text, type))) },
    fc.constantFrom(...JSON_FIELDS),
  )

function fits(text: string, type: string): boolean {
  if (type === 'Long' || type === 'Float') return /^[-0-9]/.test(text)
  return type === 'Bool' ? /^[tf]/.test(text) : text.startsWith('"')
}

describe('facts from bytes are those from texts', () => {
  test.each<Format>(['tsv', 'csv', 'jsonl'])('%s', (format) => {
    const files = typesOf.chain((types) => fc.tuple(fc.constant(types), contentOf(format, types)))
    fc.assert(
      fc.property(files, ([types, content]) => {
        const both = loadBoth(format, types, content)
        expect(both?.loaded.mistakes).toEqual(both?.read.mistakes)
        if (both?.read.mistakes.length === 0) expect(both.loaded.rows).toEqual(both.read.rows)
      }),
      { numRuns },
    )
  })

  test('bytes that are not UTF-8 are found where they are', () => {
    const bytes = Uint8Array.of(0x61, 0x0a, 0x62, 0xff, 0x0a)
    const both = loadBoth('tsv', ['String'], bytes)
    expect(both?.loaded.mistakes).toHaveLength(1)
    expect(both?.loaded.mistakes).toEqual(both?.read.mistakes)
  })

  test('rows beyond one piece, one batch and one window are all there, in order, once', () => {
    const name = (i: number) => `"${`name ${i % 60_000} `.padEnd(40, '-')}"`
    const lines = Array.from(
      { length: 80_000 },
      (_, i) => `${i % 40_000 === 39_999 ? '""""' : name(i)},${name(i % 60)}\n`,
    )
    const both = loadBoth('csv', ['String', 'String'], lines.join(''), 10 ** 6)
    expect(both?.loaded.rows).toHaveLength(60_000 + 1)
    expect(both?.loaded.rows).toEqual(both?.read.rows)
  })

  test('the ids of a column lie close together', () => {
    const lines = Array.from({ length: 1000 }, (_, i) => `call${i}\tuser${i % 50}\n`)
    const users = loadBoth('tsv', ['String', 'User'], lines.join(''))?.ids.map(([, user = 0]) => user) ?? []
    expect(Math.max(...users) - Math.min(...users)).toBe(49)
  })

  test('facts count once, whatever the file repeats', () => {
    const mistakes = (facts: number) => loadBoth('tsv', ['String'], 'a\nb\na\nb\nc\na\n', facts)?.loaded.mistakes
    expect(mistakes(3)).toEqual([])
    expect(mistakes(2)?.join()).toContain('R501')
  })
})

test('rows that were appended and settled are those that were inserted', () => {
  const tuples = fc.array(fc.tuple(fc.nat(4), fc.nat(4)), { maxLength: 40 })
  fc.assert(
    fc.property(fc.array(tuples, { maxLength: 4 }), (runs) => {
      const [settled, inserted] = [createRelation(2), createRelation(2)]
      for (const run of runs) {
        for (const tuple of run) appendRow(settled, tuple)
        const added = run.filter((tuple) => insert(inserted, tuple)).length
        expect(settleRows(settled)).toBe(added)
      }
      expect(rowsOf(settled)).toEqual(rowsOf(inserted))
      for (const tuple of rowsOf(inserted)) expect(findRow(settled, tuple)).toBe(findRow(inserted, tuple))
      expect(insert(settled, [9, 9])).toBe(true)
    }),
  )
})
