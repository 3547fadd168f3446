/** Random values of every kind, for properties of the image. */
import fc from 'fast-check'
import { canonicalKey } from '../../src/values/equality.ts'
import type { Value } from '../../src/values/value.ts'

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('', '__proto__', '\0', 'a', '😀', 'x'.repeat(300)),
)
const long = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -3n, max: 3n }),
  fc.constantFrom(2n ** 26n, 2n ** 26n - 1n, -(2n ** 26n), -(2n ** 26n) - 1n, 2n ** 53n, 2n ** 53n + 1n),
)

/** Any value; sets and records nest up to three deep. */
export const anyValue: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    text,
    long,
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (n === 0 ? 0 : n)),
    fc.record({ kind: fc.constant('entity' as const), type: fc.constantFrom('User', 'A::B'), id: text }),
    fc.record({ kind: fc.constantFrom('decimal' as const, 'datetime' as const, 'duration' as const), value: long }),
    fc.record({
      kind: fc.constant('ipaddr' as const),
      version: fc.constant(6 as const),
      bits: fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
      prefix: fc.integer({ min: 0, max: 128 }),
    }),
    fc.array(tie('value'), { maxLength: 4 }).map((elements) => ({ kind: 'set' as const, elements })),
    fc
      .uniqueArray(fc.tuple(text, tie('value')), { maxLength: 4, selector: ([key]) => key })
      .map((fields) => ({ kind: 'record' as const, fields: new Map(fields) })),
  ),
})).value

/** Whether two values are the same, whatever their objects are. */
export function same(a: Value, b: Value): boolean {
  return canonicalKey(a) === canonicalKey(b)
}
