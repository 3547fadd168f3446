/** Tests of durations: reading, printing, whole units and overflow, as cedar-wasm 4.13 has them. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseDuration, printDuration, wholeUnits } from '../../src/values/duration.ts'
import { longs, runs } from './arbitrary.ts'

const duration = (value: bigint) => ({ kind: 'duration' as const, value })

describe('duration', () => {
  test.each([
    ['1h', 3_600_000n],
    ['60m', 3_600_000n],
    ['1d2h3m4s5ms', 93_784_005n],
    ['-1d12h', -129_600_000n],
    ['-0ms', 0n],
    ['00000000000000000000000000001ms', 1n],
    ['9223372036854775807ms', 2n ** 63n - 1n],
    ['-9223372036854775808ms', -(2n ** 63n)],
    ['-106751991167d7h12m55s808ms', -(2n ** 63n)],
  ])('%s is exact', (text, value) => {
    expect(parseDuration(text)).toEqual(duration(value))
  })

  test.each(['', '-', '1', 's', '+1ms', '--1s', '1d1d', '1h1d', '1ms1s', '-1d-1h', '1d ', '1d\n', '1D', '1.5s', '٣s'])(
    '%j is no duration',
    (text) => {
      expect(parseDuration(text)).toBe('invalid duration pattern')
    },
  )

  test.each([
    '9223372036854775808ms',
    '-9223372036854775809ms',
    '106751991168d',
    '106751991167d7h12m55s808ms',
    '18446744073709551616ms',
    '9'.repeat(1_000_000).concat('s'),
  ])('%.40s overflows', (text) => {
    expect(parseDuration(text)).toBe('Duration overflows internal representation')
  })

  test('the largest units are printed', () => {
    expect([0n, 5_400_000n, -1n, -(2n ** 63n)].map((v) => printDuration(duration(v)))).toEqual([
      '0ms',
      '1h30m',
      '-1ms',
      '-106751991167d7h12m55s808ms',
    ])
  })

  test('reading what was printed gives the same duration', () => {
    fc.assert(
      fc.property(longs, (value) => {
        expect(parseDuration(printDuration(duration(value)))).toEqual(duration(value))
      }),
      runs(500),
    )
  })

  test('whole units are truncated toward zero, as by dividing step by step', () => {
    fc.assert(
      fc.property(longs, (value) => {
        const seconds = value / 1000n
        const steps = [value, seconds, seconds / 60n, seconds / 60n / 60n, seconds / 60n / 60n / 24n]
        const units = ['ms', 's', 'm', 'h', 'd'] as const
        expect(units.map((unit) => wholeUnits(duration(value), unit))).toEqual(steps)
      }),
      runs(300),
    )
  })
})
