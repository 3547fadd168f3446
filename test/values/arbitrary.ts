/** Random values for the property tests of this folder, with hostile strings well represented. */
import fc from 'fast-check'
import type { Extension, Value } from '../../src/values/value.ts'

/** How many cases a property runs: `count` times the environment variable `RUNE_FUZZ`. */
export function runs(count: number): { numRuns: number } {
  return { numRuns: Math.max(1, Math.round(count * Number(process.env['RUNE_FUZZ'] ?? 1))) }
}

const HOSTILE = [
  '',
  '__proto__',
  'constructor',
  '\0',
  '\r\n',
  '"',
  '\\',
  '\\*',
  '*',
  '😀',
  '\uffff',
  '\u202e',
  '::"',
  'é',
]

/** Any well-formed string. */
export const strings = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', maxLength: 8 }), fc.string())

/** Strings of few characters, so that patterns hit. */
export function stringsOf(...units: string[]): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...units), maxLength: 10 })
}

export const longs = fc.oneof(
  fc.bigInt({ min: -3n, max: 3n }),
  fc.constantFrom(2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
)

export const floats = fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0)

const addresses: fc.Arbitrary<Extension> = fc.oneof(
  fc.record({
    kind: fc.constant('ipaddr' as const),
    version: fc.constant(4 as const),
    bits: fc.oneof(fc.bigInt({ min: 0n, max: 3n }), fc.bigInt({ min: 0n, max: 2n ** 32n - 1n })),
    prefix: fc.oneof(fc.constant(32), fc.nat(32)),
  }),
  fc.record({
    kind: fc.constant('ipaddr' as const),
    version: fc.constant(6 as const),
    bits: fc
      .array(fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 0xffffn })), { minLength: 8, maxLength: 8 })
      .map((groups) => groups.reduce((bits, group) => (bits << 16n) | group)),
    prefix: fc.oneof(fc.constant(128), fc.nat(128)),
  }),
)

export const extensions: fc.Arbitrary<Extension> = fc.oneof(
  addresses,
  fc.record({ kind: fc.constantFrom('decimal' as const, 'datetime' as const, 'duration' as const), value: longs }),
)

const names = fc.constantFrom('User', 'Ns::User', 'A::B::C')

/** Any value, nested a few levels. */
export const values: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    strings,
    longs,
    fc.boolean(),
    floats,
    fc.record({ kind: fc.constant('entity' as const), type: names, id: strings }),
    extensions,
    fc.record({ kind: fc.constant('set' as const), elements: fc.array(tie('value'), { maxLength: 4 }) }),
    fc
      .array(fc.tuple(strings, tie('value')), { maxLength: 4 })
      .map((fields) => ({ kind: 'record' as const, fields: new Map(fields) })),
  ),
})).value

/** Values of a small universe, so that two of them are often equal. */
export const fewValues: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<Value>('1', '', 'l1;', 1n, 0n, true, 1, 0),
    fc.record({ kind: fc.constant('entity' as const), type: fc.constantFrom('A', 'B'), id: fc.constantFrom('', 'A') }),
    fc.record({ kind: fc.constantFrom('decimal' as const, 'datetime' as const), value: fc.constantFrom(0n, 1n) }),
    fc.record({ kind: fc.constant('set' as const), elements: fc.array(tie('value'), { maxLength: 3 }) }),
    fc
      .array(fc.tuple(fc.constantFrom('a', '', '__proto__'), tie('value')), { maxLength: 3 })
      .map((fields) => ({ kind: 'record' as const, fields: new Map(fields) })),
  ),
})).value
