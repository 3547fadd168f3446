/**
 * Texts and values as explanations show them: the whole of what is short, the beginning of what is long. What a request holds
 * may be large, so nothing is printed as a whole that is not known to be small.
 */
import { kindOfId, type ValueId, type Values } from '../../image/value-ids.ts'
import type { Span } from '../../text/source.ts'
import { printValue } from '../../values/print.ts'

/** So many units of a text or value are shown. */
const SHOWN_MAX = 200

/** What stands there. */
export function textOf({ source, start, end }: Span): string {
  return source.text.slice(start, end)
}

/** A value as Cedar writes it; a long one is cut, and of a very large one only its size is said. */
export function brief(id: ValueId, values: Values): string {
  if (weigh(id, values, WEIGHT_MAX) > 0) return cut(printValue(values.valueOf(id)))
  const kind = kindOfId(id)
  if (kind === 'set') return `[… ${countOf(values.sizeOf(id), 'element')}]`
  if (kind === 'record') return `{… ${countOf(values.entriesOf(id).length / 2, 'attribute')}}`
  if (kind === 'entity') {
    const { type, id: name } = values.uidOf(id)
    return cut(printValue({ kind, type: start(type), id: start(name) }))
  }
  return cut(printValue(start(values.textOf(id))))
}

function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** What is printed as a whole, before it is cut: so many characters and elements together. */
const WEIGHT_MAX = 4096

/** What is left of `room` behind the value; nothing more, where there is none. */
function weigh(id: ValueId, values: Values, room: number): number {
  const kind = kindOfId(id)
  if (kind === 'string') return room - 1 - values.textOf(id).length
  if (kind === 'entity')
    return room - 1 - values.textOf(values.entityType(id)).length - values.textOf(values.entityId(id)).length
  let left = room - 1
  if (kind === 'set') {
    const size = values.sizeOf(id)
    for (let i = 0; i < size && left > 0; i++) left = weigh(values.elementAt(id, i), values, left)
  } else if (kind === 'record') {
    const entries = values.entriesOf(id)
    for (let i = 0; i < entries.length && left > 0; i++) left = weigh(entries[i]!, values, left)
  }
  return left
}

/** The beginning of a long text. */
export function cut(text: string): string {
  return text.length > SHOWN_MAX ? `${start(text)}…` : text
}

function start(text: string): string {
  return text.slice(0, SHOWN_MAX).toWellFormed()
}
