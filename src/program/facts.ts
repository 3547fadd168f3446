/**
 * Facts of `[data]`: rows are read as the declared types, uids normalised, the types of all columns noted. A fact file is
 * given its types; it is read when the image is loaded. Rows are copied only where something in them changes. Spec:
 * LANGUAGE sections 2 and 3.
 */
import type { DataEntry, FactFile, InlineFacts, PlainFacts } from '../syntax/rune-file/ast.ts'
import { type PlainRows, plainValues } from '../syntax/rune-file/plain-rows.ts'
import type { Diagnostics } from '../text/diagnostic.ts'
import type { Value } from '../values/value.ts'
import { coerceValue } from './coerce.ts'
import { isEntity, isWithin, only, printType, printTypeName, typeOf, union } from './column-types.ts'
import { resolveTypeName } from './declare.ts'
import { type ColumnDraft, definePredicate, type PredicateDraft, type PredicateTable } from './predicate-table.ts'
import type { ColumnType, FactSource, TypeName } from './program.ts'
import { isRefusal, type Refusal } from './uids.ts'

export interface FactContext {
  readonly table: PredicateTable
  readonly pathTypes: ReadonlySet<string>
  readonly diagnostics: Diagnostics
}

/** Names the predicates of `entries`; those whose number of columns is not known yet are left for `readDataEntry`. */
export function defineDataPredicates(entries: readonly DataEntry[], table: PredicateTable): void {
  for (const entry of entries) {
    const arity = arityOf(entry, table)
    if (arity !== undefined) defineEntry(entry, arity, table)
  }
}

/** The facts of one entry, once all predicates are named; `undefined` where there are none, or after a mistake. */
export function readDataEntry(entry: DataEntry, context: FactContext): FactSource | undefined {
  const { table, diagnostics } = context
  const arity = arityOf(entry, table)
  const known = arity === undefined ? table.byName.get(entry.predicate) : undefined
  const { facts } = entry
  if (facts.kind === 'inline' && facts.rows.length === 0) {
    const draft = defineEntry(entry, known?.arity ?? 1, table)
    if (draft) draft.hasFacts = true
    return undefined
  }
  if (arity === undefined && !known) {
    const help = 'declare the predicate, or give `types`, one for each column'
    // Only a file without rows leaves it open.
    const message = `the fact file is empty, and how many columns \`${entry.predicate}\` has is said nowhere else`
    diagnostics.error('R338', message, entry.span, { help })
    return undefined
  }
  const draft = defineEntry(entry, arity ?? known?.arity ?? 1, table)
  if (!draft) return undefined
  const order = columnOrder(entry, draft, diagnostics)
  if (!order) return undefined
  draft.hasFacts = true
  draft.isFilled = true
  if (facts.kind === 'file') return readFile(facts, draft, context)
  return facts.kind === 'plain' ? readPlain(facts, draft, context) : readRows(facts, draft, order, context)
}

/** What a later reader needs to know of a fact: the types of its columns. */
export function noteTypes(draft: PredicateDraft, row: readonly Value[]): void {
  for (const [i, value] of row.entries()) {
    const column = draft.columns[i]
    if (column) column.known = union(column.known, only(typeOf(value)))
  }
}

/** Why `value` cannot be a fact of a built-in predicate; `undefined` if it can, or the column is none of these. */
export function misfitOf({ bound }: ColumnDraft, value: Value): Refusal | undefined {
  if (bound === undefined || isWithin(only(typeOf(value)), bound)) return undefined
  return { error: `a ${printTypeName(typeOf(value))} stands where only ${printType(bound)} can` }
}

const MISTAKES_MAX = 20

/** `undefined` for `[]`, and for a file without types or rows. What a file has that is declared is seen when it is read. */
function arityOf({ predicate, facts }: DataEntry, table: PredicateTable): number | undefined {
  if (facts.kind === 'inline') return facts.rows[0]?.length
  if (facts.kind === 'plain') return facts.rows.tokens.length
  const declared = table.byName.get(predicate)
  return declared?.declaration ? declared.arity : (facts.arity ?? facts.types?.length)
}

function defineEntry(entry: DataEntry, arity: number, table: PredicateTable): PredicateDraft | undefined {
  return definePredicate(table, { name: entry.predicate, arity, place: () => entry.span }, 'facts')
}

