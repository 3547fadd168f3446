/**
 * The join orders of rules, for people to look at: which steps, how the rows of each are found, and what was expected of it.
 * Nothing is chosen here: what evaluation and demand would choose is asked of them, and put into words.
 */
import type { Image } from '../image/image.ts'
import type { Relation } from '../image/relation.ts'
import { ROWS_SCANNED, servingIndex } from '../image/search.ts'
import type { RulePrinter } from '../program/print-rule.ts'
import type { AggregateLiteral, PredicateId, Rule } from '../program/program.ts'
import type { Access } from './access.ts'
import { layoutOf, progressOf, startWith } from './body.ts'
import type { AtomLayout } from './body-target.ts'
import { crossingOf } from './generate.ts'
import type { PreparedRule } from './rule.ts'
import { planGoal } from './solve.ts'

/** One order in which the literals of a rule are evaluated. */
export interface InspectedOrder {
  /** Before the first round, in each round for what is new, or for each question that comes. */
  readonly when: 'once' | 'each round' | 'on demand'
  /** The literal that sees only what the last round found; numbers are then those for one such row. */
  readonly recent?: string
  /** The column of the head that is given a value, one after the other; numbers are then those for one of them. */
  readonly group?: number
  readonly code: 'generated' | 'closures'
  readonly steps: readonly InspectedStep[]
}

export interface InspectedStep {
  readonly literal: string
  /** How rows are found, or an aggregate computed; absent where values are only compared or computed. */
  readonly access?: InspectedAccess
  /** How many bindings are expected for each one so far. */
  readonly matches: number
  /** How many there are then, all in all. */
  readonly rows: number
}

/**
 * - `scan`: all rows are compared; `hashed`: a hashed index; `offsets`: rows in the order of a column, with an array by id;
 * - `bits`, `search`: a bit, or a binary search, says whether the row is there;
 * - `leapfrog`: sorted rows of several atoms are met in step;
 * - `question`: what is not materialised is asked for;
 * - `one pass`, `fold`: an aggregate over all groups at once, or for each group anew.
 */
export interface InspectedAccess {
  readonly kind: 'scan' | 'hashed' | 'offsets' | 'bits' | 'search' | 'leapfrog' | 'question' | 'one pass' | 'fold'
  /** Columns that are given a value; of an aggregate none. */
  readonly columns: readonly number[]
  readonly why: string
}

/** The order of a rule of the fixpoint, as it was prepared. */
export function preparedOrder(
  rule: Rule,
  { target, plan, bound, isGenerated }: PreparedRule,
  printer: RulePrinter,
  about: { readonly group?: number; readonly delta?: number },
): InspectedOrder {
  const { steps, expected } = plan
  const { group, delta } = about
  const before = progressOf(steps, startWith(bound))
  const access = new Map<number, InspectedAccess>()
  for (const [i, s] of steps.entries()) {
    if (s.kind === 'aggregate') access.set(i, aggregateAccess(s.aggregate, isGenerated && target.dense(s.aggregate)))
    if (access.has(i) || (s.kind !== 'match' && s.kind !== 'absent')) continue
    const layout = layoutOf(s.atom, before[i]!.bound, target.constants)
    const crossing = isGenerated && s.kind === 'match' ? crossingOf({ target, steps, before }, layout, i) : undefined
    if (!crossing) access.set(i, accessOf(target.access(s, layout), layout))
    crossing?.runs.forEach(({ column }, k, { length }) => {
      const columns = k === 0 ? layout.key : [1 - column]
      access.set(i + k, { kind: 'leapfrog', columns, why: `${length} atoms in step` })
    })
  }
  const recent = delta === undefined ? undefined : rule.body[delta]!
  return {
    when: recent ? 'each round' : 'once',
    ...(recent && { recent: printer.literal(rule, recent) }),
    ...(group !== undefined && { group }),
    code: isGenerated ? 'generated' : 'closures',
    steps: stepsOf(
      rule,
      steps.map(({ literal }, i) => ({
        literal,
        matches: i === 0 && literal === delta ? 1 : expected[i]!,
        access: access.get(i),
      })),
      printer,
    ),
  }
}

/** The order of a rule that is evaluated on demand, where nothing is given. */
export function demandedOrder(
  rule: Rule,
  image: Image,
  printer: RulePrinter,
  isAsked: (predicate: PredicateId) => boolean,
): InspectedOrder {
  const bound = new Set(rule.groups ?? [])
  const { steps, expected } = planGoal(rule, bound, image, isAsked)
  const before = progressOf(steps, startWith(bound))
  const described = steps.map((s, i) => {
    const step = { literal: s.literal, matches: expected[i]! }
    if (s.kind === 'aggregate') return { ...step, access: aggregateAccess(s.aggregate, false) }
    if (s.kind !== 'match' && s.kind !== 'absent') return step
    const layout = layoutOf(s.atom, before[i]!.bound, image.values)
    const { key: columns } = layout
    if (isAsked(s.atom.predicate)) return { ...step, access: { kind: 'question', columns, why: NOT_STORED } as const }
    return { ...step, access: storedAccess(image.relations[s.atom.predicate]!, columns) }
  })
  return { when: 'on demand', code: 'closures', steps: stepsOf(rule, described, printer) }
}

const NOT_STORED = 'not stored'

/** As `scanRows` finds rows. */
function storedAccess(relation: Relation, columns: readonly number[]): InspectedAccess {
  if (columns.length === 0) return { kind: 'scan', columns, why: 'no column is given' }
  if (relation.count <= ROWS_SCANNED) return { kind: 'scan', columns, why: 'few rows' }
  const key = servingIndex(relation, columns)?.key ?? columns
  return { kind: 'hashed', columns: key, why: key.length < columns.length ? 'few rows for each' : 'columns are given' }
}

interface DescribedStep {
  readonly literal: number
  readonly matches: number
  readonly access?: InspectedAccess | undefined
}

function stepsOf(rule: Rule, steps: readonly DescribedStep[], printer: RulePrinter): InspectedStep[] {
  let rows = 1
  return steps.map(({ literal, access, matches }) => {
    rows *= matches
    return {
      literal: printer.literal(rule, rule.body[literal]!),
      ...(access && { access }),
      matches: rounded(matches),
      rows: rounded(rows),
    }
  })
}

function aggregateAccess({ groups }: AggregateLiteral, isDense: unknown): InspectedAccess {
  if (isDense) return { kind: 'one pass', columns: [], why: 'ids are dense' }
  return { kind: 'fold', columns: [], why: groups.length === 0 ? 'no groups' : 'for each group' }
}

function accessOf(access: Access, { key }: AtomLayout): InspectedAccess {
  const { why } = access
  switch (access.kind) {
    case 'scan':
      return { kind: 'scan', columns: key, why }
    case 'chain':
      return { kind: 'hashed', columns: key, why }
    case 'offsets':
      return { kind: 'offsets', columns: [key[access.at]!], why }
    default:
      return { kind: access.kind === 'members' ? 'bits' : 'search', columns: key, why }
  }
}

/** Estimates have no more digits than they deserve. */
function rounded(estimate: number): number {
  const shown = Math.min(estimate, ESTIMATE_MAX)
  return shown < 100 ? Math.round(shown * 10) / 10 : Number(shown.toPrecision(3))
}

const ESTIMATE_MAX = 1e12
