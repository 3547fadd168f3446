/**
 * Grouped evaluation: where all rules of a binary predicate hand one column on unchanged, the rows of each value of that
 * column can be derived by themselves, to the end, one value after the other. An array by the ids of the other column then
 * keeps them distinct, which costs next to nothing. Most rules of authorization are of this kind: who is in which group,
 * what a user can reach.
 */
import { definedVariables } from '../program/defined.ts'
import { MEMBER } from '../program/links.ts'
import { mentions } from '../program/plan.ts'
import type { Rule, Stratum } from '../program/program.ts'
import { noteRound, type Rounds } from './access.ts'
import { type Bounds, EMPTY, spanOf } from './bounds.ts'
import { createStamps, type Distinct } from './distinct.ts'
import { workOf } from './estimate.ts'
import { isDense, type Offsets } from './offsets.ts'
import { compileRule, type RuleOptions } from './rule.ts'
import { isHashed, openMarks, type Run, roundsError } from './run.ts'

export interface Grouping {
  /** The column that is handed on. */
  readonly column: 0 | 1
  /** Those of the ids that there are groups for. A rule can fail for one that gets no rows. */
  readonly bounds: Bounds
  readonly starts: readonly StartRule[]
  readonly steps: readonly StepRule[]
  readonly distinct: Distinct & { readonly kind: 'stamp' }
}

/** A rule without recursion: for the ids that `guard` has rows for. */
interface StartRule {
  readonly rule: Rule
  readonly variable: number
  readonly guard: Offsets
}

interface StepRule {
  readonly rule: Rule
  readonly variable: number
  /** The place of its recursive atom. */
  readonly place: number
}

/** Evaluates `stratum` group by group. */
export function evaluateGrouped(run: Run, stratum: Stratum, grouping: Grouping): void {
  const [predicate] = stratum.predicates
  const relation = run.image.relations[predicate!]!
  if (grouping.starts.every(({ guard }) => guard.starts.at(-1) === 0)) return
  const { stamps } = grouping.distinct
  const marks = run.marks[predicate!]!
  const rounds: Rounds = {
    most: 0,
    max: run.program.settings.limits.maxIterations,
    fail: () => {
      throw roundsError(run, stratum)
    },
  }
  const isAlone = grouping.steps.length === 1
  const compile = <R extends StartRule | StepRule>(rule: R) => ({
    ...rule,
    run: compileRule(run, rule.rule, groupedOptions(run, stratum, grouping, rule, rounds)),
  })
  const starts = grouping.starts.map(compile)
  const steps = grouping.steps.map(compile)
  const environment = new Int32Array(stratum.rules.reduce((most, rule) => Math.max(most, rule.variables.length), 1))
  const call = (body: (environment: Int32Array) => void, variable: number, id: number) => {
    environment[variable] = id
    body(environment)
  }
  const { min, max } = grouping.bounds
  for (let id = min; id <= max; id++) {
    let from = relation.count
    stamps.group++
    for (const { guard, variable, run: body } of starts) if (hasRows(guard, id)) call(body, variable, id)
    // A rule that is alone goes on by itself.
    for (let round = 1; from < relation.count && steps.length > 0; round++) {
      noteRound(rounds, round)
      marks.recent.from = from
      marks.recent.to = relation.count
      from = isAlone ? Number.POSITIVE_INFINITY : relation.count
      for (const { variable, run: body } of steps) call(body, variable, id)
    }
  }
  run.rounds += rounds.most
  openMarks(marks, relation.count)
}

/** What a rule of a grouping is compiled with. */
export function groupedOptions(
  run: Run,
  stratum: Stratum,
  { distinct, steps }: Grouping,
  { variable, ...rule }: StartRule | StepRule,
  rounds?: Rounds,
): RuleOptions {
  const first = 'place' in rule ? rule.place : undefined
  const here = new Set(stratum.predicates)
  return {
    distinct,
    here,
    range: ({ predicate }, place) => run.marks[predicate]![place === first && here.has(predicate) ? 'recent' : 'known'],
    bound: [variable],
    ...(first !== undefined && { first, ...(rounds && steps.length === 1 && { rounds }) }),
  }
}

function hasRows({ base, span, starts }: Offsets, id: number): boolean {
  const at = id - base
  return at >= 0 && at < span && starts[at]! < starts[at + 1]!
}

