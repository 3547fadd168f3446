/** Tests of the order of strings and of all values: that it is total and agrees with equality. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { equal } from '../../src/values/equality.ts'
import { compareScalars, compareValues, sortedElements, sortedFields } from '../../src/values/order.ts'
import type { Value } from '../../src/values/value.ts'
import { entityUid } from '../../src/values/value.ts'
import { fewValues, runs, strings, values } from './arbitrary.ts'

/** The order of scalars, taken literally. */
function naive(a: string, b: string): number {
  const [x, y] = [a, b].map((text) => Array.from(text, (c) => c.codePointAt(0) ?? 0)) as [number[], number[]]
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const difference = (x[i] ?? 0) - (y[i] ?? 0)
    if (difference !== 0) return difference
  }
  return x.length - y.length
}

describe('the order of strings', () => {
  test('is that of Unicode scalars, not of UTF-16 units', () => {
    expect('\uffff' < '😀').toBe(false)
    expect(compareScalars('\uffff', '😀')).toBeLessThan(0)
    expect(compareScalars('😀', '\uffff')).toBeGreaterThan(0)
    expect(compareScalars('😀', '😁')).toBeLessThan(0)
    expect(compareScalars('a', 'ab')).toBeLessThan(0)
    expect(compareScalars('', '\0')).toBeLessThan(0)
  })

  test('agrees with comparing scalar by scalar', () => {
    fc.assert(
      fc.property(strings, strings, strings, (prefix, a, b) => {
        expect(Math.sign(compareScalars(prefix + a, prefix + b))).toBe(Math.sign(naive(a, b)))
      }),
      runs(1000),
    )
  })
})

describe.each([
  ['all values', values],
  ['values that are often equal', fewValues],
])('the order of %s', (_, arbitrary) => {
  test('is antisymmetric, and zero exactly between equal values', () => {
    fc.assert(
      fc.property(arbitrary, arbitrary, (a, b) => {
        expect(Math.sign(compareValues(a, b)) + Math.sign(compareValues(b, a))).toBe(0)
        expect(compareValues(a, b) === 0).toBe(equal(a, b))
        expect(compareValues(a, a)).toBe(0)
      }),
      runs(1000),
    )
  })

  test('is transitive', () => {
    fc.assert(
      fc.property(arbitrary, arbitrary, arbitrary, (a, b, c) => {
        const [x, y, z] = [a, b, c].sort(compareValues) as [Value, Value, Value]
        expect(compareValues(x, y) <= 0 && compareValues(y, z) <= 0 && compareValues(x, z) <= 0).toBe(true)
      }),
      runs(1000),
    )
  })
})

describe('sorted parts', () => {
  test('kinds come first, then values', () => {
    const sorted = [false, true, -1n, 2n, -0.5, 1, '', 'a', entityUid('A', 'z'), entityUid('B', 'a')]
    expect([...sorted].reverse().sort(compareValues)).toEqual(sorted)
  })

  test('a set is listed without repetition, a record by its keys', () => {
    expect(sortedElements({ kind: 'set', elements: [2n, 1n, 2n, '1', 1] })).toEqual([1n, 2n, 1, '1'])
    expect(
      sortedFields({
        kind: 'record',
        fields: new Map([
          ['😀', 1n],
          ['\uffff', 2n],
          ['__proto__', 3n],
        ]),
      }),
    ).toEqual([
      ['__proto__', 3n],
      ['\uffff', 2n],
      ['😀', 1n],
    ])
  })
})
