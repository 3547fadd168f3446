/** Tests of TOML: the place of the first syntax error, nodes, and the locator against what smol-toml reads. */
import fc from 'fast-check'
import { parse } from 'smol-toml'
import { describe, expect, test } from 'vitest'
import {
  child,
  entries,
  isTable,
  keySpan,
  parseToml,
  type TomlNode,
  valueSpan,
} from '../../../src/syntax/rune-file/toml.ts'
import { createLocator, type Step } from '../../../src/syntax/rune-file/toml-locate.ts'
import { Diagnostics } from '../../../src/text/diagnostic.ts'
import type { Span } from '../../../src/text/source.ts'
import { placeOf, pointedAt } from './memory-host.ts'

const BEFORE = 'version = "rune/1.0"\n'

/** A body that starts on the second line of its source. */
function bodyOf(text: string): Span {
  const source = { path: 'a', text: BEFORE + text }
  return { source, start: BEFORE.length, end: source.text.length }
}

function read(text: string) {
  const diagnostics = new Diagnostics()
  return { root: parseToml(bodyOf(text), diagnostics), all: diagnostics.all, places: diagnostics.all.map(placeOf) }
}

describe('a syntax error', () => {
  test.each([
    ['a = \n', 'a:2:5 R200'],
    ['a = 1\nb = "x\n', 'a:3:7 R200'],
    ['a = 1\r\nb = !\r\n', 'a:3:5 R200'],
    ['a = """x', 'a:2:5 R200'],
    ['a = [1,', 'a:2:5 R200'],
    ['a = { b = 1', 'a:2:12 R200'],
    ['a = 1 b = 2', 'a:2:7 R200'],
    ['a = 1\na = 2', 'a:3:1 R200'],
    ['[a]\n[a]', 'a:3:2 R200'],
    ['a = "\\ud800"', 'a:2:6 R200'],
    ['a', 'a:2:1 R200'],
    ['a = "\u0001"', 'a:2:6 R200'],
    [`a = ${'['.repeat(10_000)}`, 'a:2:69 R205'],
    [`a = ${'{a='.repeat(10_000)}`, 'a:2:197 R205'],
  ])('%j is found at %s', (text, place) => {
    const { root, places } = read(text)
    expect(root).toBeUndefined()
    expect(places).toEqual([place])
  })

  test('is said in one line of lower case', () => {
    for (const text of ['a = !', 'a', 'a = "', 'a = [', 'a = 1 1', 'a = 0x', 'a = 1979-99-99', 'a.a=1\na=1']) {
      const [d] = read(text).all
      expect(d?.message).toMatch(/^TOML: [^\n]+[^.\n]$/)
    }
  })
})

describe('nodes', () => {
  test('`__proto__` and its like are keys', () => {
    const { root } = read('__proto__ = { constructor = 1 }\n[toString]\nhasOwnProperty = 2\n')
    const proto = root && child(root, '__proto__')
    expect(root && [...entries(root)].map(([key]) => key)).toEqual(['__proto__', 'toString'])
    expect(proto && valueSpan(proto).source.text.slice(valueSpan(proto).start, valueSpan(proto).end)).toBe(
      '{ constructor = 1 }',
    )
    expect(root && child(root, 'valueOf')).toBeUndefined()
    expect(({} as Record<string, unknown>)['constructor']).toBe(Object)
  })

  test('integers are exact, whatever their size', () => {
    const { root } = read(`a = 9007199254740993\nb = ${'9'.repeat(30)}`)
    expect(root?.value['a']).toBe(9007199254740993n)
    expect(root?.value['b']).toBe(BigInt('9'.repeat(30)))
  })
})

const TEXT = `
# [x]
top = 1 # = 2
"quo\\u0074ed" . 'it''' = "never" # not TOML
`

