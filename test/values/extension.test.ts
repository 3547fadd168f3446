/** Tests of the table of extension functions: results, kinds and messages as cedar-wasm 4.13 has them. */
import { describe, expect, test } from 'vitest'
import { callExtension, EXTENSION_FUNCTIONS } from '../../src/values/extension.ts'
import { printValue } from '../../src/values/print.ts'
import type { Value } from '../../src/values/value.ts'
import { entityUid } from '../../src/values/value.ts'

function call(name: string, ...args: Value[]): Value {
  const f = EXTENSION_FUNCTIONS.get(name)
  if (!f) throw new Error(`no function ${name}`)
  return callExtension(f, args)
}

const at = (text: string) => call('datetime', text)
const span = (text: string) => call('duration', text)
const ip = (text: string) => call('ip', text)
const decimal = (text: string) => call('decimal', text)

describe('the table of extension functions', () => {
  test('constructors are functions, all else are methods', () => {
    const functions = [...EXTENSION_FUNCTIONS.values()].filter((f) => f.style === 'function').map((f) => f.name)
    expect(functions.sort()).toEqual(['datetime', 'decimal', 'duration', 'ip', 'unknown'])
    expect(EXTENSION_FUNCTIONS.size).toBe(23)
  })

  test('names of JavaScript are no functions', () => {
    expect(['__proto__', 'constructor', 'toString', ''].map((name) => EXTENSION_FUNCTIONS.get(name))).toEqual(
      new Array(4).fill(undefined),
    )
  })

  test.each([
    ['lessThan', [decimal('-0.5'), decimal('0.0')], true],
    ['lessThan', [decimal('1.0'), decimal('1.0000')], false],
    ['lessThanOrEqual', [decimal('1.0'), decimal('1.0000')], true],
    ['greaterThan', [decimal('1.1'), decimal('1.01')], true],
    ['greaterThanOrEqual', [decimal('1.0'), decimal('1.1')], false],
    ['isIpv4', [ip('10.0.0.0/8')], true],
    ['isIpv4', [ip('::')], false],
    ['isIpv6', [ip('::')], true],
    ['isLoopback', [ip('127.0.0.1')], true],
    ['isMulticast', [ip('ff00::')], true],
    ['isInRange', [ip('10.0.0.1'), ip('10.0.0.0/8')], true],
    ['offset', [at('2024-01-01'), span('-1ms')], at('2023-12-31T23:59:59.999Z')],
    ['durationSince', [at('2024-01-01'), at('2023-12-31')], span('1d')],
    ['toDate', [at('1969-12-31T12:00:00Z')], at('1969-12-31')],
    ['toTime', [at('1969-12-31T23:59:59.999Z')], span('86399999ms')],
    ['toMilliseconds', [span('1s')], 1000n],
    ['toSeconds', [span('-1500ms')], -1n],
    ['toMinutes', [span('90s')], 1n],
    ['toHours', [span('1d')], 24n],
    ['toDays', [span('-25h')], -1n],
  ] as [string, Value[], Value][])('%s', (name, args, expected) => {
    expect(call(name, ...args)).toEqual(expected)
  })

  test('the result has the kind that the table says', () => {
    for (const f of EXTENSION_FUNCTIONS.values()) {
      const samples: Record<string, Value> = {
        decimal: decimal('1.0'),
        ipaddr: ip('::1'),
        datetime: at('2024-01-01'),
        duration: span('1d'),
      }
      if (f.style === 'function') continue
      const result = callExtension(
        f,
        f.parameters.map((kind) => samples[kind] ?? ''),
      )
      const kind = typeof result === 'object' ? result.kind : typeof result === 'bigint' ? 'long' : 'bool'
      expect([f.name, kind, typeof result]).toEqual([f.name, f.result, typeof result])
      expect(typeof result).not.toBe('string')
    }
  })
})

describe('errors of extension functions are worded as by Cedar', () => {
  test.each([
    ['decimal', ['1'], 'error while evaluating `decimal` extension function: `1` is not a well-formed decimal value'],
    ['ip', ['zz'], 'error while evaluating `ipaddr` extension function: invalid IP address: zz'],
    ['datetime', ['a'], 'error while evaluating `datetime` extension function: invalid date pattern'],
    ['duration', [''], 'error while evaluating `duration` extension function: invalid duration pattern'],
    ['ip', [1n], 'type error: expected string, got long'],
    ['ip', [], 'wrong number of arguments provided to extension function `ip`: expected 1, got 0'],
    ['ip', ['1.2.3.4', 'x'], 'wrong number of arguments provided to extension function `ip`: expected 1, got 2'],
    [
      'isInRange',
      [ip('::'), ip('::'), ip('::')],
      'wrong number of arguments provided to extension function `isInRange`: expected 2, got 3',
    ],
    ['isIpv4', [entityUid('U', 'a')], 'type error: expected ipaddr, got (entity of type `U`)'],
    ['isIpv4', [decimal('1.0')], 'type error: expected ipaddr, got decimal'],
    ['lessThan', ['1.0', 1n], 'type error: expected decimal, got string'],
    ['lessThan', [decimal('1.0'), true], 'type error: expected decimal, got bool'],
    ['toDate', [{ kind: 'set', elements: [] }], 'type error: expected datetime, got set'],
    ['toDate', [{ kind: 'record', fields: new Map() }], 'type error: expected datetime, got record'],
    ['toDate', [1.5], 'type error: expected datetime, got float'],
    ['unknown', ['x'], 'the expression contains unknown(s): `unknown("x")`'],
  ] as [string, Value[], string][])('%s', (name, args, message) => {
    expect(call(name, ...args)).toBe(message)
  })

  test('overflow names the method and shows the datetimes', () => {
    const last = call('offset', at('1970-01-01'), span('9223372036854775807ms'))
    const first = call('offset', at('1970-01-01'), span('-9223372036854775808ms'))
    expect(call('offset', last, span('1ms'))).toBe(
      'error while evaluating `offset` extension function: overflows when adding an offset: datetime("1970-01-01").offset(duration("9223372036854775807ms"))+(1ms)',
    )
    expect(call('durationSince', first, at('1970-01-02'))).toBe(
      'error while evaluating `durationSince` extension function: overflows when computing the duration between datetime("1970-01-01").offset(duration("-9223372036854775808ms")) and datetime("1970-01-01").offset(duration("86400000ms"))',
    )
    expect(call('toDate', first)).toBe(
      'error while evaluating `toDate` extension function: overflows when computing the date of datetime("1970-01-01").offset(duration("-9223372036854775808ms"))',
    )
    expect(printValue(first)).toBe('datetime("1970-01-01").offset(duration("-9223372036854775808ms"))')
  })
})
