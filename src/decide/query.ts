/**
 * Queries: the text of a body in, rows of plain values out. Spec: DESIGN sections 4 and 5.
 */
import type { ValueId, Values } from '../image/value-ids.ts'
import { analyseQuery, type Query } from '../program/analyse-query.ts'
import type { ReaderProgram } from '../program/program.ts'
import { parseBody } from '../syntax/datalog/parse.ts'
import { Diagnostics, RuneError } from '../text/diagnostic.ts'
import { compareValues, sortedElements, sortedFields } from '../values/order.ts'
import { printValue, toJsonText } from '../values/print.ts'
import type { Value } from '../values/value.ts'

/** Rows of a query; iterating it iterates over `rows`. */
export interface QueryResult extends Iterable<readonly PlainValue[]> {
  /** Names of the variables, in the order of their first appearance. */
  readonly columns: readonly string[]
  /** Sorted; without variables in the query, one empty row says that it holds. */
  readonly rows: readonly (readonly PlainValue[])[]
  /** `{"columns": […], "rows": [[…], …]}`, integers exact. */
  toJson(): string
  /** One line a row, its values as literals with tabs between. */
  toText(): string
}

/** A value in JavaScript's terms: a Long is a `number` while that is exact, else a `bigint`; entities and extension values are Cedar's JSON escapes. */
export type PlainValue =
  | string
  | number
  | bigint
  | boolean
  | { readonly __entity: { readonly type: string; readonly id: string } }
  | { readonly __extn: { readonly fn: string; readonly arg: string } }
  | readonly PlainValue[]
  | { readonly [key: string]: PlainValue }

/** Parses and analyses the text of a query. Throws a `RuneError` if it is wrong. */
export function queryOf(program: ReaderProgram, text: string): Query {
  const diagnostics = new Diagnostics()
  const source = { path: '<query>', text }
  const body = parseBody({ source, start: 0, end: text.length }, diagnostics)
  diagnostics.throwIfErrors()
  const query = analyseQuery(program, body, diagnostics)
  if (!query) throw new RuneError(diagnostics.all)
  return query
}

/** Sorts `rows` and turns them into plain values. */
export function resultOf(query: Query, rows: readonly (readonly ValueId[])[], values: Values): QueryResult {
  const sorted = rows.map((row) => row.map((id) => values.valueOf(id))).sort(compareRows)
  const plain = sorted.map((row) => row.map(plainValue))
  const { columns } = query
  return {
    columns,
    rows: plain,
    toJson: () =>
      `{"columns":${JSON.stringify(columns)},"rows":[${sorted.map((row) => `[${row.map(toJsonText).join(',')}]`).join(',')}]}`,
    toText: () => sorted.map((row) => `${row.map(printValue).join('\t')}\n`).join(''),
    [Symbol.iterator]: () => plain[Symbol.iterator](),
  }
}

function plainValue(value: Value): PlainValue {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (typeof value !== 'object') return value
  switch (value.kind) {
    case 'set':
      return sortedElements(value).map(plainValue)
    case 'record':
      // `fromEntries` defines properties, so that no key reaches a prototype.
      return Object.fromEntries(sortedFields(value).map(([key, v]) => [key, plainValue(v)]))
    default:
      // Strings alone in these escapes: nothing that JSON could round.
      return JSON.parse(toJsonText(value)) as PlainValue
  }
}

function compareRows(a: readonly Value[], b: readonly Value[]): number {
  for (const [i, value] of a.entries()) {
    const other = b[i]
    const order = other === undefined ? 0 : compareValues(value, other)
    if (order !== 0) return order
  }
  return 0
}
