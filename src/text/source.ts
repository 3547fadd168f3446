/**
 * Sources and spans: where a piece of program text stands. Offsets are UTF-16 code units into `Source.text`; lines and
 * columns are derived on demand, since only diagnostics ask for them. Owns no rendering (see `render.ts`).
 */
import { objectArgument, propertyOf, refuseArgument, textArgument } from './argument.ts'

/** One text that was read: a `.rune` file, an included file, a fact file or a text given to the API. */
export interface Source {
  /** As a user would name it: a path relative to the working directory, or `<text>`. */
  readonly path: string
  readonly text: string
  /** The line number of the first line, where `text` is a piece of a larger file; 1 if absent. */
  readonly firstLine?: number
  /** The column of the first character, where that does not start a line; 1 if absent. */
  readonly firstColumn?: number
}

/** A half-open range `[start, end)` of UTF-16 code units of `source.text`. */
export interface Span {
  readonly source: Source
  readonly start: number
  readonly end: number
}

/** A place as people count it: line and column from 1, the column in Unicode scalars. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** The smallest span that holds both `from` and `to`, which are of one source and in this order. */
export function join(from: Span, to: Span): Span {
  return { source: from.source, start: from.start, end: Math.max(from.end, to.end) }
}

/** The same place in a source that holds only the lines that the place is in. */
export function excerptOf({ source, start, end }: Span): Span {
  const { path, text, firstColumn } = source
  const from = start === 0 ? 0 : text.lastIndexOf('\n', start - 1) + 1
  const newline = text.indexOf('\n', Math.max(start, end))
  const excerpt: Source = {
    path,
    text: text.slice(from, newline < 0 ? undefined : newline),
    firstLine: positionOf(source, from).line,
    ...(from === 0 && firstColumn !== undefined && { firstColumn }),
  }
  return { source: excerpt, start: start - from, end: end - from }
}

/** Line and column of `offset`; a line ends with `\n`, and a `\r` before it belongs to the line. Linear in the offset. */
export function positionOf(source: Source, offset: number): Position {
  const text = textArgument(
    propertyOf(objectArgument(source, 'a source'), 'text', 'the text of a source'),
    'the text of a source',
  )
  if (typeof offset !== 'number' || !(offset <= text.length)) throw refuseArgument('the offset is no place of the text')
  let line = source.firstLine ?? 1
  let lineStart = 0
  for (let i = text.indexOf('\n'); i >= 0 && i < offset; i = text.indexOf('\n', lineStart)) {
    line++
    lineStart = i + 1
  }
  let column = lineStart === 0 ? (source.firstColumn ?? 1) : 1
  for (let i = lineStart; i < offset; i++) {
    const isSecondHalf = isLowSurrogate(text.charCodeAt(i)) && i > lineStart && isHighSurrogate(text.charCodeAt(i - 1))
    if (!isSecondHalf) column++
  }
  return { line, column }
}

/** Calls `visit` for each span of a tree, and what has it: they stand under the key `span` of plain objects and nowhere else. */
export function forEachSpan(node: unknown, visit: (span: Span, owner: { span: Span }) => void): void {
  if (typeof node !== 'object' || node === null || node instanceof Map || node instanceof Set) return
  if (Array.isArray(node)) {
    for (const element of node) forEachSpan(element, visit)
    return
  }
  const fields = node as Readonly<Record<string, unknown>>
  for (const key in fields) {
    if (key !== 'span') forEachSpan(fields[key], visit)
    else if (fields[key] !== undefined) visit(fields[key] as Span, node as { span: Span })
  }
}

/** Moves the spans of a tree that is kept. INVARIANT: nobody else holds them; diagnostics have copies. */
export function moveSpans(spans: Iterable<Span>, source: Source, by: number): void {
  for (const span of spans) {
    const moved: { -readonly [K in keyof Span]: Span[K] } = span
    moved.source = source
    moved.start += by
    moved.end += by
  }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff
}
