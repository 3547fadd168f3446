/**
 * Key paths → spans, since smol-toml keeps no positions. It reads text that smol-toml accepted, only when a diagnostic asks: the
 * statements of a section once, the inside of a value when a place in it is wanted. All of it is linear in the text,
 * times the depth of the place. Long arrays are found in the same way (`plain-rows.ts`), in text that may be no TOML. Owns no
 * values. Spec: TOML 1.0.
 */
import { parse } from 'smol-toml'
import type { Span } from '../../text/source.ts'
import { endOfLine, skipTomlString } from './section-lexer.ts'

/** A key of a table or an index of an array. */
export type Step = string | number

/** The steps from the top of the section. */
export type Path = readonly Step[]

/** The places of the values of a section; of the nearest enclosing one where a path does not exist. */
export interface Locator {
  readonly key: (path: Path) => Span
  readonly value: (path: Path) => Span
  /** The value as written. */
  readonly raw: (path: Path) => string
}

/** A locator for the TOML in `body`; nothing is read until it is asked. */
export function createLocator(body: Span): Locator {
  let root: Place | undefined
  const find = (path: Path): Place => {
    root ??= readPlaces(body)
    let place = root
    for (const step of path) {
      const next = stepInto(place, step, body.source.text)
      if (next === undefined) break
      place = next
    }
    return place
  }
  const span = (start: number, end: number): Span => ({ source: body.source, start, end })
  return {
    key: (path) => {
      const place = find(path)
      return span(place.keyStart, place.keyEnd)
    },
    value: (path) => {
      const place = find(path)
      return span(place.start, place.end)
    },
    raw: (path) => {
      const place = find(path)
      return body.source.text.slice(place.start, place.end)
    },
  }
}

/** Where a key and its value stand; what is inside is read when asked for. */
interface Place {
  readonly keyStart: number
  readonly keyEnd: number
  readonly start: number
  readonly end: number
  table?: Map<string, Place>
  list?: Place[]
}

export interface Segment {
  /** Read when asked for: in text that is no TOML, it can't be. */
  readonly name: string
  readonly start: number
  readonly end: number
}

function stepInto(place: Place, step: string | number, text: string): Place | undefined {
  if (place.table === undefined && place.list === undefined) readInside(place, text)
  return typeof step === 'number' ? place.list?.[step] : place.table?.get(step)
}

function readPlaces(body: Span): Place {
  const { text } = body.source
  const root = placeAt(body.start, body.start, body.start, body.start)
  root.table = new Map()
  let table = root
  readStatements(body, {
    onHeader: (segments, header) => {
      table = openTable(root, segments, header)
    },
    onValue: (segments, start) => {
      const end = valueEnd(text, start, body.end)
      define(table, segments, start, end)
      return end
    },
  })
  return root
}

/** What a reader of statements is told: each header, and each value, of which it says where it ends. */
export interface Statements {
  readonly onHeader: (segments: readonly Segment[], header: Header) => void
  readonly onValue: (segments: readonly Segment[], start: number) => number
}

/** Reads the statements of a section one after another; ends in any text. */
export function readStatements({ source, start, end }: Span, { onHeader, onValue }: Statements): void {
  const { text } = source
  let at = skipSpace(text, start, end)
  while (at < end) {
    const isHeader = text[at] === '['
    const isList = isHeader && text[at + 1] === '['
    const key = readKey(text, at + (isList ? 2 : isHeader ? 1 : 0), end)
    if (isHeader) {
      const header = { start: at, end: key.end + (isList ? 2 : 1), isList }
      onHeader(key.segments, header)
      at = skipSpace(text, header.end, end)
    } else at = skipSpace(text, onValue(key.segments, skipSpace(text, key.end + 1, end)), end)
  }
}

/** The table of a header: a new element where the brackets are doubled. */
function openTable(root: Place, segments: readonly Segment[], header: Header): Place {
  let table = root
  for (const [i, segment] of segments.entries()) {
    const isLast = i === segments.length - 1
    const children = (table.table ??= new Map())
    let next = children.get(segment.name)
    if (next === undefined) {
      next = placeAt(segment.start, segment.end, header.start, header.end)
      children.set(segment.name, next)
    }
    if (isLast && header.isList) {
      const element = placeAt(header.start, header.end, header.start, header.end)
      element.table = new Map()
      next.list ??= []
      next.list.push(element)
      return element
    }
    table = next.list?.at(-1) ?? next
  }
  table.table ??= new Map()
  return table
}