describe('the locator', () => {
  const text = `# comment
a.b."c d" = [ 1, "x, ]", [ { k = 'v' }, 2026-01-01 10:00:00Z ] ] # ]
"e\\u0073c" = """
"" ] """
t = { x.y = 1, x.z = [ # comment ]
  2,
], w = {} }
[h . "i"]
j = -1.5
[[l]]
m = 1
[[l]]
m = 2
[l.n]
o = 3
[[l.q]]
[[l.q]]
r = true`
  const locator = createLocator(bodyOf(text))
  const cut = ({ source, start, end }: Span) => source.text.slice(start, end)

  test.each<[Step[], string, string]>([
    [['a'], 'a', 'a'],
    [['a', 'b', 'c d'], '"c d"', '[ 1, "x, ]", [ { k = \'v\' }, 2026-01-01 10:00:00Z ] ]'],
    [['a', 'b', 'c d', 0], '1', '1'],
    [['a', 'b', 'c d', 1], '"x, ]"', '"x, ]"'],
    [['a', 'b', 'c d', 2, 0, 'k'], 'k', "'v'"],
    [['a', 'b', 'c d', 2, 1], '2026-01-01 10:00:00Z', '2026-01-01 10:00:00Z'],
    [['esc'], '"e\\u0073c"', '"""\n"" ] """'],
    [['t', 'x', 'y'], 'y', '1'],
    [['t', 'x', 'z', 0], '2', '2'],
    [['t', 'w'], 'w', '{}'],
    [['h'], 'h', '[h . "i"]'],
    [['h', 'i', 'j'], 'j', '-1.5'],
    [['l', 0, 'm'], 'm', '1'],
    [['l', 1, 'm'], 'm', '2'],
    [['l', 1], '[[l]]', '[[l]]'],
    [['l', 1, 'n', 'o'], 'o', '3'],
    [['l', 1, 'q', 1, 'r'], 'r', 'true'],
    [['l', 1, 'q', 0], '[[l.q]]', '[[l.q]]'],
    [['a', 'b', 'c d', 9], '"c d"', '[ 1, "x, ]", [ { k = \'v\' }, 2026-01-01 10:00:00Z ] ]'],
    [['t', 'w', 'no'], 'w', '{}'],
  ])('%j', (path, key, value) => {
    expect(cut(locator.key(path))).toBe(key)
    expect(cut(locator.value(path))).toBe(value)
    expect(locator.raw(path)).toBe(value)
  })

  test('finds every value: read alone, it is the value', () => {
    const numRuns = 200 * Number(process.env['RUNE_FUZZ'] ?? 1)
    fc.assert(
      fc.property(documents, (document) => {
        const { root, all } = read(document)
        expect(all.map((d) => d.message)).toEqual([])
        if (root) everyLeaf(root, (node) => expect(rereads(node)).toEqual(node.value))
      }),
      { numRuns },
    )
  })
})

/** What the text at a value's place reads as. */
function rereads(node: TomlNode): unknown {
  const { source, start, end } = valueSpan(node)
  return parse(`x = ${source.text.slice(start, end)}`, { integersAsBigInt: true })['x']
}

function everyLeaf(node: TomlNode, visit: (node: TomlNode) => void): void {
  const { value } = node
  if (isTable(value)) for (const [, entry] of entries({ ...node, value })) everyLeaf(entry, visit)
  else {
    // The key of an array of tables stands inside of its header.
    if (keySpan(node).start <= valueSpan(node).start) visit(node)
    if (Array.isArray(value)) {
      for (const [i, inner] of value.entries()) {
        everyLeaf({ value: inner, step: i, parent: node, locator: node.locator }, visit)
      }
    }
  }
}

const gaps = fc.constantFrom('', ' ', '\n', ' # ] } "\n', '\t\r\n')
const scalars = fc.constantFrom(
  '1',
  '-0x1'.slice(1),
  '1.5',
  'true',
  '"a]\\""',
  "'}'",
  '"""\n"x""" ',
  "'''\n'x'''",
  '1979-01-01 00:00:00Z',
)
const { value: values } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, scalars, tie('array'), tie('table')),
  array: fc
    .array(fc.tuple(gaps, tie('value'), gaps), { maxLength: 3 })
    .map((items) => `[${items.map(([before, value, after]) => `${before}${String(value)}${after}`).join(',')}]`),
  table: fc
    .array(tie('value'), { maxLength: 3 })
    .map((items) => `{${items.map((value, i) => ` k${i} . 'x y' = ${String(value)}`).join(',')} }`),
}))
const documents = fc
  .array(fc.tuple(fc.constantFrom('', '[[t.u]]\n', '["h#"]\n'), values), { maxLength: 6 })
  .map((items) => {
    let isOpen = false
    return items
      .map(([header, value], i) => {
        const keep = header !== '["h#"]\n' || !isOpen
        if (header === '["h#"]\n') isOpen = true
        return `${keep ? header : ''}key${i} . "a.b" = ${String(value)} # end\n`
      })
      .join('')
  })

test('the text of a diagnostic is the text of the file', () => {
  const { all } = read(TEXT)
  expect(all).toHaveLength(1)
  expect(pointedAt(all[0])).toHaveLength(1)
})
