/** Reading JSON: the values of JavaScript's own reader, but exact, and with mistakes in their places. */
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { JSON_DEPTH_MAX, type Json, parseJson } from '../../../src/syntax/json/json.ts'
import { type Diagnostic, Diagnostics } from '../../../src/text/diagnostic.ts'

const RUNS = 300 * Number(process.env['RUNE_FUZZ'] ?? 1)

function read(text: string): { json: Json | undefined; all: readonly Diagnostic[] } {
  const diagnostics = new Diagnostics()
  const json = parseJson({ source: { path: 'a.json', text } }, diagnostics)
  return { json, all: diagnostics.all }
}

/** `code@start-end` for each mistake; the text must be refused. */
function mistakes(text: string): string[] {
  const { json, all } = read(text)
  expect(json).toBeUndefined()
  return all.map(({ code, span }) => `${code}@${span?.start}-${span?.end}`)
}

function plain(json: Json | undefined): unknown {
  if (json instanceof Map) return Object.fromEntries([...json].map(([key, value]) => [key, plain(value)]))
  if (Array.isArray(json)) return json.map(plain)
  return typeof json === 'bigint' ? Number(json) : json
}

describe('JSON', () => {
  it('that JavaScript writes is read as JavaScript reads it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.integer({ min: 0, max: 3 }), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        fc.pre(!/e\+|\d{16}/.test(text))
        const { json, all } = read(text)
        expect(all).toEqual([])
        expect(plain(json)).toEqual(JSON.parse(text))
      }),
      { numRuns: RUNS },
    )
  })

  it('is accepted where JavaScript accepts it, save for what is stricter', () => {
    const pieces = fc.array(
      fc.constantFrom(
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"a"',
        '"',
        '1',
        '-',
        '0',
        '.',
        'e',
        '+',
        'true',
        'nul',
        'null',
        ' ',
        '\n',
        '\\',
        '\\u00e9',
        '\u0000',
        '\u00a0',
      ),
      { maxLength: 12 },
    )
    const isStricter = (all: readonly Diagnostic[]): boolean =>
      all.every(({ code, message }) => code === 'R281' || /out of range|fit/.test(message))
    fc.assert(
      fc.property(pieces, (parts) => {
        const text = parts.join('')
        const { json, all } = read(text)
        let accepted = true
        try {
          JSON.parse(text)
        } catch {
          accepted = false
        }
        if (json === undefined) expect(all.length).toBeGreaterThan(0)
        if (accepted) expect(isStricter(all)).toBe(true)
        else expect(json).toBeUndefined()
      }),
      { numRuns: RUNS * 5 },
    )
  })

  it('keeps integers exact to 64 bits and makes no difference between -0 and 0', () => {
    expect(read('[9007199254740993, -9223372036854775808, 9223372036854775807, -0]').json).toEqual([
      9007199254740993n,
      -9223372036854775808n,
      9223372036854775807n,
      0n,
    ])
    expect(read('[-0.0, 1.0, 1e2, 2.5E-1]').json).toEqual([0, 1, 100, 0.25])
  })

  it('refuses integers beyond 64 bits, without converting them, and infinite numbers', () => {
    expect(mistakes('[9223372036854775808, -9223372036854775809]')).toEqual(['R151@1-20', 'R151@22-42'])
    expect(mistakes('1e999')).toEqual(['R151@0-5'])
    const converted: unknown[] = []
    const counting = new Proxy(BigInt, {
      apply: (convert, _, [value]) => {
        converted.push(value)
        return convert(value)
      },
    })
    vi.stubGlobal('BigInt', counting)
    try {
      expect(mistakes('1'.repeat(5_000_000))).toEqual(['R151@0-5000000'])
      expect(read('1234567890123456').json).toBe(1234567890123456n)
    } finally {
      vi.unstubAllGlobals()
    }
    expect(converted).toEqual(['1234567890123456'])
  })

  it.each([
    ['01', 'R151@0-2'],
    ['-', 'R151@0-1'],
    ['1.', 'R151@0-2'],
    ['1e+', 'R151@0-3'],
    ['', 'R280@0-0'],
    ['[1,]', 'R280@3-4'],
    ['{"a":1,}', 'R280@7-8'],
    ['{a:1}', 'R280@1-2'],
    ['{"a" 1}', 'R280@5-6'],
    ['[1 2]', 'R280@3-4'],
    ['1 2', 'R280@2-3'],
    ['nul', 'R280@0-1'],
    ['[😀]', 'R280@1-3'],
    ['"ab', 'R150@0-3'],
    ['"\\', 'R150@1-2'],
    ['"\\x"', 'R150@1-3'],
    ['"\\u12g4"', 'R150@1-7'],
    ['"a\nb"', 'R150@2-3'],
    ['"\\ud800"', 'R101@0-8'],
    ['{"a":1,"a":2}', 'R281@7-10'],
    ['// a\n1', 'R280@0-1'],
    ['\ufeff1', 'R280@0-1'],
  ])('%j is refused with a place', (text, mistake) => {
    expect(mistakes(text)).toEqual([mistake])
  })

  it('refuses a lone surrogate however it is written and joins a pair that is written as two escapes', () => {
    expect(mistakes('"\ud83d"')).toEqual(['R101@0-3'])
    expect(read('"\\ud83d\\ude00"').json).toBe('😀')
  })

  it('reports all duplicate keys of a text, also those that differ only in spelling', () => {
    expect(mistakes('[{"a":1,"\\u0061":1},{"b":1,"b":1}]')).toEqual(['R281@8-16', 'R281@27-30'])
  })

  it('stops after 100 mistakes', () => {
    expect(mistakes(`{${'"a":1,'.repeat(100_000)}"a":1}`)).toHaveLength(100)
  })

  it('has no special keys', () => {
    const { json } = read('{"__proto__": {"x": 1}, "constructor": 2, "": 3}')
    expect([...(json as Map<string, Json>).keys()]).toEqual(['__proto__', 'constructor', ''])
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })

  it('refuses nesting beyond its limit at once', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
    expect(read(nested(JSON_DEPTH_MAX)).json).toBeDefined()
    expect(mistakes(nested(JSON_DEPTH_MAX + 1))).toEqual([`R282@${JSON_DEPTH_MAX}-${JSON_DEPTH_MAX + 1}`])
    expect(mistakes('{"a":'.repeat(1_000_000))).toHaveLength(1)
  })

  it('reads a range of a source and reports places in the source', () => {
    const diagnostics = new Diagnostics()
    const source = { path: 'a.rune', text: 'xx[1,?]"yy' }
    expect(parseJson({ source, start: 2, end: 7 }, diagnostics)).toBeUndefined()
    expect(diagnostics.all[0]?.span).toEqual({ source, start: 5, end: 6 })
    expect(parseJson({ source: { path: 'a', text: 'x"ab"' }, start: 1, end: 4 }, diagnostics)).toBeUndefined()
    expect(parseJson({ source: { path: 'a', text: '12345' }, start: 1, end: 3 }, diagnostics)).toBe(23n)
  })

  it('has messages on one line, whatever the text holds', () => {
    const { all } = read('["\u202e", \u202e]')
    expect(all[0]?.message).toBe('expected a value, found `\\u{202e}`')
    expect(read(`{"${'k'.repeat(1000)}":1,"${'k'.repeat(1000)}":1}`).all[0]?.message.length).toBeLessThan(200)
  })
})
