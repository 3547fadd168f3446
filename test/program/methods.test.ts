/**
 * The methods of rules: results, failures, and that no result is ill-formed.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { callMethod, isFailure, METHODS } from '../../src/program/methods.ts'
import { entityUid, type Value } from '../../src/values/value.ts'

const call = (method: string, receiver: Value, ...args: Value[]): unknown => {
  const result = callMethod(method, receiver, args)
  return isFailure(result) ? `failure: ${result.message}` : result
}

describe('methods', () => {
  test('strings are tested by prefix, suffix, part, glob and Cedar pattern', () => {
    expect(call('starts_with', 'abc', 'ab')).toBe(true)
    expect(call('ends_with', 'abc', 'ab')).toBe(false)
    expect(call('contains', 'abc', 'b')).toBe(true)
    expect(call('matches', '/a/b', '/a/*')).toBe(true)
    expect(call('matches', '/a/b/c', '/a/*')).toBe(false)
    expect(call('matches', '/a/b/c', '/a/**')).toBe(true)
    expect(call('like', '/a/b/c', '/a/*')).toBe(true)
    expect(call('like', 'a*c', 'a\\*c')).toBe(true)
  })

  test('a malformed glob is a failure, not a mismatch', () => {
    expect(call('matches', 'a', 'a**b')).toMatch(/^failure: /)
  })

  test('`under` goes by whole segments of normalised paths', () => {
    expect(call('under', '/a/b', '/a')).toBe(true)
    expect(call('under', '/ab', '/a')).toBe(false)
    expect(call('under', '/a/../b', '/a')).toBe(false)
    expect(call('under', '/a', '/a/')).toBe(true)
    expect(call('under', 'relative', '/a')).toMatch(/^failure: /)
  })

  test('`length` and `substring` go by Unicode scalars', () => {
    expect(call('length', 'a😀b')).toBe(3n)
    expect(call('substring', 'a😀b', 1n, 2n)).toBe('😀')
    expect(call('substring', 'a😀b', 2n, 3n)).toBe('b')
  })

  test('what `substring` reaches behind the end is empty; a range that is none is a failure', () => {
    expect(call('substring', 'abc', 1n, 99n)).toBe('bc')
    expect(call('substring', 'abc', 5n, 9n)).toBe('')
    expect(call('substring', 'abc', 2n, 1n)).toMatch(/^failure: /)
    expect(call('substring', 'abc', -1n, 1n)).toMatch(/^failure: /)
    expect(call('substring', 'abc', 0n, 2n ** 63n - 1n)).toBe('abc')
  })

  test('texts are changed by `lower`, `upper`, `trim`, `replace` and `concat`', () => {
    expect(call('lower', 'ÀB')).toBe('àb')
    expect(call('upper', 'ab')).toBe('AB')
    expect(call('trim', ' a\t')).toBe('a')
    expect(call('replace', 'a.b.c', '.', '$&')).toBe('a$&b$&c')
    expect(call('concat', 'a', 'b')).toBe('ab')
  })

  test('`replace` of an empty text is a failure: it would part characters', () => {
    expect(call('replace', 'a😀', '', '-')).toMatch(/^failure: /)
  })

  test('a result that grows without bound is a failure', () => {
    const long = 'a'.repeat(1 << 23)
    expect(call('concat', long, `${long}b`)).toMatch(/^failure: /)
    expect(call('replace', long, 'a', 'bbb')).toMatch(/^failure: /)
  })

  test('entities have an id and a type', () => {
    expect(call('id', entityUid('Ns::User', 'a'))).toBe('a')
    expect(call('type', entityUid('Ns::User', 'a'))).toBe('Ns::User')
    expect(call('id', 'a')).toBe('failure: `id` is called on a string, and is defined on a entity')
  })

  test("extension values have Cedar's methods, with Cedar's failures", () => {
    expect(call('lessThan', { kind: 'decimal', value: 1n }, { kind: 'decimal', value: 2n })).toBe(true)
    expect(call('toSeconds', { kind: 'duration', value: 2500n })).toBe(2n)
    expect(call('offset', { kind: 'datetime', value: 2n ** 63n - 1n }, { kind: 'duration', value: 1n })).toMatch(
      /overflows/,
    )
  })

  test('a wrong receiver, a wrong argument, a wrong number of them and an unknown name are failures', () => {
    expect(call('length', 1n)).toMatch(/^failure: /)
    expect(call('contains', 'a', 1n)).toMatch(/^failure: /)
    expect(call('contains', 'a')).toMatch(/^failure: /)
    expect(call('__proto__', 'a')).toMatch(/^failure: /)
    expect(call('constructor', 'a')).toMatch(/^failure: /)
  })

  test('no method makes an ill-formed text of well-formed ones', () => {
    const text = fc.string({ unit: 'binary' })
    const texts = [...METHODS.values()].filter(({ result, receiver }) => result === 'string' && receiver === 'string')
    fc.assert(
      fc.property(text, text, text, fc.bigInt(0n, 9n), fc.constantFrom(...texts), (a, b, c, n, method) => {
        const args: Value[] = method.parameters.map((kind, i) => (kind === 'long' ? n + BigInt(i) : i === 0 ? b : c))
        const result = callMethod(method.name, a, args)
        return isFailure(result) || (typeof result === 'string' && result.isWellFormed())
      }),
      { numRuns: 300 * Number(process.env['RUNE_FUZZ'] ?? 1) },
    )
  })
})
