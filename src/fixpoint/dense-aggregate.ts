/**
 * Aggregates over one atom with one group: all groups in a single pass over the rows. Groups are numbered as they come, so
 * that what is folded lies close together. Count, sum, least and greatest value are found together and kept: rules that fold
 * the same rows share the pass. Only integers that are small enough to be inline: what else there is, and what can fail, is
 * for `aggregate.ts`.
 */

import { isGone, type Relation } from '../image/relation.ts'
import { inlineInt, intId, isInlineInt, type ValueId, type Values } from '../image/value-ids.ts'
import type { AggregateLiteral, AtomLiteral } from '../program/program.ts'
import { spanOf } from './bounds.ts'
import { isDense } from './offsets.ts'
import type { Sources } from './sources.ts'

/** The result of the group with number `n` is `ids[n]`; `numbers` says by id - `base` which that is, 0 for none. `ids[0]` is `NO_GROUP`. */
export interface DenseGroups {
  readonly base: number
  readonly numbers: Uint32Array
  readonly ids: Int32Array
}

export const NO_GROUP = -2

interface Numbering {
  readonly base: number
  readonly numbers: Uint32Array
  /** Groups, and one more, since they are numbered from 1. */
  readonly count: number
}

/** What is known of a group: four numbers each, in the order of `FOLD`; of groups that are only counted, the rest is 0. */
type Folds = Float64Array
const FOLD = { count: 0, sum: 1, least: 2, greatest: 3 } as const
const FOLD_SHIFT = 2

/** The results of `aggregate` for all groups; nothing where that is not so simple. */
export function denseGroups(
  aggregate: AggregateLiteral,
  relationOf: (atom: AtomLiteral) => Relation,
  sources: Sources,
  values: Values,
): DenseGroups | undefined {
  const shape = shapeOf(aggregate)
  if (!shape) return undefined
  const { atom, group, over } = shape
  const relation = relationOf(atom)
  if (relation.count > ROWS_MAX) return undefined
  const numbering = sources.remember(relation, `numbers ${group}`, () => numberGroups(relation, group, sources))
  if (!numbering) return undefined
  const filters = atom.args.flatMap((arg, column) =>
    arg.kind === 'constant' ? [{ column, id: values.intern(arg.value) }] : [],
  )
  const folded = aggregate.function === 'count' ? undefined : over
  const key = `folds ${group} ${folded} ${filters.map(({ column, id }) => `${column}=${id}`).join()}`
  const folds = sources.remember(relation, key, () => foldGroups(relation, numbering, group, folded, filters))
  if (!folds) return undefined
  const ids = new Int32Array(numbering.count).fill(NO_GROUP)
  for (let n = 1; n < ids.length; n++) {
    const at = n << FOLD_SHIFT
    if (folds[at] !== 0) ids[n] = resultOf(aggregate.function, folds, at, values)
  }
  return { base: numbering.base, numbers: numbering.numbers, ids }
}

/** So many inline integers can be added without a loss. */
const ROWS_MAX = 2 ** 26

interface Shape {
  readonly atom: AtomLiteral
  readonly group: number
  /** The column of what is folded; that of a count is not looked at. */
  readonly over: number
}

function shapeOf({ body, groups, over, function: name }: AggregateLiteral): Shape | undefined {
  const [atom] = body
  const [groupVariable] = groups
  if (body.length !== 1 || groups.length !== 1 || atom?.kind !== 'atom') return undefined
  if (atom.negated || atom.inClass !== undefined) return undefined
  if (name === 'count_distinct' || over.kind !== 'variable') return undefined
  const variables = atom.args.flatMap((arg) => (arg.kind === 'variable' ? [arg.variable] : []))
  if (new Set(variables).size !== variables.length) return undefined
  const columnOf = (variable: number | undefined) =>
    atom.args.findIndex((arg) => arg.kind === 'variable' && arg.variable === variable)
  const [group, column] = [columnOf(groupVariable), columnOf(over.variable)]
  return group < 0 || column < 0 ? undefined : { atom, group, over: column }
}

function numberGroups(relation: Relation, group: number, sources: Sources): Numbering | undefined {
  const bounds = sources.bounds(relation, group)
  if (!isDense(bounds, relation.count)) return undefined
  const base = spanOf(bounds) === 0 ? 0 : bounds.min
  const numbers = new Uint32Array(spanOf(bounds))
  const ids = relation.columns[group]!
  let count = 1
  for (let row = 0; row < relation.count; row++) {
    if (relation.deaths !== undefined && isGone(relation, row)) continue
    const at = (ids[row]! - base) | 0
    if (numbers[at] === 0) numbers[at] = count++
  }
  return { base, numbers, count }
}

function foldGroups(
  relation: Relation,
  { base, numbers, count }: Numbering,
  group: number,
  over: number | undefined,
  filters: readonly { readonly column: number; readonly id: ValueId }[],
): Folds | undefined {
  const folds = new Float64Array(count << FOLD_SHIFT)
  const groups = relation.columns[group]!
  const rows = rowsThat(relation, filters)
  const end = rows ? rows.length : relation.count
  if (over === undefined) {
    for (let i = 0; i < end; i++) folds[(numbers[(groups[rows ? rows[i]! : i]! - base) | 0]! << FOLD_SHIFT) | 0]! += 1
    return folds
  }
  const overs = relation.columns[over]!
  for (let i = 0; i < end; i++) {
    const row = rows ? rows[i]! : i
    const id = overs[row]! | 0
    if (!isInlineInt(id)) return undefined
    const at = (numbers[(groups[row]! - base) | 0]! << FOLD_SHIFT) | 0
    const before = folds[at]!
    folds[at] = before + 1
    folds[at + 1] = folds[at + 1]! + inlineInt(id)
    // Ids of inline integers are in the order of the integers.
    if (before === 0 || id < folds[at + 2]!) folds[at + 2] = id
    if (before === 0 || id > folds[at + 3]!) folds[at + 3] = id
  }
  return folds
}

/** The rows that are there and pass the filters; nothing where these are all. */
function rowsThat(
  relation: Relation,
  filters: readonly { readonly column: number; readonly id: ValueId }[],
): Uint32Array | undefined {
  if (filters.length === 0 && relation.deaths === undefined) return undefined
  const rows = new Uint32Array(relation.count)
  let count = 0
  for (let row = 0; row < relation.count; row++) {
    if (isGone(relation, row)) continue
    if (filters.every(({ column, id }) => relation.columns[column]![row] === id)) rows[count++] = row
  }
  return rows.subarray(0, count)
}

function resultOf(name: AggregateLiteral['function'], folds: Folds, at: number, values: Values): ValueId {
  switch (name) {
    case 'sum':
      return intId(values, folds[at + FOLD.sum]!)
    case 'mean':
      return values.float(folds[at + FOLD.sum]! / folds[at]!)
    case 'min':
      return folds[at + FOLD.least]!
    case 'max':
      return folds[at + FOLD.greatest]!
    default:
      return intId(values, folds[at]!)
  }
}
