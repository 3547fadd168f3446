/**
 * Values as Cedar and Datalog know them, outside of the image: what parsers make, what queries return, what the oracle
 * computes with. Inside the image a value is a `ValueId` (see `src/image`). Spec: LANGUAGE section 2, Cedar's "Data types".
 */

/**
 * A value. JavaScript's primitives stand for the primitive types: `string` (well-formed) for String, `bigint` (signed 64
 * bits) for Long, `boolean` for Bool, `number` (finite, never `-0`) for Float. All else is an object with a `kind`.
 */
export type Value = string | bigint | boolean | number | EntityUid | Extension | SetValue | RecordValue

/** `type` is the normalised name (`Ns::T`), `id` any well-formed string. */
export interface EntityUid {
  readonly kind: 'entity'
  readonly type: string
  readonly id: string
}

export type Extension = Decimal | IpAddr | Datetime | Duration

/** `value` is the number times 10⁴, signed 64 bits. */
export interface Decimal {
  readonly kind: 'decimal'
  readonly value: bigint
}

/** An address and a prefix length; `bits` is the address as an unsigned integer of 32 (v4) or 128 (v6) bits. */
export interface IpAddr {
  readonly kind: 'ipaddr'
  readonly version: 4 | 6
  readonly bits: bigint
  readonly prefix: number
}

/** `value` is milliseconds since 1970-01-01T00:00:00Z, signed 64 bits. */
export interface Datetime {
  readonly kind: 'datetime'
  readonly value: bigint
}

/** `value` is milliseconds, signed 64 bits. */
export interface Duration {
  readonly kind: 'duration'
  readonly value: bigint
}

/** Elements in any order; equal elements may repeat: compare sets with `equal`, not element by element. */
export interface SetValue {
  readonly kind: 'set'
  readonly elements: readonly Value[]
}

/** A `Map`, so that no key (`__proto__`) is special. */
export interface RecordValue {
  readonly kind: 'record'
  readonly fields: ReadonlyMap<string, Value>
}

/** The name of a value's type as messages print it; entities are `entity`. */
export type ValueKind =
  | 'string'
  | 'long'
  | 'bool'
  | 'float'
  | 'entity'
  | 'decimal'
  | 'ipaddr'
  | 'datetime'
  | 'duration'
  | 'set'
  | 'record'

/** The kind of `value`. */
export function kindOf(value: Value): ValueKind {
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'bigint':
      return 'long'
    case 'boolean':
      return 'bool'
    case 'number':
      return 'float'
    default:
      return value.kind
  }
}

/** An entity uid; `type` is taken as it is. */
export function entityUid(type: string, id: string): EntityUid {
  return { kind: 'entity', type, id }
}
