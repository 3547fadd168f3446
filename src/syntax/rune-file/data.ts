/**
 * `[data]`, and the `facts` of a test case → predicates with their facts. Strings are not yet read as entities, fact files
 * not yet opened: the types of the columns are known to `src/program`. Spec: LANGUAGE section 3.
 */
import type { Diagnostics } from '../../text/diagnostic.ts'
import type { Span } from '../../text/source.ts'
import { suggest } from '../../text/suggest.ts'
import type { Value } from '../../values/value.ts'
import { RESERVED } from '../datalog/reader.ts'
import { shown } from '../json/json.ts'
import type { DataEntry, InlineFacts } from './ast.ts'
import { type FactFiles, isFactFileTable, readFactFileTable } from './fact-file-table.ts'
import {
  entries,
  inside,
  isPlainRows,
  isTable,
  keySpan,
  TOML_DEPTH_MAX,
  type TomlNode,
  type TomlTable,
  type TomlValue,
  valueSpan,
} from './toml.ts'
import { isEntityTable, plainScalar, scalarValue } from './toml-value.ts'

/** The predicates of a table; dotted names for nested tables. Each mistake is reported, up to a limit a predicate. */
export function readData(node: TomlNode<TomlTable>, files: FactFiles, diagnostics: Diagnostics): DataEntry[] {
  const found: DataEntry[] = []
  readTable(node, '', 0, { files, diagnostics, found })
  return found
}

/** Mistakes that are reported for one predicate. */
const MISTAKES_MAX = 20

interface DataReader {
  readonly files: FactFiles
  readonly diagnostics: Diagnostics
  readonly found: DataEntry[]
}

/** INVARIANT: the recursion is no deeper than `TOML_DEPTH_MAX`. */
function readTable(node: TomlNode<TomlTable>, prefix: string, depth: number, reader: DataReader): void {
  if (depth > TOML_DEPTH_MAX) {
    reader.diagnostics.error('R205', `tables nest deeper than ${TOML_DEPTH_MAX}`, keySpan(node))
    return
  }
  for (const [key, entry] of entries(node)) {
    if (!isPredicateName(key, prefix)) {
      const help = { help: 'names start with a lower-case letter and are of ASCII letters, digits and `_`' }
      reader.diagnostics.error('R305', `${shown(key)} cannot be the name of a predicate`, keySpan(entry), help)
      continue
    }
    const predicate = prefix + key
    if (RESERVED.has(predicate)) {
      reader.diagnostics.error('R305', `${shown(key)} is a word of rules and names no predicate`, keySpan(entry))
      continue
    }
    const { value } = entry
    if (isTable(value) && !isEntityTable(value) && !isFactFileTable(value)) {
      warnOfMisspelling({ ...entry, value }, reader.diagnostics)
      readTable({ ...entry, value }, `${predicate}.`, depth + 1, reader)
    } else {
      readPredicate(predicate, entry, reader)
    }
  }
}

/** Upper-case words after a dot are names too, as in rules. */
function isPredicateName(key: string, prefix: string): boolean {
  return prefix === '' ? /^[a-z][A-Za-z0-9_]*$/.test(key) : /^[A-Za-z_][A-Za-z0-9_]*$/.test(key)
}

function readPredicate(predicate: string, node: TomlNode, { files, diagnostics, found }: DataReader): void {
  const { value } = node
  if (isFactFileTable(value)) {
    const file = readFactFileTable({ ...node, value }, files, diagnostics)
    if (file) found.push(entryOf(predicate, node, file.facts, file.names))
    return
  }
  if (isPlainRows(value)) {
    const spanOf = (row: number, column?: number): Span =>
      valueSpan(node, row, ...(column === undefined || value.isScalar ? [] : [column]))
    found.push(entryOf(predicate, node, { kind: 'plain', rows: value, spanOf }))
    return
  }
  if (!Array.isArray(value)) {
    const scalar = scalarValue(node, diagnostics)
    const spanOf = (): Span => valueSpan(node)
    if (scalar !== undefined) found.push(entryOf(predicate, node, { kind: 'inline', rows: [[scalar]], spanOf }))
    return
  }
  const rows = readRows({ ...node, value }, diagnostics)
  if (rows === undefined) return
  const { names } = rows
  const spanOf = (row: number, column?: number): Span => {
    const step = column === undefined ? [] : names ? [names[column] ?? ''] : [column]
    return valueSpan(node, row, ...(rows.shape === 'scalar' ? [] : step))
  }
  found.push(entryOf(predicate, node, { kind: 'inline', rows: rows.values, spanOf }, names))
}

/** The span is found when it is asked for: places cost a second reading of the section. */
function entryOf(predicate: string, node: TomlNode, facts: DataEntry['facts'], names?: readonly string[]): DataEntry {
  return {
    predicate,
    facts,
    ...(names && { names }),
    get span() {
      return keySpan(node)
    },
  }
}

/** How the elements of an array write rows; all in the same way. */
type Shape = 'scalar' | 'row' | 'record'

