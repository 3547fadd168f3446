/**
 * Values as text for people and for JSON: literals of Datalog and Cedar, and Cedar's JSON with its `__entity` and `__extn`
 * escapes. Sets and records are printed in the order of `order.ts` and without repetition, so equal values print alike.
 * Spec: LANGUAGE section 2, DESIGN section 5, Cedar's "Entities JSON".
 */
import { unreachable } from '../text/assert.ts'
import { printDatetime } from './datetime.ts'
import { printDecimal } from './decimal.ts'
import { printDuration } from './duration.ts'
import { printEntityUid } from './entity-uid.ts'
import { printIpAddr } from './ipaddr.ts'
import { sortedElements, sortedFields } from './order.ts'
import { quote } from './string-literal.ts'
import type { Extension, Value } from './value.ts'

/** `value` as a literal; sets as `[…]` and records as `{"key": …}`, which only Cedar can read. */
export function printValue(value: Value): string {
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'number') return printFloat(value)
  if (typeof value !== 'object') return String(value)
  switch (value.kind) {
    case 'entity':
      return printEntityUid(value)
    case 'set':
      return `[${sortedElements(value).map(printValue).join(', ')}]`
    case 'record':
      return `{${sortedFields(value)
        .map(([key, v]) => `${quote(key)}: ${printValue(v)}`)
        .join(', ')}}`
    default:
      return printCall(extensionCall(value))
  }
}

/** `printValue` for messages: of a long text only the beginning. */
export function printBriefly(value: Value): string {
  const isLong = typeof value === 'string' && value.length > BRIEF_MAX
  const text = printValue(isLong ? value.slice(0, BRIEF_MAX).toWellFormed() : value)
  return isLong || text.length > 2 * BRIEF_MAX ? `${text.slice(0, 2 * BRIEF_MAX)}…` : text
}

const BRIEF_MAX = 80

/**
 * `value` as JSON text, in Cedar's form. Text, since a JSON number of JavaScript would lose the digits of a Long. A record
 * with the one key `__entity` or `__extn` looks like the escape, as it does in Cedar.
 */
export function toJsonText(value: Value): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number') return printFloat(value)
  if (typeof value !== 'object') return String(value)
  switch (value.kind) {
    case 'entity':
      return `{"__entity":{"type":${JSON.stringify(value.type)},"id":${JSON.stringify(value.id)}}}`
    case 'set':
      return `[${sortedElements(value).map(toJsonText).join(',')}]`
    case 'record':
      return `{${sortedFields(value)
        .map(([key, v]) => `${JSON.stringify(key)}:${toJsonText(v)}`)
        .join(',')}}`
    default:
      return callToJson(extensionCall(value))
  }
}

/** The shortest text that reads as `float`, always with a point or an exponent. */
export function printFloat(float: number): string {
  const text = String(float).replace('e+', 'e')
  return /[.e]/.test(text) ? text : `${text}.0`
}

/** The call that makes an extension value: `name(arg)`, or `call.name(arg)` where there is a receiver. */
interface ExtensionCall {
  readonly name: string
  readonly receiver?: ExtensionCall
  readonly arg: string | ExtensionCall
}

function extensionCall(value: Extension): ExtensionCall {
  switch (value.kind) {
    case 'decimal':
      return { name: 'decimal', arg: printDecimal(value) }
    case 'ipaddr':
      return { name: 'ip', arg: printIpAddr(value) }
    case 'duration':
      return { name: 'duration', arg: printDuration(value) }
    case 'datetime': {
      const text = printDatetime(value)
      if (text !== undefined) return { name: 'datetime', arg: text }
      // Beyond the years that have a text, only reached by `offset`, and so written with it.
      const arg: ExtensionCall = { name: 'duration', arg: `${value.value}ms` }
      return { name: 'offset', receiver: { name: 'datetime', arg: '1970-01-01' }, arg }
    }
    default:
      return unreachable(value)
  }
}

function printCall({ name, receiver, arg }: ExtensionCall): string {
  const call = `${name}(${typeof arg === 'string' ? quote(arg) : printCall(arg)})`
  return receiver ? `${printCall(receiver)}.${call}` : call
}

function callToJson({ name, receiver, arg }: ExtensionCall): string {
  const json = typeof arg === 'string' ? JSON.stringify(arg) : callToJson(arg)
  return `{"__extn":{"fn":"${name}",${receiver ? `"args":[${callToJson(receiver)},${json}]` : `"arg":${json}`}}}`
}
