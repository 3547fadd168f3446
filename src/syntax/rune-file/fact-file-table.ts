/**
 * `{ file = "edges.tsv", types = ["String", "Long"] }`: the table that names a fact file. Reading the file belongs to
 * `fact-file.ts`. Spec: LANGUAGE section 3.
 */
import { Diagnostics } from '../../text/diagnostic.ts'
import { didYouMean } from '../../text/suggest.ts'
import { isTypeName } from '../../values/entity-uid.ts'
import { shown } from '../json/json.ts'
import type { FactFile } from './ast.ts'
import { factFileShape } from './fact-file.ts'
import type { ReadFile } from './host.ts'
import { child, isTable, keySpan, type TomlNode, type TomlTable, type TomlValue, valueSpan } from './toml.ts'
import { stringAt, stringsAt, wordAt } from './toml-fields.ts'

/** How the name of a fact file becomes a path, and a path bytes. */
export interface FactFiles {
  readonly resolve: (name: string) => string
  readonly read: ReadFile
}

/** Whether the keys of a table are `file` and at most `format` and `types`. */
export function isFactFileTable(value: TomlValue): value is TomlTable {
  if (!isTable(value) || value['file'] === undefined) return false
  return Object.keys(value).every((key) => key === 'file' || key === 'format' || key === 'types')
}

/** The fact file that such a table names, with the names that its first row gives to the columns. */
export function readFactFileTable(
  node: TomlNode<TomlTable>,
  files: FactFiles,
  diagnostics: Diagnostics,
): { readonly facts: FactFile; readonly names?: readonly string[] } | undefined {
  const file = child(node, 'file')
  const name = stringAt(file, diagnostics)
  const formatNode = child(node, 'format')
  const format = wordAt(formatNode, FORMATS, diagnostics) ?? FORMATS.find((ending) => name?.endsWith(`.${ending}`))
  const types = stringsAt(child(node, 'types'), diagnostics)
  if (types !== undefined) checkTypes(node, types, diagnostics)
  if (file === undefined || name === undefined) return undefined
  const span = valueSpan(file)
  if (format === undefined) {
    const help = { help: 'write `format = "tsv"`, `"csv"` or `"jsonl"`' }
    if (formatNode === undefined) diagnostics.error('R706', `the ending of ${shown(name)} says no format`, span, help)
    return undefined
  }
  const place = { path: files.resolve(name), format, span }
  // With types the rows can be read, and all that is wrong with them is said then.
  const ofRow = types ? new Diagnostics() : diagnostics
  const { arity, names } = factFileShape(place, files.read, diagnostics, ofRow) ?? {}
  if (types && arity !== undefined && types.length > arity) {
    const message = `\`types\` names ${types.length} columns, but the first row of ${shown(name)} has ${arity}`
    diagnostics.error('R703', message, keySpan(node, 'types'))
  }
  const facts: FactFile = { kind: 'file', ...place, ...(types && { types }), ...(arity !== undefined && { arity }) }
  return { facts, ...(names && { names }) }
}

const FORMATS = ['tsv', 'csv', 'jsonl'] as const

/** The types of fields that are not entities. `Set` and `Record` have no text. */
const FIELD_TYPES: readonly string[] = ['String', 'Long', 'Bool', 'Float', 'ipaddr', 'decimal', 'datetime', 'duration']

function checkTypes(node: TomlNode<TomlTable>, types: readonly string[], diagnostics: Diagnostics): void {
  for (const [i, type] of types.entries()) {
    const isCollection = type === 'Set' || type === 'Record'
    const meant = didYouMean(type, FIELD_TYPES).help
    const isMisspelt = !FIELD_TYPES.includes(type) && FIELD_TYPES.some((t) => t.toLowerCase() === type.toLowerCase())
    if (isTypeName(type) && !isCollection && !isMisspelt) continue
    const span = valueSpan(node, 'types', i)
    const help = meant ?? `the types are ${FIELD_TYPES.join(', ')} and entity types`
    const message = isCollection ? `a field cannot hold a ${shown(type)}` : `${shown(type)} is not the name of a type`
    diagnostics.error('R303', message, span, { help })
  }
}
