/**
 * Grouped evaluation: where all rules of a binary predicate hand one column on unchanged, the rows of each value of that
 * column can be derived by themselves, to the end, one value after the other. An array by the ids of the other column then
 * keeps them distinct, which costs next to nothing. Most rules of authorization are of this kind: who is in which group,
 * what a user can reach.
 */
import { rowCount } from '../image/relation.ts'
import { definedVariables } from '../program/defined.ts'
import { planBody } from '../program/plan.ts'
import type { Rule, Stratum } from '../program/program.ts'
import type { Next } from './body-target.ts'
import { type Bounds, spanOf } from './bounds.ts'
import { createStamps, type Distinct } from './distinct.ts'
import { isDense, type Offsets } from './offsets.ts'
import { compileRule, type RuleOptions } from './rule.ts'
import { openMarks, type Run, roundsError } from './run.ts'

export interface Grouping {
  /** The column that is handed on. */
  readonly column: 0 | 1
  /** Those of that column. */
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
  const { stamps } = grouping.distinct
  const marks = run.marks[predicate!]!
  const compile = <R extends StartRule | StepRule>(rule: R) => ({
    ...rule,
    run: compileRule(run, rule.rule, groupedOptions(run, stratum, grouping, rule)),
  })
  const starts = grouping.starts.map(compile)
  const steps = grouping.steps.map(compile)
  const environment = new Int32Array(Math.max(1, ...stratum.rules.map((rule) => rule.variables.length)))
  const call = (body: Next, variable: number, id: number) => {
    environment[variable] = id
    body(environment)
  }
  const { maxIterations } = run.program.settings.limits
  let roundsMax = 0
  const { min, max } = grouping.bounds
  for (let id = min; id <= max; id++) {
    const first = relation.count
    stamps.group++
    for (const { guard, variable, run: body } of starts) if (hasRows(guard, id)) call(body, variable, id)
    let rounds = 0
    for (let from = first; steps.length > 0 && from < relation.count; ) {
      if (++rounds > maxIterations) throw roundsError(run, stratum)
      marks.recent.from = from
      marks.recent.to = relation.count
      from = relation.count
      for (const { variable, run: body } of steps) call(body, variable, id)
    }
    roundsMax = Math.max(roundsMax, rounds)
  }
  run.rounds += roundsMax
  openMarks(marks, relation.count)
}

/** What a rule of a grouping is compiled with. */
export function groupedOptions(
  run: Run,
  stratum: Stratum,
  { distinct }: Grouping,
  { variable, ...rule }: StartRule | StepRule,
): RuleOptions {
  const first = 'place' in rule ? rule.place : undefined
  return {
    distinct,
    here: new Set(stratum.predicates),
    range: ({ predicate }, place) => run.marks[predicate]![place === first ? 'recent' : 'known'],
    bound: [variable],
    ...(first !== undefined && { first }),
  }
}

function hasRows({ base, starts }: Offsets, id: number): boolean {
  const at = id - base
  return at >= 0 && at < starts.length - 1 && starts[at]! < starts[at + 1]!
}

/** How `stratum` is evaluated group by group; nothing if it is not of that kind. `bounds` are those of its predicate's columns. */
export function groupingOf(run: Run, { predicates, rules }: Stratum, bounds: readonly Bounds[]): Grouping | undefined {
  const [predicate] = predicates
  const relation = run.image.relations[predicate!]!
  if (run.modes.storage !== 'auto' || predicates.length !== 1 || relation.arity !== 2) return undefined
  if (relation.count > 0 || run.best[predicate!] || rules.length === 0) return undefined
  for (const column of [0, 1] as const) {
    const starts: StartRule[] = []
    const steps: StepRule[] = []
    for (const rule of rules) {
      const arg = rule.args[column]!
      if (arg.kind !== 'variable' || definedVariables(rule).has(arg.variable)) break
      const { variable } = arg
      const recursive = rule.body.flatMap((literal, place) =>
        literal.kind === 'atom' && literal.predicate === predicate ? [{ atom: literal, place }] : [],
      )
      if (recursive.length === 0) {
        const guard = guardOf(run, rule, variable)
        if (guard) starts.push({ rule, variable, guard })
      } else if (recursive.length === 1) {
        const { atom, place } = recursive[0]!
        const handed = atom.args[column]!
        if (handed.kind === 'variable' && handed.variable === variable) steps.push({ rule, variable, place })
      }
    }
    if (starts.length + steps.length < rules.length) continue
    const rows = Math.max(...starts.map(({ guard }) => guard.starts.at(-1)!), 0)
    const other = bounds[column === 0 ? 1 : 0]!
    const isWorthwhile = isDense(bounds[column]!, rows) && spanOf(other) <= STAMPS_MAX
    if (!isWorthwhile) continue
    const why = `all rules hand column ${column} on`
    const distinct = { kind: 'stamp', column: column === 0 ? 1 : 0, stamps: createStamps(other), why } as const
    return { column, bounds: bounds[column]!, starts, steps, distinct }
  }
  return undefined
}

const STAMPS_MAX = 1 << 24

/** The rows by `variable` of the atom with the fewest rows that binds it. A rule that can start elsewhere with less work has none. */
function guardOf(run: Run, rule: Rule, variable: number): Offsets | undefined {
  const { image, sources } = run
  let best: Offsets | undefined
  for (const literal of rule.body) {
    if (literal.kind !== 'atom' || literal.negated) continue
    const column = literal.args.findIndex((arg) => arg.kind === 'variable' && arg.variable === variable)
    if (column < 0) continue
    const offsets = sources.offsets(image.relations[literal.predicate]!, column)
    if (offsets && (!best || offsets.starts.at(-1)! < best.starts.at(-1)!)) best = offsets
  }
  if (!best) return undefined
  const [first] = planBody(rule.body, {
    defined: definedVariables(rule),
    rows: (predicate) => rowCount(image.relations[predicate]!),
  }).steps
  const rows = first?.kind === 'match' ? rowCount(image.relations[first.atom.predicate]!) : 1
  return best.starts.at(-1)! <= Math.max(ROWS_ALWAYS, ROWS_TIMES * rows) ? best : undefined
}

/** Going through a group column may look at this many rows, or at so many times those of the rule's first atom. */
const ROWS_ALWAYS = 1 << 17
const ROWS_TIMES = 4