/** Column `i` of the predicate is column `order[i]` of the entry. Names the columns where nothing else has. */
function columnOrder(entry: DataEntry, draft: PredicateDraft, diagnostics: Diagnostics): number[] | undefined {
  const { names } = entry
  const { columns } = draft
  const order = columns.map((_, i) => i)
  if (!names) return order
  if (columns.every(({ name }) => name === undefined)) {
    for (const [i, column] of columns.entries()) {
      const name = names[i]
      if (name !== undefined) column.name = name
    }
    return order
  }
  const found = columns.map(({ name }) => names.indexOf(name ?? ''))
  if (!found.includes(-1)) return found
  const wanted = columns.map(({ name }) => `\`${name}\``).join(', ')
  const message = `the columns of \`${draft.name}\` are ${wanted}, not ${names.map((name) => `\`${name}\``).join(', ')}`
  diagnostics.error('R339', message, entry.span)
  return undefined
}

function readRows(
  facts: InlineFacts,
  draft: PredicateDraft,
  order: readonly number[],
  { pathTypes, diagnostics }: FactContext,
): FactSource {
  const { columns } = draft
  const isOrdered = order.every((from, i) => from === i)
  const last: TypeName[] = []
  let mistakes = 0
  const readRow = (row: readonly Value[], n: number): readonly Value[] => {
    let read: Value[] | undefined = isOrdered ? undefined : order.map((from) => row[from] ?? false)
    for (const [i, column] of columns.entries()) {
      const value = row[order[i] ?? i] ?? false
      let result = value
      if (column.declared !== undefined || typeof value === 'object') {
        const coerced = coerceValue(column, value, pathTypes)
        if (isRefusal(coerced)) {
          const help = coerced.help === undefined ? {} : { help: coerced.help }
          if (mistakes++ < MISTAKES_MAX) diagnostics.error('R340', coerced.error, facts.spanOf(n, order[i]), help)
        } else result = coerced
      }
      if (result !== value) {
        read ??= [...row]
        read[i] = result
      }
      const type = typeOf(result)
      if (type === last[i]) continue
      last[i] = type
      column.known = union(column.known, only(type))
    }
    return read ?? row
  }
  const rows = facts.rows.map(readRow)
  return {
    kind: 'inline',
    predicate: draft.id,
    rows: rows.every((row, i) => row === facts.rows[i]) ? facts.rows : rows,
  }
}

/** Rows are made only where one of them may have to be changed or refused. */
function readPlain({ rows, spanOf }: PlainFacts, draft: PredicateDraft, context: FactContext): FactSource {
  const { columns, id } = draft
  const types = columns.map((column, i) => plainType(rows.tokens[i], column, context.pathTypes))
  if (types.includes(undefined)) {
    const order = columns.map((_, i) => i)
    return readRows({ kind: 'inline', rows: plainValues(rows), spanOf }, draft, order, context)
  }
  for (const [i, column] of columns.entries()) column.known = union(column.known, only(types[i] ?? 'String'))
  return { kind: 'plain', predicate: id, rows, types: types.filter((type) => type !== undefined) }
}

/** The type that all values get that are written so; `undefined` where it is not the same for all, or some are refused. */
function plainType(
  token: PlainRows['tokens'][number],
  { declared }: ColumnDraft,
  pathTypes: ReadonlySet<string>,
): TypeName | undefined {
  const own = token === 'integer' ? 'Long' : token === 'word' ? 'Bool' : 'String'
  if (declared === undefined || declared === 'any') return own
  // Without a quote in it, a text is no entity literal.
  if (declared.has(own)) return own
  const [single = own, ...others] = declared
  const isId = own === 'String' && others.length === 0 && isEntity(single)
  return isId && !pathTypes.has(single.slice('entity:'.length)) ? single : undefined
}

function readFile(facts: FactFile, draft: PredicateDraft, { diagnostics }: FactContext): FactSource | undefined {
  const types: TypeName[] = []
  for (const [i, column] of draft.columns.entries()) {
    const name = facts.types?.[i]
    const given = name === undefined ? undefined : resolveTypeName(name, facts.span, diagnostics)
    if (name !== undefined && given === undefined) return undefined
    const type = fileType(given, column.declared)
    if (type === undefined) {
      const which = `column ${column.name ?? i + 1} of \`${draft.name}\``
      const is = printType(given ? only(given) : (column.declared ?? 'any'))
      const message = given
        ? `${which} is declared as ${printType(column.declared ?? 'any')}, and the file has ${is}`
        : `the file of \`${draft.name}\` cannot say which of ${is} a field is`
      const help = given ? {} : { help: 'give `types`, one for each column' }
      diagnostics.error('R340', message, facts.span, help)
      return undefined
    }
    if (given && column.declared === undefined) column.declared = only(given)
    column.known = union(column.known, only(type))
    types.push(type)
  }
  return { kind: 'file', predicate: draft.id, path: facts.path, format: facts.format, types, span: facts.span }
}

/** What the fields of a column are read as. */
function fileType(given: TypeName | undefined, declared: ColumnType | undefined): TypeName | undefined {
  if (declared === undefined || declared === 'any') return given ?? 'String'
  const [single, ...others] = declared
  const isRead = given === undefined || given === 'String'
  if (isRead) return declared.has('String') ? 'String' : others.length === 0 ? single : undefined
  return declared.has(given) ? given : undefined
}
