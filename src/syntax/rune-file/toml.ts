/**
 * The TOML of a section: read by smol-toml, walked as nodes that know their place. Owns the first syntax error's position
 * in the `.rune` file and the depth limit; what keys mean belongs to the section's reader. Spec: TOML 1.0.
 */
import { parse, type TomlDate, TomlError } from 'smol-toml'
import { assert } from '../../text/assert.ts'
import type { Diagnostics } from '../../text/diagnostic.ts'
import type { Span } from '../../text/source.ts'
import type { PlainRows } from './plain-rows.ts'
import { createLocator, type Locator, type Step } from './toml-locate.ts'

/** What smol-toml reads, integers exact and of any size, and the arrays that are left as they are written. */
export type TomlValue = string | bigint | number | boolean | TomlDate | TomlValue[] | TomlTable | PlainRows

/** Without a prototype, so that no key is special. */
export interface TomlTable {
  readonly [key: string]: TomlValue
}

/** A value with its place: a step from the node around it. The top of a section has none. */
export interface TomlNode<T extends TomlValue = TomlValue> {
  readonly value: T
  readonly step: Step
  readonly parent: TomlNode | undefined
  readonly locator: Locator
}

/** Arrays and inline tables may nest this deep. */
export const TOML_DEPTH_MAX = 64

/**
 * The table that `body` writes, with the headers that stand in it; `undefined` after a syntax error. Of the arrays `left`,
 * which have to stand in it in this order, none is read.
 */
export function parseToml(
  body: Span,
  diagnostics: Diagnostics,
  left: readonly PlainRows[] = [],
): TomlNode<TomlTable> | undefined {
  try {
    const value = (left.length > 0 ? parseAround(body, left) : undefined) ?? parseText(textOf(body, body))
    return { value, step: '', parent: undefined, locator: createLocator(body) }
  } catch (e) {
    if (!(e instanceof TomlError)) throw e
    reportSyntax(e, body, diagnostics)
    return undefined
  }
}

function textOf({ source }: Span, { start, end }: Pick<Span, 'start' | 'end'>): string {
  return source.text.slice(start, end)
}

function parseText(text: string): TomlTable {
  const value: unknown = parse(text, { integersAsBigInt: true, maxDepth: TOML_DEPTH_MAX })
  assert(isTable(value), 'a TOML document is a table')
  return value
}

/** As `parseText`; `undefined` unless the text is right and each array of `left` is the value of a key. */
function parseAround(body: Span, left: readonly PlainRows[]): TomlTable | undefined {
  let text = ''
  let start = body.start
  const byMark = new Map<TomlValue, PlainRows>()
  for (const rows of left) {
    // No text has half of a surrogate pair, and no escape writes one: so this is no string of the user's.
    const mark = `\ud800${byMark.size}`
    byMark.set(mark, rows)
    text += `${textOf(body, { start, end: rows.span.start })}"${mark}"`
    start = rows.span.end
  }
  text += textOf(body, { start, end: body.end })
  try {
    const table = parseText(text)
    return putBack(table, byMark) === left.length ? table : undefined
  } catch (e) {
    if (!(e instanceof TomlError)) throw e
    return undefined
  }
}

/** Puts arrays in the place of their marks; yields how many. INVARIANT: the recursion is as deep as tables nest. */
function putBack(table: TomlTable, byMark: ReadonlyMap<TomlValue, PlainRows>): number {
  let count = 0
  const entries: Record<string, TomlValue> = table
  for (const key in entries) {
    const value = entries[key]
    const rows = value === undefined ? undefined : byMark.get(value)
    if (rows) entries[key] = rows
    count += rows ? 1 : isTable(value) ? putBack(value, byMark) : 0
  }
  return count
}

/** Whether a value is a table, inline or not. */
export function isTable(value: unknown): value is TomlTable {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null
}

/** Whether a value is an array that was left as it is written. */
export function isPlainRows(value: TomlValue): value is PlainRows {
  return typeof value === 'object' && 'tokens' in value && !isTable(value)
}