interface Rows {
  readonly shape: Shape
  readonly values: InlineFacts['rows']
  readonly names?: readonly string[]
}

const SHAPES: Readonly<Record<Shape, string>> = {
  scalar: 'a single value',
  row: 'an array',
  record: 'a table',
}

function shapeOf(value: TomlValue): Shape {
  if (Array.isArray(value)) return 'row'
  return isTable(value) && !isEntityTable(value) ? 'record' : 'scalar'
}

/** The rows of an array, or `undefined` if one of them is wrong. */
function readRows(node: TomlNode<TomlValue[]>, diagnostics: Diagnostics): Rows | undefined {
  const [first] = node.value
  if (first === undefined) return { shape: 'row', values: [] }
  const shape = shapeOf(first)
  const names = shape === 'record' && isTable(first) ? Object.keys(first) : undefined
  const width = Array.isArray(first) ? first.length : (names?.length ?? 1)
  const reader: RowReader = { node, shape, width, ...(names && { names }), diagnostics, mistakes: 0 }
  if (names && !areColumns(names, reader)) return undefined
  const values: (readonly Value[])[] = []
  for (const [i, element] of node.value.entries()) {
    const row = readRow(element, i, reader)
    if (row !== undefined) values.push(row)
    else if (++reader.mistakes === MISTAKES_MAX) break
  }
  return reader.mistakes > 0 ? undefined : { shape, values, ...(names && { names }) }
}

interface RowReader {
  readonly node: TomlNode<TomlValue[]>
  readonly shape: Shape
  readonly width: number
  readonly names?: readonly string[]
  readonly diagnostics: Diagnostics
  mistakes: number
}

function areColumns(names: readonly string[], reader: RowReader): boolean {
  if (names.length === 0) {
    const help = 'a row without columns is written `[]`'
    return misshapen(reader, 0, 'a row that is a table names its columns', help) ?? false
  }
  const wrong = names.find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
  if (wrong === undefined) return true
  const help = { help: 'names of columns are of ASCII letters, digits and `_`' }
  const span = keySpan(reader.node, 0, wrong)
  reader.diagnostics.error('R305', `${shown(wrong)} cannot be the name of a column`, span, help)
  return false
}

function readRow(element: TomlValue, i: number, reader: RowReader): readonly Value[] | undefined {
  if (isFactFileTable(element)) {
    const help = 'write `name = { file = "…" }`; rows with a column `file` are written as arrays'
    return misshapen(reader, i, 'a fact file cannot stand among rows', help)
  }
  const shape = shapeOf(element)
  if (shape !== reader.shape) {
    return misshapen(reader, i, `this row is ${SHAPES[shape]}, the first one is ${SHAPES[reader.shape]}`)
  }
  if (Array.isArray(element)) {
    if (element.length === reader.width) return readValues(element, i, reader)
    return misshapen(reader, i, `this row has ${fields(element.length)}, the first one has ${fields(reader.width)}`)
  }
  if (reader.names === undefined || !isTable(element)) return readValues([element], i, reader)
  const missing = reader.names.find((name) => element[name] === undefined)
  const extra = Object.keys(element).find((name) => !reader.names?.includes(name))
  if (missing !== undefined) return misshapen(reader, i, `this row lacks the column \`${missing}\` of the first one`)
  if (extra !== undefined) return misshapen(reader, i, `the first row has no column ${shown(extra)}`)
  const inOrder = reader.names.map((name) => element[name]).filter((value) => value !== undefined)
  return readValues(inOrder, i, reader)
}

function readValues(values: readonly TomlValue[], row: number, reader: RowReader): readonly Value[] | undefined {
  const found: Value[] = []
  for (const [column, value] of values.entries()) {
    const read = plainScalar(value) ?? scalarValue(cell(reader, row, column, value), reader.diagnostics)
    if (read === undefined) return undefined
    found.push(read)
  }
  return found
}

function cell(reader: RowReader, row: number, column: number, value: TomlValue): TomlNode {
  const { node, names, shape } = reader
  const element = node.value[row] ?? value
  const place = inside(node, row, element)
  return shape === 'scalar' ? place : inside(place, names?.[column] ?? column, value)
}

function misshapen(reader: RowReader, row: number, message: string, help?: string): undefined {
  reader.diagnostics.error('R208', message, valueSpan(reader.node, row), help === undefined ? {} : { help })
}

function fields(count: number): string {
  return count === 1 ? '1 value' : `${count} values`
}

/** `{ file = "edges.tsv", type = ["String"] }` nests, and was hardly meant to. */
function warnOfMisspelling(node: TomlNode<TomlTable>, diagnostics: Diagnostics): void {
  if (typeof node.value['file'] !== 'string') return
  for (const [key, entry] of entries(node)) {
    const meant = key === 'file' ? undefined : suggest(key, ['format', 'types'])
    if (meant === undefined || key === 'format' || key === 'types') continue
    const message = `because of its key ${shown(key)}, this is no fact file, and each of its keys names a predicate`
    diagnostics.warning('R306', message, keySpan(entry), { help: `did you mean \`${meant}\`?` })
  }
}
