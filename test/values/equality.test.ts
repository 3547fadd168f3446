/** Tests of equality and canonical keys, held against a naive definition. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalKey, equal } from '../../src/values/equality.ts'
import { printValue } from '../../src/values/print.ts'
import type { Value } from '../../src/values/value.ts'
import { entityUid, kindOf } from '../../src/values/value.ts'
import { fewValues, runs, values } from './arbitrary.ts'

const set = (...elements: Value[]): Value => ({ kind: 'set', elements })
const record = (...fields: [string, Value][]): Value => ({ kind: 'record', fields: new Map(fields) })

/** Equality by its definition: sets by mutual containment. */
function naive(a: Value, b: Value): boolean {
  if (kindOf(a) !== kindOf(b)) return false
  if (typeof a !== 'object' || typeof b !== 'object') return a === b
  if (a.kind === 'set' && b.kind === 'set') {
    const within = (xs: readonly Value[], ys: readonly Value[]) => xs.every((x) => ys.some((y) => naive(x, y)))
    return within(a.elements, b.elements) && within(b.elements, a.elements)
  }
  if (a.kind === 'record' && b.kind === 'record') {
    const keys = new Set([...a.fields.keys(), ...b.fields.keys()])
    return [...keys].every((key) => {
      const [x, y] = [a.fields.get(key), b.fields.get(key)]
      return x !== undefined && y !== undefined && naive(x, y)
    })
  }
  const plain = (v: object) =>
    Object.entries(v)
      .map(([key, field]) => `${key}=${String(field)}`)
      .sort()
      .join('\n')
  return plain(a) === plain(b)
}

/** A row with its values as a title prints them. */
function titled([a, b]: [Value, Value]): [string, string, Value, Value] {
  return [printValue(a), printValue(b), a, b]
}

describe('equality', () => {
  test.each(
    (
      [
        [set(1n, 2n), set(2n, 1n, 1n)],
        [set(set(1n)), set(set(1n, 1n))],
        [set(1n, set(2n), record(['a', 3n])), set(record(['a', 3n]), set(2n), 1n)],
        [record(['a', 1n], ['b', 2n]), record(['b', 2n], ['a', 1n])],
        [entityUid('U', 'a'), entityUid('U', 'a')],
        [0, -0],
      ] as [Value, Value][]
    ).map(titled),
  )('%s equals %s', (_, __, a, b) => {
    expect(equal(a, b)).toBe(true)
    expect(canonicalKey(a)).toBe(canonicalKey(b))
  })

  test.each(
    (
      [
        [1n, 1],
        [1n, '1'],
        [1n, true],
        [true, 'true'],
        [set(), record()],
        [set(1n), set(1)],
        [set('ab'), set('a', 'b')],
        [set('a', set()), set('a')],
        [record(['a', 1n]), record(['a', 1n], ['b', 2n])],
        [record(['__proto__', 1n]), record()],
        [record(['a', 'b;']), record(['a;', 'b'])],
        [entityUid('U', 'a'), entityUid('G', 'a')],
        [entityUid('U', 'a'), 'U::"a"'],
        [entityUid('A', 'B::C'), entityUid('A::B', 'C')],
        [
          { kind: 'datetime', value: 0n },
          { kind: 'duration', value: 0n },
        ],
        [
          { kind: 'ipaddr', version: 4, bits: 1n, prefix: 24 },
          { kind: 'ipaddr', version: 4, bits: 2n, prefix: 24 },
        ],
        [
          { kind: 'ipaddr', version: 4, bits: 0n, prefix: 0 },
          { kind: 'ipaddr', version: 6, bits: 0n, prefix: 0 },
        ],
        ['s1;a', 'a'],
      ] as [Value, Value][]
    ).map(titled),
  )('%s differs from %s', (_, __, a, b) => {
    expect(equal(a, b)).toBe(false)
    expect(canonicalKey(a)).not.toBe(canonicalKey(b))
  })

  test.each([
    ['all values', values, 1000],
    ['values that are often equal', fewValues, 3000],
  ] as const)('two of %s are equal exactly if they share their key', (_, arbitrary, count) => {
    fc.assert(
      fc.property(arbitrary, arbitrary, (a, b) => {
        expect(equal(a, b)).toBe(naive(a, b))
        expect(canonicalKey(a) === canonicalKey(b)).toBe(naive(a, b))
        expect(equal(a, a)).toBe(true)
      }),
      runs(count),
    )
  })

  test('sets of a hundred thousand elements are compared in linear time', () => {
    const elements = Array.from({ length: 100_000 }, (_, i) => BigInt(i))
    expect(equal(set(...elements), { kind: 'set', elements: elements.toReversed() })).toBe(true)
    expect(equal({ kind: 'set', elements }, { kind: 'set', elements: elements.slice(1) })).toBe(false)
  })
})