/** The node of what stands under `step` of a table or an array; `value` is what stands there. */
export function inside(parent: TomlNode, step: Step, value: TomlValue): TomlNode {
  return { value, step, parent, locator: parent.locator }
}

/** The node of a key of a table. */
export function child(node: TomlNode<TomlTable>, key: string): TomlNode | undefined {
  const value = node.value[key]
  return value === undefined ? undefined : inside(node, key, value)
}

/** The nodes of the elements of an array. */
export function elements(node: TomlNode<TomlValue[]>): TomlNode[] {
  return node.value.map((value, i) => inside(node, i, value))
}

/** The nodes of all keys of a table. */
export function* entries(node: TomlNode<TomlTable>): Generator<[string, TomlNode]> {
  for (const key in node.value) {
    const found = child(node, key)
    if (found !== undefined) yield [key, found]
  }
}

/** Where the value of a node stands, or that of a value inside of it. */
export function valueSpan(node: TomlNode, ...steps: readonly Step[]): Span {
  return node.locator.value([...pathOf(node), ...steps])
}

/** Where the key of a node stands, or that of a value inside of it; of an element of an array, its value. */
export function keySpan(node: TomlNode, ...steps: readonly Step[]): Span {
  return node.locator.key([...pathOf(node), ...steps])
}

/** The value of a node as written. */
export function rawText(node: TomlNode): string {
  return node.locator.raw(pathOf(node))
}

function pathOf(node: TomlNode): Step[] {
  const path: Step[] = []
  for (let at: TomlNode = node; at.parent !== undefined; at = at.parent) path.push(at.step)
  return path.reverse()
}

/** What a value is, in the words of TOML. */
export function describeToml(value: TomlValue): string {
  if (typeof value === 'string') return 'a string'
  if (typeof value === 'bigint') return 'an integer'
  if (typeof value === 'number') return 'a float'
  if (typeof value === 'boolean') return 'a boolean'
  if (value instanceof Date) return 'a date or time'
  return isTable(value) ? 'a table' : 'an array'
}

/** smol-toml's messages → ours, where its own would not help. */
const MESSAGES: ReadonlyMap<string, string> = new Map([
  [
    'document contains excessively nested structures. aborting.',
    `arrays and tables nest deeper than ${TOML_DEPTH_MAX}`,
  ],
  ['unfinished string', 'the string is not closed'],
  ['unfinished array', 'the array is not closed'],
  ['unfinished table', 'the inline table is not closed'],
  ['trying to redefine an already defined table or value', 'the key is defined already'],
  ['trying to redefine an already defined value', 'the key is defined already'],
  ['each key-value declaration must be followed by an end-of-line', 'a line break is missing after the value'],
  ['incomplete key-value: cannot find end of key', 'a key without a value'],
  ['invalid value', 'what stands here is no value'],
  ['expected comma or end of structure', 'a comma or the closing bracket is missing'],
  ['invalid unicode escape', 'this escape is no character'],
])

const HELP: ReadonlyMap<string, string> = new Map([
  ['the string is not closed', 'a string of one line ends on its line; one of several lines stands in three quotes'],
  ['a key without a value', 'write `key = value`'],
  ['what stands here is no value', 'strings stand in quotes: `"alice"`'],
])

function reportSyntax(e: TomlError, body: Span, diagnostics: Diagnostics): void {
  const { source } = body
  let lineStart = body.start
  for (let line = 1; line < e.line; line++) lineStart = source.text.indexOf('\n', lineStart) + 1
  const start = Math.min(lineStart + e.column - 1, body.end)
  const end = Math.min(start + 1, body.end)
  const isLineEnd = /[\r\n]/.test(source.text.charAt(start))
  const found = /^Invalid TOML document: (.*)/.exec(e.message)?.[1] ?? 'it cannot be read'
  const said = isLineEnd && found.startsWith('control characters are not allowed') ? 'unfinished string' : found
  const message = MESSAGES.get(said) ?? said
  const code = message.includes('nest deeper') ? 'R205' : 'R200'
  const help = HELP.get(message)
  diagnostics.error(code, `TOML: ${message}`, { source, start, end }, help === undefined ? {} : { help })
}
