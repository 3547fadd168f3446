/** Tests of values as literals and as JSON text. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { equal } from '../../src/values/equality.ts'
import { callExtension, EXTENSION_FUNCTIONS } from '../../src/values/extension.ts'
import { printFloat, printValue, toJsonText } from '../../src/values/print.ts'
import type { Value } from '../../src/values/value.ts'
import { entityUid } from '../../src/values/value.ts'
import { fewValues, floats, runs, values } from './arbitrary.ts'

const record = (...fields: [string, Value][]): Value => ({ kind: 'record', fields: new Map(fields) })

describe('values as literals', () => {
  test.each(
    (
      [
        ['a"\n', '"a\\"\\n"'],
        [-9223372036854775808n, '-9223372036854775808'],
        [true, 'true'],
        [1, '1.0'],
        [1e21, '1e21'],
        [5e-324, '5e-324'],
        [-1.5, '-1.5'],
        [entityUid('Ns::T', 'x"'), 'Ns::T::"x\\""'],
        [{ kind: 'decimal', value: 12300n }, 'decimal("1.23")'],
        [{ kind: 'ipaddr', version: 4, bits: 0x0a000000n, prefix: 8 }, 'ip("10.0.0.0/8")'],
        [{ kind: 'datetime', value: 0n }, 'datetime("1970-01-01")'],
        [{ kind: 'duration', value: 5_400_000n }, 'duration("1h30m")'],
        [{ kind: 'datetime', value: 2n ** 62n }, 'datetime("1970-01-01").offset(duration("4611686018427387904ms"))'],
        [{ kind: 'set', elements: ['b', 'a', 'b', 1n] }, '[1, "a", "b"]'],
        [record(['b', 1n], ['__proto__', record()]), '{"__proto__": {}, "b": 1}'],
      ] as [Value, string][]
    ).map(([value, text]) => [text, value] as const),
  )('%s', (text, value) => {
    expect(printValue(value)).toBe(text)
  })

  test('a float is never printed as an integer, and reads as the same float', () => {
    fc.assert(
      fc.property(floats, (float) => {
        expect(printFloat(float)).toMatch(/[.e]/)
        expect(Number(printFloat(float))).toBe(float)
      }),
      runs(500),
    )
  })

  test('equal values print alike, others differ', () => {
    fc.assert(
      fc.property(fewValues, fewValues, (a, b) => {
        expect(printValue(a) === printValue(b)).toBe(equal(a, b))
      }),
      runs(1000),
    )
  })
})

describe('values as JSON', () => {
  test.each(
    (
      [
        ['a"\u2028', JSON.stringify('a"\u2028')],
        [9007199254740993n, '9007199254740993'],
        [false, 'false'],
        [1, '1.0'],
        [entityUid('T', 'x'), '{"__entity":{"type":"T","id":"x"}}'],
        [{ kind: 'ipaddr', version: 6, bits: 1n, prefix: 128 }, '{"__extn":{"fn":"ip","arg":"::1"}}'],
        [
          { kind: 'datetime', value: -(2n ** 63n) },
          '{"__extn":{"fn":"offset","args":[{"__extn":{"fn":"datetime","arg":"1970-01-01"}},{"__extn":{"fn":"duration","arg":"-9223372036854775808ms"}}]}}',
        ],
        [{ kind: 'set', elements: [2n, 1n, 2n] }, '[1,2]'],
        [record(['__proto__', 1n], ['a', 2n]), '{"__proto__":1,"a":2}'],
      ] as [Value, string][]
    ).map(([value, text]) => [text, value] as const),
  )('%s', (text, value) => {
    expect(toJsonText(value)).toBe(text)
  })

  test('the text is JSON, and its escapes read as the same value', () => {
    fc.assert(
      fc.property(values, (value) => {
        const json: unknown = JSON.parse(toJsonText(value))
        if (typeof value === 'object' && value.kind !== 'record')
          expect(equal(fromJson(json), canonical(value))).toBe(true)
      }),
      runs(1000),
    )
  })
})

/** The value without its inner sets and records, whose numbers `JSON.parse` rounds. */
function canonical(value: Value): Value {
  return typeof value === 'object' && value.kind === 'set' ? '' : value
}

function fromJson(json: unknown): Value {
  const object = json as {
    __entity?: { type: string; id: string }
    __extn?: { fn: string; arg?: unknown; args?: unknown[] }
  }
  if (typeof json === 'string') return json
  if (object.__entity) return entityUid(object.__entity.type, object.__entity.id)
  const f = EXTENSION_FUNCTIONS.get(object.__extn?.fn ?? '')
  const args = object.__extn?.args ?? [object.__extn?.arg]
  return f ? callExtension(f, args.map(fromJson)) : ''
}
