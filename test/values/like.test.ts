/** Tests of `like`: matching held against a naive definition, and patterns that are values. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Pattern } from '../../src/values/like.ts'
import { like, parseLikePattern, printLikePattern } from '../../src/values/like.ts'
import { runs, stringsOf } from './arbitrary.ts'

/** By the definition, over scalars. */
function naive(text: readonly string[], pattern: readonly (string | null)[]): boolean {
  const [first, ...rest] = pattern
  if (first === undefined) return text.length === 0
  if (first === null) return naive(text, rest) || (text.length > 0 && naive(text.slice(1), pattern))
  return text[0] === first && naive(text.slice(1), rest)
}

describe('like', () => {
  test.each([
    ['abc', 'a*', true],
    ['abc', '*b*', true],
    ['a*c', 'a\\*c', true],
    ['abc', 'a\\*c', false],
    ['', '', true],
    ['', '*', true],
    ['a', '', false],
    ['aa', 'a', false],
    ['hello', 'h?llo', false],
    ['a\nb', 'a*b', true],
    ['😀', '*', true],
    ['aXbXc', 'a*b*c', true],
    ['aba', 'ab*ba', false],
    ['abab', 'ab*ab', true],
    ['a', 'a*a', false],
    ['\\', '\\', true],
    ['\\x', '\\x', true],
    ['__proto__', '__*__', true],
  ])('%j like %j: %s', (text, pattern, expected) => {
    expect(like(text, parseLikePattern(pattern))).toBe(expected)
  })

  test('agrees with matching scalar by scalar', () => {
    fc.assert(
      fc.property(stringsOf('a', 'b', '😀', '😁'), stringsOf('a', 'b', '😀', '*', '*'), (text, source) => {
        const scalars = Array.from(source, (c) => (c === '*' ? null : c))
        expect(like(text, parseLikePattern(source))).toBe(naive(Array.from(text), scalars))
      }),
      runs(3000),
    )
  })

  test('patterns made to backtrack take no longer than text × pattern', () => {
    const text = 'a'.repeat(20_000)
    expect(like(text, parseLikePattern(`${'*a'.repeat(2_000)}*b`))).toBe(false)
    expect(like(text, parseLikePattern(`${'*'.repeat(10_000)}${'a'.repeat(100)}b*`))).toBe(false)
    expect(like('x'.repeat(5_000_000), ['x', null, 'x'])).toBe(true)
  })
})

describe('patterns that are values', () => {
  test.each<[string, Pattern]>([
    ['', []],
    ['a*b', ['a', null, 'b']],
    ['**', [null, null]],
    ['\\*', ['*']],
    ['\\\\*', ['\\*']],
    ['a\\b', ['a\\b']],
    ['\\', ['\\']],
    ['*\\**', [null, '*', null]],
  ])('%j', (text, pattern) => {
    expect(parseLikePattern(text)).toEqual(pattern)
    expect(printLikePattern(pattern)).toBe(text)
  })

  test('printing what was read gives the same text', () => {
    fc.assert(
      fc.property(stringsOf('a', '*', '\\', '😀'), (text) => printLikePattern(parseLikePattern(text)) === text),
      runs(1000),
    )
  })
})
