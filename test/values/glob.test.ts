/** Tests of globs: reading, printing, and matching held against a naive definition. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matchesGlob, parseGlob, printGlob } from '../../src/values/glob.ts'
import { runs, stringsOf } from './arbitrary.ts'

function matches(pattern: string, id: string): boolean {
  const glob = parseGlob(pattern)
  if (glob.kind === 'error') throw new Error(glob.message)
  return glob.kind === 'plain' ? glob.id === id : matchesGlob(glob, id)
}

/** By the definition, over segments and scalars; `pattern` has no escapes. */
function naive(pattern: readonly string[], segments: readonly string[]): boolean {
  const [first, ...rest] = pattern
  if (first === undefined) return segments.length === 0
  if (first === '**') return naive(rest, segments) || (segments.length > 0 && naive(pattern, segments.slice(1)))
  const [segment, ...others] = segments
  return segment !== undefined && naiveSegment(Array.from(first), Array.from(segment)) && naive(rest, others)
}

function naiveSegment(pattern: readonly string[], text: readonly string[]): boolean {
  const [first, ...rest] = pattern
  if (first === undefined) return text.length === 0
  if (first !== '*') return text[0] === first && naiveSegment(rest, text.slice(1))
  return text.length > 0 && (naiveSegment(rest, text.slice(1)) || naiveSegment(pattern, text.slice(1)))
}

describe('reading a glob', () => {
  test('an id without a star is plain, and so is one whose stars are escaped', () => {
    expect(parseGlob('/etc/passwd')).toEqual({ kind: 'plain', id: '/etc/passwd' })
    expect(parseGlob('/etc/\\*\\*/a\\b')).toEqual({ kind: 'plain', id: '/etc/**/a\\b' })
    expect(parseGlob('')).toEqual({ kind: 'plain', id: '' })
  })

  test('segments are patterns or any depth', () => {
    expect(parseGlob('/a/**/*.t\\*t')).toEqual({ kind: 'glob', segments: [[], ['a'], '**', [null, '.t*t']] })
    expect(parseGlob('agent-*')).toEqual({ kind: 'glob', segments: [['agent-', null]] })
    expect(parseGlob('*\\**')).toEqual({ kind: 'glob', segments: [[null, '*', null]] })
  })

  test.each(['a**', '**a', '***', '/a/b**/c', '\\***', '**\\*'])('%j is an error with a hint', (id) => {
    expect(parseGlob(id)).toMatchObject({
      kind: 'error',
      message: '`**` must be a whole segment',
      help: expect.stringContaining('`/a/**/b`'),
    })
  })

  test('printing what was read gives the same id', () => {
    fc.assert(
      fc.property(stringsOf('a', '*', '\\', '/', '😀'), (id) => {
        const glob = parseGlob(id)
        if (glob.kind === 'glob') expect(printGlob(glob)).toBe(id)
      }),
      runs(1000),
    )
  })
})

describe('matching a glob', () => {
  test.each([
    ['/tmp/*', '/tmp/a.txt', true],
    ['/tmp/*', '/tmp/a/b.txt', false],
    ['/tmp/*', '/tmp/', false],
    ['/tmp/*', '/tmp', false],
    ['/tmp/**', '/tmp', true],
    ['/tmp/**', '/tmp/a/b', true],
    ['/tmp/**', '/tmpx', false],
    ['/a/**/b', '/a/b', true],
    ['/a/**/b', '/a/x/y/b', true],
    ['/a/**/b', '/a/x/y/bb', false],
    ['/**/x/**/y', '/x/x/z/y', true],
    ['/**', '/', true],
    ['/**', 'relative', false],
    ['/*', '/', false],
    ['**', '', true],
    ['agent-*', 'agent-1', true],
    ['agent-*', 'agent-', false],
    ['agent-*', 'agent-1/x', false],
    ['a*a', 'aa', false],
    ['a*a', 'aaa', true],
    ['*', '😀', true],
    ['**/a/**/a', '/a', false],
    ['*.*', '\0.\n', true],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['\\**', '*a', true],
    ['__*__', '__proto__', true],
  ])('%j holds %j: %s', (glob, id, expected) => {
    expect(matches(glob, id)).toBe(expected)
  })

  test('agrees with the definition', () => {
    const segment = fc.oneof(
      fc.constantFrom('**', '*', '', 'a'),
      stringsOf('a', 'b', '😀', '*').map((text) => text.replaceAll(/\*+/g, '*')),
    )
    const ids = fc.array(stringsOf('a', 'b', '😀'), { maxLength: 5 }).map((segments) => segments.join('/'))
    const patterns = fc.array(segment, { minLength: 1, maxLength: 5 }).map((segments) => segments.join('/'))
    fc.assert(
      fc.property(patterns, ids, (pattern, id) => {
        expect(matches(pattern, id)).toBe(naive(pattern.split('/'), id.split('/')))
      }),
      runs(3000),
    )
  })

  test('a pattern with its wildcards filled matches', () => {
    const pieces = fc.constantFrom(['**', ''], ['**/', 'x/y/'], ['*', 'a'], ['a', 'a'], ['/', '/'])
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 6 }), (parts) => {
        const pattern = parts.map(([glob]) => glob).join('')
        const id = parts.map(([, text]) => text).join('')
        if (parseGlob(pattern).kind !== 'error')
          expect(matches(pattern, id)).toBe(naive(pattern.split('/'), id.split('/')))
      }),
      runs(1000),
    )
  })

  test('globs made to backtrack end soon', () => {
    expect(matches(`${'/**/a'.repeat(500)}/b`, '/a'.repeat(5_000))).toBe(false)
    expect(matches(`/${'*a'.repeat(500)}b/**`, `/${'a'.repeat(50_000)}`)).toBe(false)
    expect(matches('/**/x', '/y'.repeat(300_000))).toBe(false)
  })
})
