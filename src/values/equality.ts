/**
 * Equality as Cedar and Datalog have it: typed, structural, sets without order or repetition, extension values by what
 * they mean. Recursion is as deep as a value nests, which every reader of values limits. Spec: LANGUAGE section 2, Cedar's
 * "Equality operators".
 */
import { unreachable } from '../text/assert.ts'
import type { RecordValue, Value } from './value.ts'

/** Whether `a` and `b` are equal; values of different kinds never are. */
export function equal(a: Value, b: Value): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object') return false
  switch (a.kind) {
    case 'entity':
      return b.kind === a.kind && a.id === b.id && a.type === b.type
    case 'decimal':
    case 'datetime':
    case 'duration':
      return b.kind === a.kind && a.value === b.value
    case 'ipaddr':
      return b.kind === a.kind && a.version === b.version && a.bits === b.bits && a.prefix === b.prefix
    case 'set':
      return b.kind === a.kind && canonicalKey(a) === canonicalKey(b)
    case 'record':
      return b.kind === a.kind && equalFields(a, b)
    default:
      return unreachable(a)
  }
}

function equalFields(a: RecordValue, b: RecordValue): boolean {
  if (a.fields.size !== b.fields.size) return false
  for (const [key, x] of a.fields) {
    const y = b.fields.get(key)
    if (y === undefined || !equal(x, y)) return false
  }
  return true
}

/**
 * A string that two values share exactly if they are `equal`, to be a key of a `Map`. Linear in the size of `value`, times
 * its depth. Each key says how long it is (a length, a count or a closing `;`), so that keys can follow each other.
 */
export function canonicalKey(value: Value): string {
  switch (typeof value) {
    case 'string':
      return `s${sized(value)}`
    case 'bigint':
      return `l${value};`
    case 'boolean':
      return value ? 't' : 'f'
    case 'number':
      return `n${value};`
  }
  switch (value.kind) {
    case 'entity':
      return `e${sized(value.type)}${sized(value.id)}`
    case 'decimal':
      return `d${value.value};`
    case 'datetime':
      return `a${value.value};`
    case 'duration':
      return `u${value.value};`
    case 'ipaddr':
      return `i${value.version}/${value.bits}/${value.prefix};`
    case 'set': {
      const keys = [...new Set(value.elements.map(canonicalKey))].sort()
      return `[${keys.length};${keys.join('')}`
    }
    case 'record': {
      const keys = [...value.fields.keys()].sort()
      return `{${keys.length};${keys.map((k) => sized(k) + canonicalKey(value.fields.get(k) ?? '')).join('')}`
    }
    default:
      return unreachable(value)
  }
}

function sized(text: string): string {
  return `${text.length};${text}`
}
