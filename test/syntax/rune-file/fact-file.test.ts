/** Tests of fact files: TSV, CSV and JSONL, types of fields, and mistakes that name file and line. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type FactColumns, factFileShape, readFactFile } from '../../../src/syntax/rune-file/fact-file.ts'
import { Diagnostics } from '../../../src/text/diagnostic.ts'
import { renderDiagnostic } from '../../../src/text/render.ts'
import type { Value } from '../../../src/values/value.ts'
import { memoryHost, placeOf, pointedAt } from './memory-host.ts'

type Format = 'tsv' | 'csv' | 'jsonl'

function read(format: Format, content: string | Uint8Array, columns: FactColumns | readonly string[]) {
  const path = `f.${format}`
  const host = memoryHost({ [path]: content })
  const diagnostics = new Diagnostics()
  const place = { path, format, span: { source: { path: 'main.rune', text: 'x' }, start: 0, end: 1 } }
  const rows: Value[][] = []
  const lines: number[] = []
  const take = (values: Value[], line: number): void => {
    rows.push(values)
    lines.push(line)
  }
  const shape = 'types' in columns ? columns : { types: columns }
  const count = readFactFile(place, shape, host.readFile, { onRow: take }, diagnostics)
  expect(count).toBe(rows.length)
  const firstRow = new Diagnostics()
  const first = factFileShape(place, host.readFile, diagnostics, firstRow)
  const { all } = diagnostics
  return { rows, lines, all, places: all.map(placeOf), pointed: all.map(pointedAt), first, firstRow: firstRow.all }
}

const S2 = ['String', 'String']
const numRuns = 300 * Number(process.env['RUNE_FUZZ'] ?? 1)

describe('TSV', () => {
  test.each<[string, string[][]]>([
    ['', []],
    ['a\tb', [['a', 'b']]],
    ['a\tb\n', [['a', 'b']]],
    [
      'a\tb\r\nc\td\r\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['\t\n', [['', '']]],
    [' a \t"b"\n', [[' a ', '"b"']]],
    ['a\\n\t\\t', [['a\\n', '\\t']]],
    ['é😀\t\u0000\n', [['é😀', '\u0000']]],
    ['\ufeffa\tb', [['a', 'b']]],
    ['# a\tb', [['# a', 'b']]],
  ])('%j', (text, rows) => {
    const found = read('tsv', text, S2)
    expect(found.places).toEqual([])
    expect(found.rows).toEqual(rows)
  })

  test('what was joined by tabs and line breaks comes back', () => {
    const field = fc.string({ unit: 'binary' }).map((text) => text.replace(/[\t\n\r\ufeff]/g, '-'))
    fc.assert(
      fc.property(fc.array(fc.tuple(field, field), { maxLength: 10 }), (rows) => {
        expect(read('tsv', rows.map((row) => `${row.join('\t')}\n`).join(''), S2).rows).toEqual(rows)
      }),
      { numRuns },
    )
  })

  test('a file of several pieces has all its rows and lines', () => {
    const text = Array.from({ length: 200_000 }, (_, i) => `user${i}\tdocument number ${i} é\n`).join('')
    const { rows, lines } = read('tsv', text, S2)
    expect(rows).toHaveLength(200_000)
    expect(rows.every((row, i) => row[0] === `user${i}` && row[1] === `document number ${i} é`)).toBe(true)
    expect(lines.every((line, i) => line === i + 1)).toBe(true)
  })

  test('a row may be longer than a piece', () => {
    const long = 'x'.repeat(10_000_000)
    const { rows, lines } = read('tsv', `a\tb\n${long}\tc\nd\te`, S2)
    expect(rows.map((row) => row.map((value) => String(value).length))).toEqual([
      [1, 1],
      [10_000_000, 1],
      [1, 1],
    ])
    expect(lines).toEqual([1, 2, 3])
  })
})

describe('CSV', () => {
  test.each<[string, string[][]]>([
    ['a,b', [['a', 'b']]],
    [
      'a,b\r\nc,d\r\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['"a","b"', [['a', 'b']]],
    ['"a ""quoted"" word","x,y"\n', [['a "quoted" word', 'x,y']]],
    [
      '"line\nbreak","\r\n"\nc,d',
      [
        ['line\nbreak', '\r\n'],
        ['c', 'd'],
      ],
    ],
    [',', [['', '']]],
    ['"",""', [['', '']]],
    ['""""," "', [['"', ' ']]],
    ['a\tb, c', [['a\tb', ' c']]],
  ])('%j', (text, rows) => {
    const found = read('csv', text, S2)
    expect(found.places).toEqual([])
    expect(found.rows).toEqual(rows)
  })

  test('what was quoted comes back', () => {
    const field = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', 'é') })
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
    fc.assert(
      fc.property(fc.array(fc.tuple(field, field), { maxLength: 10 }), fc.constantFrom('\n', '\r\n'), (rows, end) => {
        const text = rows.map((row) => row.map(quoted).join(',') + end).join('')
        const found = read('csv', text, S2)
        expect(found.rows).toEqual(rows)
      }),
      { numRuns },
    )
  })

  test('a row that crosses pieces is read once, and lines are counted on', () => {
    const text = `${'a,b\n'.repeat(1_200_000)}"${'\n'.repeat(6_000_000)}",c\nd,e\n`
    const { rows, lines } = read('csv', text, S2)
    expect(rows).toHaveLength(1_200_002)
    expect(rows[1_200_000]?.[0]).toHaveLength(6_000_000)
    expect(lines.slice(-2)).toEqual([1_200_001, 7_200_002])
  })

  test.each([
    ['a,"b', 'f.csv:1:3 R705'],
    ['a,b\nx,y"z\n', 'f.csv:2:3 R705'],
    ['a,"b"c\n', 'f.csv:1:6 R705'],
    ['"a\n\n",b\n"c"d,e', 'f.csv:4:4 R705'],
  ])('%j is malformed', (text, place) => {
    expect(read('csv', text, S2).places).toEqual([place])
  })
})

describe('JSONL', () => {
  test.each<[string, Value[][]]>([
    [
      '["a", 1]\n["b", -9223372036854775808]',
      [
        ['a', 1n],
        ['b', -9223372036854775808n],
      ],
    ],
    ['{"n": 1, "s": "a"}\r\n', [['a', 1n]]],
    ['["\\u00e9\\n", 9007199254740993]', [['é\n', 9007199254740993n]]],
  ])('%s', (text, rows) => {
    const found = read('jsonl', text, { types: ['String', 'Long'], names: ['s', 'n'] })
    expect(found.places).toEqual([])
    expect(found.rows).toEqual(rows)
  })

  test.each([
    ['["a"]', 'R703'],
    ['{"s": "a"}', 'R703'],
    ['{"s": "a", "m": 1}', 'R703'],
    ['["a", "1"]', 'R704'],
    ['["a", 1.0]', 'R704'],
    ['["a", 1e3]', 'R704'],
    ['[1, 1]', 'R704'],
    ['["a", null]', 'R704'],
    ['["a", [1]]', 'R704'],
    ['"a"', 'R705'],
    ['', undefined],
    ['\n', 'R705'],
    ['["a", 9223372036854775808]', 'R1'],
    ['["a", 1', 'R'],
    ['["\\ud800", 1]', 'R'],
    ['{"s": "a", "s": "b"}', 'R'],
  ])('%j', (text, code) => {
    const { places, rows } = read('jsonl', text, { types: ['String', 'Long'], names: ['s', 'n'] })
    expect(rows).toEqual([])
    if (code === undefined) expect(places).toEqual([])
    else expect(places[0]).toMatch(new RegExp(`^f\\.jsonl:1:\\d+ ${code}`))
  })

  test('fields of other types are read as in other formats', () => {
    const types = ['Bool', 'Float', 'Float', 'User', 'duration']
    const { rows, places } = read('jsonl', '[true, 1.5, 2, "User::\\"a\\"", "1s"]', types)
    expect(places).toEqual([])
    expect(rows).toEqual([
      [true, 1.5, 2, { kind: 'entity', type: 'User', id: 'a' }, { kind: 'duration', value: 1000n }],
    ])
    const [wrong, huge] = ['["true", 1.5, 2, "a", "1s"]', '[true, 9007199254740993, 2, "a", "1s"]']
    expect(read('jsonl', `${wrong}\n${huge}\n[true, 1.5, 2, 3, "1s"]`, types).places).toEqual([
      'f.jsonl:1:1 R704',
      'f.jsonl:2:1 R704',
      'f.jsonl:3:1 R704',
    ])
  })

  test('objects need columns with names', () => {
    expect(read('jsonl', '{"a": "x"}', ['String']).places).toEqual(['f.jsonl:1:1 R705'])
  })

  test('nesting is bounded', () => {
    expect(read('jsonl', '['.repeat(1e6), ['String']).places[0]).toContain('f.jsonl:1:')
  })
})

describe('a field of a type', () => {
  const user = (id: string) => ({ kind: 'entity', type: 'User', id })
  test.each<[string, string, unknown]>([
    ['Long', '-42', -42n],
    ['Long', '9223372036854775807', 9223372036854775807n],
    ['Bool', 'true', true],
    ['Float', '1.5', 1.5],
    ['Float', '-0', 0],
    ['Float', '1e3', 1000],
    ['ipaddr', '10.0.0.0/8', { kind: 'ipaddr', version: 4, bits: 10n << 24n, prefix: 8 }],
    ['decimal', '1.25', { kind: 'decimal', value: 12500n }],
    ['datetime', '1970-01-02', { kind: 'datetime', value: 86400000n }],
    ['duration', '1s', { kind: 'duration', value: 1000n }],
    ['User', 'alice', user('alice')],
    ['User', 'User::"alice"', user('alice')],
    ['entity:User', '__proto__', user('__proto__')],
    ['Ns::T', '', { kind: 'entity', type: 'Ns::T', id: '' }],
  ])('%s: %s', (type, field, value) => {
    const found = read('tsv', `x\t${field}\n`, ['String', type])
    expect(found.places).toEqual([])
    expect(found.rows).toEqual([['x', value]])
  })

  test.each([
    ['Long', '9223372036854775808'],
    ['Long', '1.0'],
    ['Long', ''],
    ['Long', ' 1'],
    ['Long', '+1'],
    ['Long', '0x1'],
    ['Bool', 'True'],
    ['Bool', '1'],
    ['Float', 'NaN'],
    ['Float', '1e999'],
    ['Float', '.5'],
    ['ipaddr', '10.0.0'],
    ['decimal', '1'],
    ['datetime', '2026-02-30'],
    ['duration', '1'],
    ['User', 'Group::"alice"'],
    ['User', 'User::"alice'],
    ['User', 'x::"alice" y'],
  ])('%s is not %j', (type, field) => {
    const { rows, places, pointed } = read('tsv', `a\tb\nx\t${field}\n`, ['String', type])
    expect(rows).toHaveLength(type === 'User' ? 1 : 0)
    expect(places.at(-1)).toBe('f.tsv:2:3 R704')
    expect(pointed.at(-1)).toBe(field)
  })
})

describe('a mistake', () => {
  test('names file and line and shows the line', () => {
    const { all } = read('tsv', 'a\tb\nc\nd\te\n', S2)
    expect(all).toHaveLength(1)
    const shown = all[0] && renderDiagnostic(all[0], { color: false })
    expect(shown).toContain('error[R703]: the row has 1 field, not 2\n --> f.tsv:2:1\n  |\n2 | c\n  | ^')
    expect(shown).toContain('--> main.rune:1:1')
  })

  test.each<[Format, string, string]>([
    ['tsv', 'a\tb\tc', 'f.tsv:1:1 R703'],
    ['csv', 'a', 'f.csv:1:1 R703'],
    ['csv', 'a,b\n\nc,d', 'f.csv:2:1 R705'],
    ['tsv', '\n', 'f.tsv:1:1 R705'],
    ['tsv', 'a\tb\n\n', 'f.tsv:2:1 R705'],
    ['tsv', 'a\tb\n\r\n', 'f.tsv:2:1 R705'],
  ])('%s: %j', (format, text, place) => {
    expect(read(format, text, S2).places).toEqual([place])
  })

  test('bad UTF-8 has its place', () => {
    const bytes = Uint8Array.from([...Buffer.from('a\tb\né\tx'), 0xff, ...Buffer.from('y\n')])
    const { rows, places, all } = read('tsv', bytes, S2)
    expect(rows).toEqual([])
    expect(places).toEqual(['f.tsv:2:4 R101'])
    expect(all[0]?.span?.source.text).toBe('é\tx\ufffdy')
  })

  test('mistakes end at a limit', () => {
    expect(read('tsv', 'a\n'.repeat(1000), S2).places).toHaveLength(20)
  })

  test('a file that is not there is reported where it is named', () => {
    const diagnostics = new Diagnostics()
    const place = { path: 'no', format: 'tsv', span: { source: { path: 'm', text: 'x' }, start: 0, end: 1 } } as const
    readFactFile(place, { types: [] }, memoryHost({}).readFile, { onRow: () => undefined }, diagnostics)
    expect(diagnostics.all.map(placeOf)).toEqual(['m:1:1 R700'])
  })
})

describe('the shape of a file', () => {
  test.each<[Format, string | Uint8Array, unknown]>([
    ['tsv', 'a\tb\tc\nd', { arity: 3 }],
    ['csv', '"a\n,b",c\nd', { arity: 2 }],
    ['jsonl', '["a"]', { arity: 1 }],
    ['jsonl', '{"a": 1, "b": 2}', { arity: 2, names: ['a', 'b'] }],
    ['jsonl', '{', undefined],
    ['jsonl', '1', undefined],
    ['tsv', '', undefined],
    ['tsv', Uint8Array.of(0xff), undefined],
    ['tsv', `a\tb\n${'c\td\n'.repeat(100_000)}`, { arity: 2 }],
    ['tsv', Buffer.concat([Buffer.from('a\tb\nc'), Uint8Array.of(0xff), Buffer.from('\td\n')]), { arity: 2 }],
    ['tsv', `${'x'.repeat(100_000)}\tb\n${'c\td\n'.repeat(100_000)}`, { arity: 2 }],
    ['csv', `"${'x'.repeat(100_000)}",b\n`, { arity: 2 }],
    ['jsonl', `["${'x'.repeat(100_000)}"]`, { arity: 1 }],
    ['jsonl', '', undefined],
    ['csv', Uint8Array.of(0xef, 0xbb, 0xbf), undefined],
  ])('%s %#', (format, content, shape) => {
    expect(read(format, content, ['String']).first).toEqual(shape)
  })

  test.each<[Format, string | Uint8Array, string[]]>([
    ['jsonl', '{', ['f.jsonl:1:2 R280']],
    ['jsonl', '1\n["a"]\n', ['f.jsonl:1:1 R705']],
    ['jsonl', '\n["a"]\n', ['f.jsonl:1:1 R705']],
    ['csv', '"a', ['f.csv:1:1 R705']],
    ['csv', 'a"b,c\n', ['f.csv:1:1 R705']],
    ['tsv', Uint8Array.of(0x61, 0xff, 0x0a), ['f.tsv:1:2 R101']],
    ['jsonl', Uint8Array.of(0x22, 0xff, 0x22, 0x0a), ['f.jsonl:1:2 R101']],
    ['csv', Uint8Array.of(0x61, 0x2c, 0xff), ['f.csv:1:3 R101']],
    ['tsv', `${'x'.repeat(2 ** 26)}x\n`, ['f.tsv:1:1 R705']],
    ['tsv', '', []],
  ])('a first row that is malformed is reported: %s %#', (format, content, places) => {
    expect(read(format, content, ['String']).firstRow.map(placeOf)).toEqual(places)
  })
})

test('any bytes are rows or mistakes', () => {
  const bytes = fc.uint8Array({ maxLength: 60 })
  const text = fc
    .string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', '\t', '[', ']', '1') })
    .map((t) => Buffer.from(t))
  fc.assert(
    fc.property(fc.oneof(bytes, text), fc.constantFrom<Format>('tsv', 'csv', 'jsonl'), (content, format) => {
      const { rows, all } = read(format, content, ['Long', 'User'])
      expect(rows.length + all.length).toBeGreaterThan(content.length === 0 ? -1 : 0)
      for (const d of all) expect(renderDiagnostic(d, { color: false })).toContain(d.code)
    }),
    { numRuns: 3 * numRuns },
  )
})
