/**
 * Long arrays in TOML whose rows are plain: of strings without escapes, integers and booleans, in each column one of these.
 * They are found in the text of a section, counted, and left there; who wants the rows gets their places in bytes. What is
 * not plain is read with the rest of the section. Owns no types and no diagnostics: it takes no array that TOML would refuse.
 * Spec: TOML 1.0.
 */
import { assert } from '../../text/assert.ts'
import type { Span } from '../../text/source.ts'
import type { Value } from '../../values/value.ts'
import { type OnPlaces, scanOfToml, skipTomlSpace, type Token, type TomlShape, tomlShape } from './fact-bytes.ts'
import type { BytesTaker } from './fact-file.ts'
import { readStatements, valueEnd } from './toml-locate.ts'

/** An array of at least one row. */
export interface PlainRows extends TomlShape {
  /** Of the array, with its brackets. */
  readonly span: Span
  readonly count: number
}

/** The arrays of the section `body`, in their order. In a text that is no TOML, some may be found that are none. Linear. */
export function findPlainRows(body: Span): PlainRows[] {
  const found: PlainRows[] = []
  const { text } = body.source
  if (body.end - body.start < ARRAY_UNITS_MIN) return found
  readStatements(body, {
    onHeader: () => {},
    onValue: (segments, start) => {
      const limit = Math.min(start + ARRAY_UNITS_MIN, body.end)
      const end = valueEnd(text, start, limit)
      if (end < limit) return end
      const { start: keyStart = 0, end: keyEnd = 0 } = segments.at(-1) ?? {}
      const canBe = text[start] === '[' && NAME.test(text.slice(keyStart, keyEnd))
      const rows = canBe ? readRows({ ...body, start }) : undefined
      if (rows) found.push(rows)
      return rows?.span.end ?? valueEnd(text, start, body.end)
    },
  })
  return found
}

/** Hands all rows to `taker`, in their order. */
export function takePlainRows(rows: PlainRows, taker: BytesTaker): void {
  taker.settle(rows.count)
  const close = scan(rows, rows.span, taker.onPlaces, (count) => taker.settle(rows.count - count))
  assert(close === rows.span.end, 'rows that were found to be plain are all taken')
}

/** The rows as values. */
export function plainValues(rows: PlainRows): Value[][] {
  const values: Value[][] = []
  const onPlaces: OnPlaces = (bytes, places) => {
    const text = (i: number) => TEXT.decode(bytes.subarray(places[2 * i], places[2 * i + 1]))
    values.push(rows.tokens.map((token, i) => tokenValue(token, text(i))))
    return true
  }
  scan(rows, rows.span, onPlaces)
  return values
}

function tokenValue(token: Token, text: string): Value {
  if (token === 'integer') return BigInt(text)
  return token === 'word' ? text === 'true' : text
}

/** Shorter arrays are read with the rest. */
const ARRAY_UNITS_MIN = 2 ** 16
/** So much text is read at once. A row that is longer, with the comments around it, is not plain. */
const WINDOW_UNITS = 2 ** 20

/** A key that can name a predicate, and has no meaning of its own in a table. */
const NAME = /^(?!(?:file|format|types|entity)$)[A-Za-z_][A-Za-z0-9_]*$/

const BYTES = new TextEncoder()
const TEXT = new TextDecoder('utf-8', { ignoreBOM: true })

/** The array at the start of a span, if all of its rows are plain. The first one has to be near. */
function readRows({ source, start, end }: Span): PlainRows | undefined {
  const first = BYTES.encode(source.text.slice(start + 1, Math.min(start + 2 * ARRAY_UNITS_MIN, end)))
  const shape = tomlShape(first, 0)
  let count = 0
  const onWindow = (taken: number) => {
    count = taken
  }
  const close = shape ? scan(shape, { source, start, end }, () => true, onWindow) : -1
  return shape && close >= 0 && count > 0 ? { ...shape, count, span: { source, start, end: close } } : undefined
}

/**
 * Takes the rows of the array at the start of a span window by window, each of which has the bytes of the one before; yields
 * where the array ends, -1 where not all rows are plain. `onWindow` is told how many have been taken.
 */
function scan(
  shape: TomlShape,
  { source, start, end }: Span,
  onPlaces: OnPlaces,
  onWindow: (count: number) => void = () => {},
): number {
  const takeRows = scanOfToml(shape)
  const bytes = new Uint8Array(3 * WINDOW_UNITS + 1)
  let at = start + 1
  let count = 0
  for (;;) {
    const piece = source.text.slice(at, Math.min(at + WINDOW_UNITS, end))
    const { written } = BYTES.encodeInto(piece, bytes)
    const isLast = at + piece.length === end
    // Ends in a byte that is no TOML: V8 makes slower code once a scan has read beyond an array. It took half as long again.
    const window = { bytes: bytes.subarray(0, written + 1), isLast, at: 0, line: 0 }
    bytes[written] = 0
    takeRows(window, onPlaces)
    count += window.line
    onWindow(count)
    const close = skipTomlSpace(window.bytes, window.at)
    const unitsTo = (bytesMax: number) => (written === piece.length ? bytesMax : unitsIn(bytes, bytesMax))
    if (window.bytes[close] === BRACKET_END) return at + unitsTo(close) + 1
    // Either the end of the window has cut the row, or it is not plain.
    if (isLast || window.at === 0) return -1
    at += unitsTo(window.at)
  }
}

const BRACKET_END = 0x5d

/** How many UTF-16 units the first `count` bytes, whole characters, encode. */
function unitsIn(bytes: Uint8Array, count: number): number {
  let units = 0
  for (let i = 0; i < count; i++) {
    const c = bytes[i] ?? 0
    if ((c & 0xc0) !== 0x80) units += c < 0xf0 ? 1 : 2
  }
  return units
}
