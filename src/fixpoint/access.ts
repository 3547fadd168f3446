/**
 * Access paths: how the rows that an atom wants are found. Which path is taken depends on how many rows there are, on how
 * close the ids of the known columns lie together, and on whether the relation still grows.
 * - `scan`: all rows of a range, known columns compared: nothing is known, or there are few rows;
 * - `offsets`: the rows of one id lie side by side;
 * - `chain`: the hashed index of the relation, which can grow;
 * - `rounds`: the rows of a range, then those that were derived meanwhile, and so on: of the relation that a rule adds to;
 * - `members`, `run`: all columns are known, and a bit or a binary search says whether the row is there.
 */
import { type Relation, rowCount } from '../image/relation.ts'
import { ROWS_SCANNED } from '../image/search.ts'
import { type Bits, hasBit } from './bits.ts'
import type { AtomLayout, Next } from './body-target.ts'
import { spanOf } from './bounds.ts'
import type { Environment } from './expression.ts'
import { type Machine, step } from './machine.ts'
import type { Offsets } from './offsets.ts'
import { type RowRange, scanRows } from './scan.ts'
import { isInRun, type Sources } from './sources.ts'

export type Access = Path & { readonly why: string }

type Path =
  | { readonly kind: 'scan' | 'chain'; readonly relation: Relation; readonly range: RowRange }
  | { readonly kind: 'rounds'; readonly relation: Relation; readonly range: RowRange; readonly rounds: Rounds }
  /** `at` is the place in the layout's key of the column that the rows are put in the order of. */
  | { readonly kind: 'offsets'; readonly offsets: Offsets; readonly at: number }
  | { readonly kind: 'members'; readonly members: Bits }
  | { readonly kind: 'run'; readonly offsets: Offsets }

/** How many rounds there were at most, and may be. */
export interface Rounds {
  most: number
  readonly max: number
  /** Throws. */
  readonly fail: () => void
}

/** What is not `auto` is for tests: rows compared one by one, hashed, or arrays by id even for a few rows. */
export type Storage = 'auto' | 'scan' | 'hash' | 'dense'

/** A run of more rows than this, of which other known columns pass only some, is worth a hashed index over all of them. */
const RUN_FILTERED = 8

/** The path for an atom; `isFinished` says whether its relation has all its rows. */
export function chooseAccess(
  sources: Sources,
  relation: Relation,
  {
    layout,
    range,
    isFinished,
    storage,
  }: { layout: AtomLayout; range: RowRange; isFinished: boolean; storage: Storage },
): Access {
  const { key } = layout
  const rows = rowCount(relation)
  if (key.length === 0) return { kind: 'scan', relation, range, why: 'no column is given' }
  if (storage === 'scan') return { kind: 'scan', relation, range, why: FORCED }
  if (!isFinished) return { kind: 'chain', relation, range, why: 'rows still come' }
  if (storage === 'hash') return { kind: 'chain', relation, range, why: FORCED }
  if (isScanned(relation, storage)) return { kind: 'scan', relation, range, why: 'few rows' }
  if (key.length === relation.arity) {
    const members = sources.members(relation)
    if (members) return { kind: 'members', members, why: 'ids are dense' }
    const offsets = relation.arity === 2 ? sources.offsets(relation, 0, 1) : undefined
    return offsets ? { kind: 'run', offsets, why: 'many ids' } : { kind: 'chain', relation, range, why: SPARSE }
  }
  const runs = key.map((column) => rows / Math.max(1, Math.min(rows, spanOf(sources.bounds(relation, column)))))
  const at = runs.indexOf(Math.min(...runs))
  if (key.length === 1 || runs[at]! <= RUN_FILTERED) {
    const offsets = sources.offsets(relation, key[at]!)
    if (offsets) return { kind: 'offsets', offsets, at, why: 'ids are dense' }
    return { kind: 'chain', relation, range, why: SPARSE }
  }
  return { kind: 'chain', relation, range, why: 'runs are long' }
}

