/**
 * Grouped evaluation: where all rules of a binary predicate hand one column on unchanged, the rows of each value of that
 * column can be derived by themselves, to the end, one value after the other. An array by the ids of the other column then
 * keeps them distinct, which costs next to nothing. Most rules of authorization are of this kind: who is in which group,
 * what a user can reach.
 */
import { definedVariables } from '../program/defined.ts'
import { MEMBER } from '../program/links.ts'
import type { AtomLiteral, Rule, Stratum } from '../program/program.ts'
import { noteRound, type Rounds } from './access.ts'
import type { Next } from './body-target.ts'
import { type Bounds, spanOf } from './bounds.ts'
import { createStamps, type Distinct, type Stamps } from './distinct.ts'
import { workOf } from './estimate.ts'
import { isDense, type Offsets } from './offsets.ts'
import { compileRule } from './rule.ts'
import { isHashed, openMarks, type Run, roundsError } from './run.ts'

interface Grouping {
  /** The column that is handed on. */
  readonly column: 0 | 1
  readonly starts: readonly StartRule[]
  readonly steps: readonly StepRule[]
  readonly stamps: Stamps
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

/** Evaluates `stratum` group by group, if it is of that kind; says whether. `bounds` are those of its predicate's columns. */
export function evaluateGrouped(run: Run, stratum: Stratum, bounds: readonly Bounds[]): boolean {
  const grouping = groupingOf(run, stratum, bounds)
  if (!grouping) return false
  const [predicate] = stratum.predicates
  const relation = run.image.relations[predicate!]!
  const { stamps, column } = grouping
  if (grouping.starts.every(({ guard }) => guard.starts.at(-1) === 0)) return true
  const distinct: Distinct = { kind: 'stamp', column: column === 0 ? 1 : 0, stamps }
  const marks = run.marks[predicate!]!
  const known = (atom: AtomLiteral) => run.marks[atom.predicate]!.known
  const here = new Set(stratum.predicates)
  const rounds: Rounds = {
    most: 0,
    max: run.program.settings.limits.maxIterations,
    fail: () => {
      throw roundsError(run, stratum)
    },
  }
  const [only] = grouping.steps.length === 1 ? grouping.steps : []
  const compile = (rule: Rule, variable: number, first?: number) =>
    compileRule(run, rule, {
      distinct,
      here,
      range: (atom, place) => (place === first ? marks.recent : known(atom)),
      bound: [variable],
      ...(first !== undefined && { first, ...(only && { rounds }) }),
    })
  const starts = grouping.starts.map((start) => ({ ...start, run: compile(start.rule, start.variable) }))
  const steps = grouping.steps.map((step) => ({ ...step, run: compile(step.rule, step.variable, step.place) }))
  const environment = new Int32Array(Math.max(1, ...stratum.rules.map((rule) => rule.variables.length)))
  const call = (body: Next, variable: number, id: number) => {
    environment[variable] = id
    body(environment)
  }
  const all = bounds[column]!
  for (let id = all.min; id <= all.max; id++) {
    let from = relation.count
    stamps.group++
    for (const { guard, variable, run: body } of starts) if (hasRows(guard, id)) call(body, variable, id)
    // A rule that is alone goes on by itself.
    for (let round = 1; from < relation.count && steps.length > 0; round++) {
      noteRound(rounds, round)
      marks.recent.from = from
      marks.recent.to = relation.count
      from = only ? Number.POSITIVE_INFINITY : relation.count
      for (const { variable, run: body } of steps) call(body, variable, id)
    }
  }
  run.rounds += rounds.most
  openMarks(marks, relation.count)
  return true
}

function hasRows({ base, span, starts }: Offsets, id: number): boolean {
  const at = id - base
  return at >= 0 && at < span && starts[at]! < starts[at + 1]!
}

/** The grouping with the fewest ids to keep stamps for: they are looked at all the time, and shall stay in the cache. */
function groupingOf(run: Run, stratum: Stratum, bounds: readonly Bounds[]): Grouping | undefined {
  const [predicate] = stratum.predicates
  const relation = run.image.relations[predicate!]!
  if (isHashed(run.modes) || stratum.predicates.length !== 1 || relation.arity !== 2) return undefined
  if (relation.count > 0 || run.best[predicate!] || stratum.rules.length === 0) return undefined
  const columns = ([0, 1] as const).toSorted((a, b) => spanOf(bounds[b]!) - spanOf(bounds[a]!))
  for (const column of columns) {
    const other = bounds[column === 0 ? 1 : 0]!
    const rules = spanOf(other) <= STAMPS_MAX ? rulesBy(run, stratum, column) : undefined
    if (!rules) continue
    const rows = Math.max(...rules.starts.map(({ guard }) => guard.starts.at(-1)!), 0)
    if (isDense(bounds[column]!, rows)) return { column, ...rules, stamps: createStamps(other) }
  }
  return undefined
}

const STAMPS_MAX = 1 << 24

/** The rules of `stratum`, if each of them hands `column` on. */
function rulesBy(run: Run, stratum: Stratum, column: 0 | 1): Pick<Grouping, 'starts' | 'steps'> | undefined {
  const [predicate] = stratum.predicates
  const starts: StartRule[] = []
  const steps: StepRule[] = []
  for (const rule of stratum.rules) {
    const arg = rule.args[column]!
    if (arg.kind !== 'variable' || definedVariables(rule).has(arg.variable)) return undefined
    const { variable } = arg
    const recursive = rule.body.flatMap((literal, place) =>
      literal.kind === 'atom' && literal.predicate === predicate ? [{ atom: literal, place }] : [],
    )
    if (recursive.length === 0) {
      const guard = guardOf(run, rule, variable)
      if (!guard) return undefined
      starts.push({ rule, variable, guard })
    } else {
      const { atom, place } = recursive[0]!
      const handed = atom.args[column]!
      if (recursive.length > 1 || handed.kind !== 'variable' || handed.variable !== variable) return undefined
      steps.push({ rule, variable, place })
    }
  }
  return { starts, steps }
}

/** The rows by `variable` of the atom with the fewest rows that binds it; nothing where a rule is better run for all ids together. */
function guardOf(run: Run, rule: Rule, variable: number): Offsets | undefined {
  const { image, sources } = run
  let best: Offsets | undefined
  for (const literal of rule.body) {
    if (literal.kind !== 'atom' || literal.negated) continue
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
