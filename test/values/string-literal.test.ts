/** Tests of string literals: escapes in strings and patterns, quoting, and well-formedness. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { loneSurrogateAt, quote, unescapePattern, unescapeString } from '../../src/values/string-literal.ts'
import { runs, strings } from './arbitrary.ts'

describe('escapes in strings', () => {
  test.each([
    ['', ''],
    ['\\n\\r\\t\\\\\\0\\\'\\"', '\n\r\t\\\0\'"'],
    ['\\x41\\x7f', 'A\x7f'],
    ['\\u{41}\\u{1F600}\\u{1_F600}\\u{1_}\\u{10ffff}', 'A😀😀\x01\u{10ffff}'],
    ['\\u{d7ff}\\u{e000}', '\ud7ff\ue000'],
    ['a\nb\tc\0"\'😀*', 'a\nb\tc\0"\'😀*'],
  ])('%j is read', (body, value) => {
    expect(unescapeString(body)).toEqual({ value })
  })

  test.each([
    ['\\q', '\\q', 0],
    ['ab\\q', '\\q', 2],
    ['\\*', '\\*', 0],
    ['\\x80', '\\x80', 0],
    ['\\x4', '\\x4', 0],
    ['\\x4gh', '\\x4g', 0],
    ['\\u41', '\\u4', 0],
    ['\\u{}', '\\u{}', 0],
    ['\\u{_1}', '\\u{_', 0],
    ['\\u{41', '\\u{41', 0],
    ['\\u{d800}', '\\u{d800}', 0],
    ['\\u{dfff}', '\\u{dfff}', 0],
    ['\\u{110000}', '\\u{110000}', 0],
    ['\\u{0000001}', '\\u{0000001}', 0],
    ['\\u{ffffffffffffffffffff}', '\\u{ffffffffffffffffffff}', 0],
    ['\\😀', '\\😀', 0],
    ['\\\n', '\\\n', 0],
    ['\\', '\\', 0],
    ['a\r\nb', '\r', 1],
  ])('%j is refused', (body, input, offset) => {
    expect(unescapeString(body)).toEqual({
      error: `the input \`${input}\` is not a valid escape`,
      offset,
      length: input.length,
    })
  })

  test('long literals take linear time', () => {
    expect(unescapeString('\\n'.repeat(300_000))).toEqual({ value: '\n'.repeat(300_000) })
    expect(unescapeString(`\\u{${'1_'.repeat(300_000)}}`)).toHaveProperty('error')
    expect(unescapeString('\\\\'.repeat(300_000).concat('\\'))).toHaveProperty('offset', 600_000)
  })
})

describe('escapes in patterns', () => {
  test.each<[string, (string | null)[]]>([
    ['', []],
    ['a*b', ['a', null, 'b']],
    ['**', [null, null]],
    ['a\\*b', ['a*b']],
    ['\\*', ['*']],
    ['\\x2a', [null]],
    ['a\\x2ab', ['a', null, 'b']],
    ['a\\\\*', ['a\\', null]],
    ['\\\\\\*', ['\\*']],
    ['\\n*\\u{1F600}', ['\n', null, '😀']],
  ])('%j', (body, pattern) => {
    expect(unescapePattern(body)).toEqual({ pattern })
  })

  test('what is no escape in a string is none in a pattern, but for the star', () => {
    expect(unescapePattern('*\\q')).toMatchObject({ error: 'the input `\\q` is not a valid escape', offset: 1 })
  })
})

describe('quoting', () => {
  test('reading what was quoted gives the same string', () => {
    fc.assert(
      fc.property(strings, (text) => {
        expect(unescapeString(quote(text).slice(1, -1))).toEqual({ value: text })
      }),
      runs(1000),
    )
  })

  test('nothing that a terminal would hide or act on is printed bare', () => {
    expect(quote('\x1b[31m\u202e\u2028\ufeff\0\r"\\é😀')).toBe(
      '"\\u{1b}[31m\\u{202e}\\u{2028}\\u{feff}\\0\\r\\"\\\\é😀"',
    )
  })

  test('a lone surrogate is shown as the replacement character', () => {
    expect(quote('a\ud800')).toBe('"a\ufffd"')
  })
})

describe('well-formedness', () => {
  test('the first lone surrogate is found', () => {
    expect(['', 'a😀', '😀\ud83d', '\ude00a', 'ab\ud83dx\ude00'].map(loneSurrogateAt)).toEqual([
      undefined,
      undefined,
      2,
      0,
      2,
    ])
  })
})