/**
 * How `stratum` is evaluated group by group; nothing if it is not of that kind. `bounds` are those of its predicate's
 * columns. Of two groupings that with the fewest ids to keep stamps for: they are looked at all the time, and shall stay in
 * the cache.
 */
export function groupingOf(run: Run, stratum: Stratum, bounds: readonly Bounds[]): Grouping | undefined {
  const [predicate] = stratum.predicates
  const relation = run.image.relations[predicate!]!
  if (isHashed(run.modes) || stratum.predicates.length !== 1 || relation.arity !== 2) return undefined
  if (relation.count > 0 || run.best[predicate!] || stratum.rules.length === 0) return undefined
  const columns = ([0, 1] as const).toSorted((a, b) => spanOf(bounds[b]!) - spanOf(bounds[a]!))
  for (const column of columns) {
    const other = bounds[column === 0 ? 1 : 0]!
    const rules = spanOf(other) <= STAMPS_MAX ? rulesBy(run, stratum, column) : undefined
    if (!rules) continue
    const rows = rules.starts.reduce((most, { guard }) => Math.max(most, guard.starts.at(-1)!), 0)
    const ids = guardBounds(rules.starts)
    if (!isDense(ids, rows)) continue
    const why = `all rules hand column ${column} on`
    const distinct = { kind: 'stamp', column: column === 0 ? 1 : 0, stamps: createStamps(other), why } as const
    return { column, bounds: ids, ...rules, distinct }
  }
  return undefined
}

const STAMPS_MAX = 1 << 24

function guardBounds(starts: readonly StartRule[]): Bounds {
  let { min, max } = EMPTY
  for (const { guard } of starts) {
    if (guard.span === 0) continue
    min = Math.min(min, guard.base)
    max = Math.max(max, guard.base + guard.span - 1)
  }
  return { min, max }
}

/** The rules of `stratum`, if each of them hands `column` on. */
function rulesBy(run: Run, stratum: Stratum, column: 0 | 1): Pick<Grouping, 'starts' | 'steps'> | undefined {
  const [predicate] = stratum.predicates
  const starts: StartRule[] = []
  const steps: StepRule[] = []
  for (const rule of stratum.rules) {
    const arg = rule.args[column]!
    const defined = definedVariables(rule)
    if (arg.kind !== 'variable' || defined.has(arg.variable)) return undefined
    const { variable } = arg
    const recursive = rule.body.flatMap((literal, place) =>
      literal.kind === 'atom' && literal.predicate === predicate ? [{ atom: literal, place }] : [],
    )
    if (recursive.length === 0) {
      const guard = guardOf(run, rule, variable, defined)
      if (!guard) return undefined
      starts.push({ rule, variable, guard })
    } else {
      const { atom, place } = recursive[0]!
      const handed = atom.args[column]!
      // A rule whose recursive atom depends on an expression can fail without a row of it.
      if (recursive.length > 1 || mentions(atom, defined) || handed.kind !== 'variable' || handed.variable !== variable)
        return undefined
      steps.push({ rule, variable, place })
    }
  }
  return { starts, steps }
}

/**
 * The rows by `variable` of the atom with the fewest rows that binds it, whatever expressions come to; nothing where a rule
 * is better run for all ids together.
 */
function guardOf(run: Run, rule: Rule, variable: number, defined: ReadonlySet<number>): Offsets | undefined {
  const { image, sources } = run
  let best: Offsets | undefined
  for (const literal of rule.body) {
    if (literal.kind !== 'atom' || literal.negated || mentions(literal, defined)) continue
    const column = literal.args.findIndex((arg) => arg.kind === 'variable' && arg.variable === variable)
    if (column < 0) continue
    const offsets = sources.offsets(
      image.relations[literal.predicate]!,
      literal.inClass === undefined ? column : MEMBER,
    )
    if (offsets && (!best || offsets.starts.at(-1)! < best.starts.at(-1)!)) best = offsets
  }
  if (!best) return undefined
  const groups = Math.min(best.span, best.starts.at(-1)!)
  const here = new Set([rule.head])
  const work = groups * workOf(run, rule, here, [variable])
  return work <= WORK_ALWAYS + WORK_TIMES * workOf(run, rule, here) ? best : undefined
}

/** Group by group a rule may go through so many rows, and through so many times those that it would go through at once. */
const WORK_ALWAYS = 1 << 17
const WORK_TIMES = 2
