/** Tests of Longs: range, division and reading. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  checkedLong,
  divideLong,
  inLongRange,
  LONG_MAX,
  LONG_MIN,
  parseLong,
  remainderLong,
} from '../../src/values/long.ts'
import { longs, runs } from './arbitrary.ts'

describe('long', () => {
  test('the range is that of signed 64-bit integers', () => {
    expect(LONG_MAX).toBe(9223372036854775807n)
    expect(LONG_MIN).toBe(-9223372036854775808n)
    expect([LONG_MIN - 1n, LONG_MIN, LONG_MAX, LONG_MAX + 1n].map(inLongRange)).toEqual([false, true, true, false])
  })

  test('an overflow has no result, it never wraps', () => {
    expect(checkedLong(LONG_MAX + 1n)).toBeUndefined()
    expect(checkedLong(-LONG_MIN)).toBeUndefined()
    expect(checkedLong(LONG_MAX * 1n)).toBe(LONG_MAX)
  })

  test('division truncates toward zero, and the remainder has the sign of the dividend', () => {
    expect([divideLong(7n, -2n), divideLong(-7n, 2n)]).toEqual([-3n, -3n])
    expect([remainderLong(7n, -2n), remainderLong(-7n, 2n)]).toEqual([1n, -1n])
  })

  test('a zero divisor and the one quotient out of range have no result', () => {
    expect([divideLong(1n, 0n), remainderLong(1n, 0n)]).toEqual([undefined, undefined])
    expect([divideLong(LONG_MIN, -1n), remainderLong(LONG_MIN, -1n)]).toEqual([undefined, undefined])
  })

  test('reading what was printed gives the same Long', () => {
    fc.assert(
      fc.property(longs, (n) => parseLong(String(n)) === n),
      runs(300),
    )
  })

  test.each(['', '-', '+1', ' 1', '1 ', '1\n', '1.0', '0x1', '1_0', '--1', '٣'])('%j is no Long', (text) => {
    expect(parseLong(text)).toBeUndefined()
  })

  test('leading zeros count for nothing, and numbers out of range are refused at any length', () => {
    expect(parseLong('-000')).toBe(0n)
    expect(parseLong(`${'0'.repeat(1_000_000)}9223372036854775807`)).toBe(LONG_MAX)
    expect(parseLong('9223372036854775808')).toBeUndefined()
    expect(parseLong('-9223372036854775808')).toBe(LONG_MIN)
    expect(parseLong('9'.repeat(5_000_000))).toBeUndefined()
    expect(parseLong(`${'0'.repeat(1_000_000)}x`)).toBeUndefined()
  })
})
