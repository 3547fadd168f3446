/**
 * A total order over all values, for stable output and for `<` on strings. Not Cedar's `<`, which is partial and typed.
 * Spec: LANGUAGE section 2 ("order … by Unicode scalars").
 */
import { unreachable } from '../text/assert.ts'
import type { RecordValue, SetValue, Value, ValueKind } from './value.ts'
import { kindOf } from './value.ts'

/** Negative, zero or positive as `a` is before, equal to or after `b` by Unicode scalars, not by UTF-16 units. */
export function compareScalars(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    // Surrogates, which start scalars above U+FFFF, belong after U+E000 to U+FFFF.
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1
  }
  return a.length - b.length
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff
}

/** Orders all values, kinds first; zero exactly for what `equal` calls equal. */
export function compareValues(a: Value, b: Value): number {
  if (a === b) return 0
  if (typeof a !== 'object' || typeof b !== 'object') {
    if (typeof a === 'string' && typeof b === 'string') return compareScalars(a, b)
    // Of one type, `<` orders them; `typeof` differs otherwise, and then so do the kinds.
    return compareKinds(a, b) || (a < b ? -1 : 1)
  }
  switch (a.kind) {
    case 'entity':
      return b.kind === a.kind ? compareScalars(a.type, b.type) || compareScalars(a.id, b.id) : compareKinds(a, b)
    case 'decimal':
    case 'datetime':
    case 'duration':
      return b.kind === a.kind ? compareBigints(a.value, b.value) : compareKinds(a, b)
    case 'ipaddr':
      if (b.kind !== a.kind) return compareKinds(a, b)
      return a.version - b.version || compareBigints(a.bits, b.bits) || a.prefix - b.prefix
    case 'set':
      return b.kind === a.kind ? compareLists(sortedElements(a), sortedElements(b)) : compareKinds(a, b)
    case 'record':
      return b.kind === a.kind ? compareLists(flatFields(a), flatFields(b)) : compareKinds(a, b)
    default:
      return unreachable(a)
  }
}

/** The distinct elements of `set`, in order. */
export function sortedElements(set: SetValue): Value[] {
  const sorted = [...set.elements].sort(compareValues)
  return sorted.filter((element, i) => i === 0 || compareValues(element, sorted[i - 1] as Value) !== 0)
}

/** The fields of `record` in the order of their keys. */
export function sortedFields(record: RecordValue): [string, Value][] {
  return [...record.fields].sort(([a], [b]) => compareScalars(a, b))
}

const KINDS: readonly ValueKind[] = [
  'bool',
  'long',
  'float',
  'string',
  'entity',
  'decimal',
  'ipaddr',
  'datetime',
  'duration',
  'set',
  'record',
]

function compareKinds(a: Value, b: Value): number {
  return KINDS.indexOf(kindOf(a)) - KINDS.indexOf(kindOf(b))
}

function compareBigints(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function flatFields(record: RecordValue): Value[] {
  return sortedFields(record).flat()
}

/** Lexicographic: a prefix comes first. */
function compareLists(a: readonly Value[], b: readonly Value[]): number {
  for (const [i, x] of a.entries()) {
    const y = b[i]
    if (y === undefined) return 1
    const order = compareValues(x, y)
    if (order !== 0) return order
  }
  return a.length - b.length
}
