/** Tests of decimals: reading, printing and their limits, as cedar-wasm 4.13 has them. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseDecimal, printDecimal } from '../../src/values/decimal.ts'
import { longs, runs } from './arbitrary.ts'

const decimal = (value: bigint) => ({ kind: 'decimal' as const, value })
const MALFORMED = 'is not a well-formed decimal value'
const OVERFLOW = 'overflow when converting to decimal'

describe('decimal', () => {
  test.each([
    ['1.0', 10000n],
    ['1.0000', 10000n],
    ['01.10', 11000n],
    ['-0.0', 0n],
    ['-0.5', -5000n],
    ['-0.0001', -1n],
    ['922337203685477.5807', 2n ** 63n - 1n],
    ['-922337203685477.5808', -(2n ** 63n)],
    [`${'0'.repeat(1_000_000)}1.5`, 15000n],
  ])('%s is exact', (text, value) => {
    expect(parseDecimal(text)).toEqual(decimal(value))
  })

  test.each([
    '1',
    '.5',
    '5.',
    '+1.0',
    '--1.0',
    '-.1',
    '',
    '.',
    '-',
    '1.0\n',
    ' 1.0',
    '1.0.0',
    '1.0.',
    'a`b',
    '1e3',
    '1.x',
  ])('%j is malformed', (text) => {
    expect(parseDecimal(text)).toBe(`\`${text}\` ${MALFORMED}`)
  })

  test.each(['1.12345', '1.00000', '922337203685477.58080', '-0.00001', '1.٣٣٣'])('%s has too many digits', (text) => {
    expect(parseDecimal(text)).toBe(`too many digits after the decimal in \`${text}\``)
  })

  test.each(['922337203685477.5808', '-922337203685477.5809', '99999999999999999999.00000', '٣.٣', '1.٣٣', '１.0'])(
    '%s overflows',
    (text) => {
      expect(parseDecimal(text)).toBe(OVERFLOW)
    },
  )

  test('millions of digits end in an error, not in a hang or a crash', () => {
    expect(parseDecimal(`${'9'.repeat(2_000_000)}.1`)).toBe(OVERFLOW)
    expect(parseDecimal(`${'٣'.repeat(2_000_000)}.1`)).toBe(OVERFLOW)
    expect(parseDecimal(`1.${'1'.repeat(2_000_000)}`)).toContain('too many digits')
    expect(parseDecimal('.'.repeat(2_000_000))).toContain(MALFORMED)
  })

  test('at least one digit is printed after the point, and no more than needed', () => {
    expect([10000n, -5000n, 1n, 0n, 12300n, -(2n ** 63n)].map((v) => printDecimal(decimal(v)))).toEqual([
      '1.0',
      '-0.5',
      '0.0001',
      '0.0',
      '1.23',
      '-922337203685477.5808',
    ])
  })

  test('reading what was printed gives the same decimal', () => {
    fc.assert(
      fc.property(longs, (value) => {
        expect(parseDecimal(printDecimal(decimal(value)))).toEqual(decimal(value))
      }),
      runs(500),
    )
  })
})