export interface Header {
  readonly start: number
  readonly end: number
  readonly isList: boolean
}

/** Puts a value into a table under a dotted key. */
function define(table: Place, segments: readonly Segment[], start: number, end: number): void {
  let into = table
  for (const [i, segment] of segments.entries()) {
    const children = (into.table ??= new Map())
    const isLast = i === segments.length - 1
    let next = children.get(segment.name)
    if (next === undefined) {
      next = isLast
        ? placeAt(segment.start, segment.end, start, end)
        : placeAt(segment.start, segment.end, segment.start, segment.end)
      children.set(segment.name, next)
    }
    into = next
  }
}

/** Reads the elements of an array or the keys of an inline table, one level deep. */
function readInside(place: Place, text: string): void {
  const open = text[place.start]
  const end = place.end - 1
  let at = skipSpace(text, place.start + 1, end)
  if (open === '[') {
    place.list = []
    while (at < end) {
      const stop = valueEnd(text, at, end)
      place.list.push(placeAt(at, stop, at, stop))
      at = skipSpace(text, skipSpace(text, stop, end) + 1, end)
    }
  } else if (open === '{') {
    place.table = new Map()
    while (at < end) {
      const key = readKey(text, at, end)
      const start = skipSpace(text, key.end + 1, end)
      const stop = valueEnd(text, start, end)
      define(place, key.segments, start, stop)
      at = skipSpace(text, skipSpace(text, stop, end) + 1, end)
    }
  }
}

/** The segments of a dotted key; `end` is where the `=` or `]` behind it stands. */
function readKey(text: string, from: number, limit: number): { segments: Segment[]; end: number } {
  const segments: Segment[] = []
  let at = from
  for (;;) {
    const start = skipSpace(text, at, limit)
    const isQuoted = text[start] === '"' || text[start] === "'"
    let end = isQuoted ? skipTomlString(text, start) : start
    while (!isQuoted && end < limit && !KEY_ENDS.has(text.charCodeAt(end))) end++
    segments.push(segmentAt(text, start, end))
    at = skipSpace(text, end, limit)
    if (text[at] !== '.') return { segments, end: at }
    at++
  }
}

function segmentAt(text: string, start: number, end: number): Segment {
  return {
    start,
    end,
    get name() {
      return keyName(text.slice(start, end))
    },
  }
}

function keyName(written: string): string {
  if (written.startsWith("'")) return written.slice(1, -1)
  if (!written.startsWith('"')) return written
  return written.includes('\\') ? (Object.keys(parse(`${written} = 0`))[0] ?? '') : written.slice(1, -1)
}

/** The end of the value that starts at `from`. */
export function valueEnd(text: string, from: number, limit: number): number {
  const first = text[from]
  if (first === '"' || first === "'") return Math.min(skipTomlString(text, from), limit)
  if (first === '[' || first === '{') return bracketEnd(text, from, limit)
  let end = from
  while (end < limit && !VALUE_ENDS.has(text.charCodeAt(end))) end++
  while (end > from && BLANKS.has(text.charCodeAt(end - 1))) end--
  return end
}

function bracketEnd(text: string, from: number, limit: number): number {
  let depth = 0
  let at = from
  while (at < limit) {
    const c = text[at]
    if (c === '"' || c === "'") at = skipTomlString(text, at)
    else if (c === '#') at = endOfLine(text, at)
    else {
      at++
      if (c === '[' || c === '{') depth++
      else if ((c === ']' || c === '}') && --depth === 0) return at
    }
  }
  return limit
}

/** Over white space, line breaks and comments. */
function skipSpace(text: string, from: number, limit: number): number {
  let at = from
  for (; at < limit; at++) {
    const c = text.charCodeAt(at)
    if (c === 0x23 /* # */) at = endOfLine(text, at)
    else if (c !== 0x0a && !BLANKS.has(c)) break
  }
  return Math.min(at, limit)
}

function codes(characters: string): ReadonlySet<number> {
  return new Set([...characters].map((c) => c.charCodeAt(0)))
}

const BLANKS = codes(' \t\r')
const KEY_ENDS = codes(' \t\r\n.=]')
const VALUE_ENDS = codes(',]}#\n')

function placeAt(keyStart: number, keyEnd: number, start: number, end: number): Place {
  return { keyStart, keyEnd, start, end }
}
