/**
 * What the oracles agree on about values: a printed key that is equal exactly for equal values (LANGUAGE section 2, Cedar's
 * `==`), and the order of strings by Unicode scalars. Written apart from `src/values`, which it helps to test.
 */
import type { EntityUid, Value } from '../../src/values/value.ts'

/** A text that two values share exactly if they are equal; types never mix. */
export function valueKey(value: Value): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'bigint':
      return `${value}`
    case 'boolean':
      return `${value}`
    case 'number':
      return `float(${value === 0 ? 0 : value})`
  }
  switch (value.kind) {
    case 'entity':
      return entityKey(value)
    case 'ipaddr':
      return `ip${value.version}(${value.bits}/${value.prefix})`
    case 'set':
      return `[${[...new Set(value.elements.map(valueKey))].sort().join()}]`
    case 'record':
      return `{${[...value.fields]
        .map(([name, field]) => `${JSON.stringify(name)}:${valueKey(field)}`)
        .sort()
        .join()}}`
    default:
      return `${value.kind}(${value.value})`
  }
}

/** The key of an entity in a store: `Type::"id"`. */
export function entityKey(uid: EntityUid): string {
  return `${uid.type}::${JSON.stringify(uid.id)}`
}

/** Negative, zero or positive, as `left` stands before, at or after `right` by Unicode scalars. */
export function compareScalars(left: string, right: string): number {
  const a = [...left]
  const b = [...right]
  for (let i = 0; i < a.length && i < b.length; i++) {
    const difference = (a[i]?.codePointAt(0) ?? 0) - (b[i]?.codePointAt(0) ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