/** Whether there are so few rows that they are compared one by one. */
export function isScanned(relation: Relation, storage: Storage): boolean {
  return rowCount(relation) <= ROWS_SCANNED && storage !== 'dense'
}

const FORCED = '$RUNE_STORAGE says so'
const SPARSE = 'ids are sparse'

/** Calls `next` for every row that `access` finds. */
export function followAccess(access: Access, layout: AtomLayout, machine: Machine, next: Next): Next {
  switch (access.kind) {
    case 'scan':
    case 'chain':
      return scanRows(access.relation, access.range, layout, machine, next, access.kind === 'scan')
    case 'rounds':
      return followRounds(access, layout, machine, next)
    case 'offsets':
      return followOffsets(access.offsets, access.at, layout, machine, next)
    default: {
      const has = membership(access, layout)
      return (environment) => {
        step(machine)
        return has(environment) && next(environment)
      }
    }
  }
}

/** Calls `next` if `access` finds no row. */
export function followAbsent(access: Access, layout: AtomLayout, machine: Machine, next: Next): Next {
  if (access.kind === 'members' || access.kind === 'run') {
    const has = membership(access, layout)
    return (environment) => {
      step(machine)
      return !has(environment) && next(environment)
    }
  }
  // Repeated variables can't occur: all variables of a negated atom are bound before.
  const search = followAccess(access, layout, machine, () => true)
  return (environment) => !search(environment) && next(environment)
}

function followRounds(
  { relation, range, rounds }: Access & { kind: 'rounds' },
  layout: AtomLayout,
  machine: Machine,
  next: Next,
): Next {
  const scan = scanRows(relation, range, layout, machine, next, true)
  return (environment) => {
    for (let round = 1; range.from < range.to; round++) {
      noteRound(rounds, round)
      scan(environment)
      range.from = range.to
      range.to = relation.count
    }
    return false
  }
}

/** Counts a round; throws where there are too many. */
export function noteRound(rounds: Rounds, round: number): void {
  if (round <= rounds.most) return
  rounds.most = round
  if (round > rounds.max) rounds.fail()
}

function followOffsets(offsets: Offsets, at: number, layout: AtomLayout, machine: Machine, next: Next): Next {
  const { base, span, starts, columns } = offsets
  const source = layout.sources[at]!
  const others = layout.key.flatMap((column, i) => (i === at ? [] : [{ column, source: layout.sources[i]! }]))
  return (environment) => {
    const slot = (source < 0 ? environment[~source]! : source) - base
    if (slot < 0 || slot >= span) return false
    for (let i = starts[slot]!, end = starts[slot + 1]!; i < end; i++) {
      step(machine)
      if (fits(columns, others, layout, i, environment) && next(environment)) return true
    }
    return false
  }
}

function fits(
  columns: readonly Uint32Array[],
  others: readonly { readonly column: number; readonly source: number }[],
  layout: AtomLayout,
  i: number,
  environment: Environment,
): boolean {
  for (const { column, source } of others) {
    if (columns[column]![i] !== (source < 0 ? environment[~source] : source)) return false
  }
  for (const bind of layout.binds) environment[bind.variable] = columns[bind.column]![i]!
  for (const repeat of layout.repeats) if (environment[repeat.variable] !== columns[repeat.column]![i]) return false
  return true
}

function membership(access: Access & { kind: 'members' | 'run' }, layout: AtomLayout): (e: Environment) => boolean {
  const [first, second] = layout.sources.length === 1 ? [0, layout.sources[0]!] : layout.sources
  const value = (source: number, environment: Environment) => (source < 0 ? environment[~source]! : source)
  return access.kind === 'run'
    ? (environment) => isInRun(access.offsets, value(first!, environment), value(second!, environment))
    : (environment) => hasBit(access.members, value(first!, environment), value(second!, environment))
}
