/** Tests of datetimes: reading, printing and arithmetic, as `Date.UTC` and cedar-wasm 4.13 have them. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  dateOf,
  durationBetween,
  offsetDatetime,
  parseDatetime,
  printDatetime,
  timeOfDay,
} from '../../src/values/datetime.ts'
import { LONG_MAX, LONG_MIN } from '../../src/values/long.ts'
import { longs, runs } from './arbitrary.ts'

const datetime = (value: bigint) => ({ kind: 'datetime' as const, value })
const duration = (value: bigint) => ({ kind: 'duration' as const, value })
const DAY = 86_400_000n
const START = -62_167_219_200_000n
const END = 253_402_300_799_999n

describe('reading a datetime', () => {
  test.each([
    ['1970-01-01', 0n],
    ['1970-01-01T00:00:00Z', 0n],
    ['1970-01-01T00:00:00.001Z', 1n],
    ['1969-12-31T23:59:59.999Z', -1n],
    ['2024-01-01T00:00:00.000+0000', 1_704_067_200_000n],
    ['2024-01-01T01:30:00+0130', 1_704_067_200_000n],
    ['2023-12-31T22:30:00-0130', 1_704_067_200_000n],
    ['0000-01-01', START],
    ['0000-01-01T00:00:00+2359', START - 86_340_000n],
    ['9999-12-31T23:59:59.999Z', END],
    ['0000-02-29', START + 59n * DAY],
  ])('%s is exact', (text, value) => {
    expect(parseDatetime(text)).toEqual(datetime(value))
  })

  test.each([
    ['', 'invalid date pattern'],
    ['20240101', 'invalid date pattern'],
    ['+2024-01-01', 'invalid date pattern'],
    ['٢٠٢٤-01-01', 'invalid date pattern'],
    ['2024-02-30', 'invalid date: 2024-02-30'],
    ['1900-02-29', 'invalid date: 1900-02-29'],
    ['2024-04-31', 'invalid date: 2024-04-31'],
    ['2024-00-01', 'invalid date: 2024-00-01'],
    ['2024-01-00', 'invalid date: 2024-01-00'],
    ['2024-13-01T99:99:99Z', 'invalid date: 2024-13-01'],
    ['2024-01-01 ', 'invalid hour/minute/second pattern'],
    ['2024-01-01T00:00', 'invalid hour/minute/second pattern'],
    ['2024-01-01t00:00:00Z', 'invalid hour/minute/second pattern'],
    ['2024-01-01T00:00:60Z', 'invalid hour/minute/second: 00:00:60'],
    ['2024-01-01T24:00:00Z', 'invalid hour/minute/second: 24:00:00'],
    ['2024-01-01T25:00:00+9999', 'invalid hour/minute/second: 25:00:00'],
    ['2024-01-01T00:00:00', 'invalid millisecond and/or offset pattern'],
    ['2024-13-01T99:99:99', 'invalid millisecond and/or offset pattern'],
    ['2024-01-01T00:00:00.1Z', 'invalid millisecond and/or offset pattern'],
    ['2024-01-01T00:00:00+00:00', 'invalid millisecond and/or offset pattern'],
    ['2024-01-01T00:00:00Z\n', 'invalid millisecond and/or offset pattern'],
    ['2024-01-01T00:00:00+2400', 'invalid offset range: 240'],
    ['2024-01-01T00:00:00-0060', 'invalid offset range: 060'],
  ])('%j is refused', (text, message) => {
    expect(parseDatetime(text)).toBe(message)
  })

  test('the calendar is that of Date.UTC in the years 0000 to 9999', () => {
    fc.assert(
      fc.property(fc.integer({ min: Number(START), max: Number(END) }), (milliseconds) => {
        const text = new Date(milliseconds).toISOString()
        expect(parseDatetime(text)).toEqual(datetime(BigInt(milliseconds)))
      }),
      runs(2000),
    )
  })

  test('every day of every month exists exactly where Date.UTC has it', () => {
    for (const year of [0, 1, 4, 100, 400, 1600, 1700, 1900, 1999, 2000, 2023, 2024, 2100, 9999]) {
      for (let month = 1; month <= 12; month++) {
        for (let day = 1; day <= 32; day++) {
          const text = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`
          const date = new Date(0)
          date.setUTCFullYear(year, month - 1, day)
          const exists = date.getUTCMonth() === month - 1
          expect(parseDatetime(text)).toEqual(exists ? datetime(BigInt(date.getTime())) : `invalid date: ${text}`)
        }
      }
    }
  })
})

function pad(n: number, width: number): string {
  return String(n).padStart(width, '0')
}

describe('printing a datetime', () => {
  test('the shortest form is printed', () => {
    expect([0n, 1000n, 1n, START, END].map((v) => printDatetime(datetime(v)))).toEqual([
      '1970-01-01',
      '1970-01-01T00:00:01Z',
      '1970-01-01T00:00:00.001Z',
      '0000-01-01',
      '9999-12-31T23:59:59.999Z',
    ])
  })

  test('outside of the years 0000 to 9999 there is no text', () => {
    expect([START - 1n, END + 1n, LONG_MIN, LONG_MAX].map((v) => printDatetime(datetime(v)))).toEqual(
      new Array(4).fill(undefined),
    )
  })

  test('reading what was printed gives the same datetime', () => {
    const moments = fc.oneof(longs, fc.bigInt({ min: START, max: END }))
    fc.assert(
      fc.property(moments, (value) => {
        const text = printDatetime(datetime(value))
        if (text !== undefined) expect(parseDatetime(text)).toEqual(datetime(value))
        else expect(value < START || value > END).toBe(true)
      }),
      runs(1000),
    )
  })
})

describe('arithmetic of datetimes', () => {
  test('a sum or difference out of 64 bits has no result', () => {
    expect(offsetDatetime(datetime(LONG_MAX), duration(1n))).toBeUndefined()
    expect(durationBetween({ start: datetime(1n), end: datetime(LONG_MIN) })).toBeUndefined()
    expect(dateOf(datetime(LONG_MIN))).toBeUndefined()
  })

  test('date and time of day add up, also before 1970', () => {
    expect(dateOf(datetime(-1n))).toEqual(datetime(-DAY))
    expect(timeOfDay(datetime(-1n))).toEqual(duration(DAY - 1n))
    expect(timeOfDay(datetime(-DAY))).toEqual(duration(0n))
    fc.assert(
      fc.property(longs, (value) => {
        const time = timeOfDay(datetime(value))
        const date = dateOf(datetime(value))
        expect(time.value >= 0n && time.value < DAY).toBe(true)
        if (date) expect([date.value + time.value, date.value % DAY]).toEqual([value, 0n])
        else expect(value).toBeLessThan(LONG_MIN + DAY)
      }),
      runs(300),
    )
  })

  test('the duration from start to end leads from start to end', () => {
    fc.assert(
      fc.property(longs, longs, (a, b) => {
        const between = durationBetween({ start: datetime(a), end: datetime(b) })
        if (between) expect(offsetDatetime(datetime(a), between)).toEqual(datetime(b))
      }),
      runs(300),
    )
  })
})
