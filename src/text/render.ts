/**
 * Diagnostics as people read them: severity and code, the place, the source line with the place underlined, related
 * places, help. Owns the layout; what is said belongs to who found the mistake. Nothing of a user's text reaches the
 * terminal raw (see `display.ts`), and the work for one diagnostic does not grow with the length of its line.
 */
import { objectArgument, propertyOf, readArgument, refuseArgument, textArgument } from './argument.ts'
import type { Diagnostic } from './diagnostic.ts'
import { columnsOf, visible } from './display.ts'
import { positionOf, type Span } from './source.ts'

export interface RenderOptions {
  /** With ANSI colours. */
  readonly color: boolean
}

const PLAIN: RenderOptions = { color: false }

/** All diagnostics, a blank line after each, and a summary line such as `2 errors, 1 warning`; at most `DIAGNOSTICS_MAX` are shown. */
export function renderDiagnostics(given: readonly Diagnostic[], options: RenderOptions = PLAIN): string {
  const all = listOf(given)
  if (all.length === 0) return ''
  const shown = all.slice(0, DIAGNOSTICS_MAX).map((d) => `${renderDiagnostic(d, options)}\n\n`)
  const errors = all.filter((d) => d.severity === 'error').length
  const counts = [plural(errors, 'error'), plural(all.length - errors, 'warning')].filter((count) => count !== '')
  const more = all.length > DIAGNOSTICS_MAX ? ` (the first ${DIAGNOSTICS_MAX} are shown)` : ''
  return `${shown.join('')}${paint(options, errors > 0 ? RED : YELLOW, counts.join(', '))}${more}\n`
}

/** One diagnostic, over several lines, without a line break at the end. */
export function renderDiagnostic(d: Diagnostic, options: RenderOptions = PLAIN): string {
  checkArguments(d, options)
  const title = paint(options, d.severity === 'error' ? RED : YELLOW, `${d.severity}[${d.code}]`)
  const lines = [`${title}: ${visible(d.message)}`]
  if (d.span) lines.push(...renderPlace(d.span, '^', options))
  for (const place of d.related ?? []) {
    lines.push(`${paint(options, BLUE, 'note')}: ${visible(place.message)}`, ...renderPlace(place.span, '-', options))
  }
  if (d.help !== undefined) lines.push(`${paint(options, CYAN, 'help')}: ${visible(d.help)}`)
  return lines.join('\n')
}

/** What JavaScript passes as diagnostics. */
function listOf(all: unknown): readonly Diagnostic[] {
  const list = readArgument('the list of diagnostics', () => (Array.isArray(all) ? [...all] : undefined))
  if (list === undefined) throw refuseArgument('the diagnostics are no list')
  return list
}

function checkArguments(d: unknown, options: unknown): void {
  objectArgument(options, 'what says how to render')
  const diagnostic = objectArgument(d, 'a diagnostic')
  for (const name of ['code', 'severity', 'message']) {
    textArgument(propertyOf(diagnostic, name, 'a diagnostic'), `\`${name}\` of a diagnostic`)
  }
}

const DIAGNOSTICS_MAX = 100
/** Columns of source text that are shown of a line. */
const LINE_COLUMNS = 110
/** Code units that are kept before the place where a line is cut at its start. */
const UNITS_BEFORE = 50
const TAB = '    '

const RED = '1;31'
const YELLOW = '1;33'
const BLUE = '1;34'
const CYAN = '1;36'

function paint(options: RenderOptions, style: string, text: string): string {
  return options.color ? `\x1b[${style}m${text}\x1b[0m` : text
}

function plural(count: number, noun: string): string {
  return count === 0 ? '' : `${count} ${noun}${count === 1 ? '' : 's'}`
}

function renderPlace(span: Span, mark: '^' | '-', options: RenderOptions): string[] {
  const { line, column } = positionOf(span.source, span.start)
  const number = String(line)
  const margin = ' '.repeat(number.length)
  const bar = paint(options, BLUE, '|')
  const { text, marks } = underline(span, mark)
  const arrow = paint(options, BLUE, '-->')
  return [
    `${margin}${arrow} ${visible(span.source.path)}:${line}:${column}`,
    `${margin} ${bar}`,
    `${paint(options, BLUE, number)} ${bar} ${text}`.trimEnd(),
    `${margin} ${bar} ${marks.trimStart() === '' ? '' : paintMarks(marks, mark, options)}`,
  ]
}

function paintMarks(marks: string, mark: '^' | '-', options: RenderOptions): string {
  const indent = marks.indexOf(mark)
  return marks.slice(0, indent) + paint(options, mark === '^' ? RED : BLUE, marks.slice(indent))
}

/** The line where `span` starts, cut to a window around it, and the marks below it. */
function underline(span: Span, mark: '^' | '-'): { text: string; marks: string } {
  const source = span.source.text
  const lineStart = span.start === 0 ? 0 : source.lastIndexOf('\n', span.start - 1) + 1
  const lineEnd = endOfLine(source, span.start, lineStart)
  const start = Math.min(span.start, lineEnd)
  const end = Math.max(Math.min(span.end, lineEnd), start)
  const from = start - lineStart > LINE_COLUMNS - UNITS_BEFORE ? start - UNITS_BEFORE : lineStart
  let text = from > lineStart ? '…' : ''
  let marks = from > lineStart ? ' ' : ''
  let columns = text.length
  let offset = from
  for (const character of source.slice(from, Math.min(lineEnd, from + 4 * LINE_COLUMNS))) {
    const shown = character === '\t' ? TAB : visible(character)
    const width = shown === character ? columnsOf(character) : shown.length
    if (columns + width > LINE_COLUMNS) break
    text += shown
    marks += (offset >= start && offset < end ? mark : ' ').repeat(width)
    columns += width
    offset += character.length
  }
  if (offset < lineEnd) text += '…'
  marks = marks.trimEnd()
  // A place without width (the end of the text, a combining mark) still gets its mark.
  if (!marks.includes(mark)) marks = columnsPadding(source.slice(from, start), from > lineStart) + mark
  return { text, marks }
}

function endOfLine(source: string, start: number, lineStart: number): number {
  const newline = source.indexOf('\n', start)
  const end = newline < 0 ? source.length : newline
  return end > lineStart && source[end - 1] === '\r' ? end - 1 : end
}

function columnsPadding(before: string, isCut: boolean): string {
  let columns = isCut ? 1 : 0
  for (const character of before) {
    const shown = character === '\t' ? TAB : visible(character)
    columns += shown === character ? columnsOf(character) : shown.length
  }
  return ' '.repeat(columns)
}
