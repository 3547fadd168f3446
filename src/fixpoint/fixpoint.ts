/**
 * The fixpoint: all strata of a program that are materialised, evaluated bottom-up into the relations of an image. Semi-naive: in each
 * round a recursive rule is run once for each of its atoms of the same stratum, which then sees only the rows of the last
 * round (`recent`), while atoms before it see older rows (`stable`) and atoms after it see both. New rows are `pending`
 * until the round ends. Source: Abiteboul, Hull, Vianu, "Foundations of Databases", section 13.1.
 */
import type { Image } from '../image/image.ts'
import { copyRows, insert, type Relation, rowCount } from '../image/relation.ts'
import { definedVariables } from '../program/defined.ts'
import { writtenPredicate } from '../program/links.ts'
import { mentions, planBody } from '../program/plan.ts'
import type { AtomLiteral, Program, Rule, Stratum } from '../program/program.ts'
import type { Code } from '../text/codes.ts'
import { type RuneError, runeError } from '../text/diagnostic.ts'
import { printBriefly } from '../values/print.ts'
import { type Best, createBest } from './best.ts'
import { compileBody } from './body.ts'
import type { Next, Reader } from './body-target.ts'
import { createMachine, type Machine } from './machine.ts'
import { type RowRange, scanAbsent, scanRows } from './scan.ts'

export interface FixpointStats {
  readonly rounds: number
  readonly derivedRows: number
}

/** The rows of one relation, as the rounds of its stratum see them. */
interface Marks {
  readonly stable: RowRange
  readonly recent: RowRange
  readonly known: RowRange
}

type Role = keyof Marks

interface Run {
  readonly image: Image
  readonly program: Program
  readonly machine: Machine
  readonly marks: readonly Marks[]
  readonly best: readonly (Best | undefined)[]
  /** Rows that are not counted in `derived`. */
  facts: number
  derived: number
  rounds: number
}

const STEPS_PER_CLOCK_READ = 20_000

/** Derives all rows of what is materialised. Throws a `RuneError` where a derivation fails or a limit is reached; the image is then of no use. */
export function computeFixpoint(program: Program, image: Image): FixpointStats {
  for (const relation of image.relations) relation.baseCount = relation.count
  const evaluation = createEvaluation(program, image)
  for (const stratum of program.strata) if (stratum.evaluation === 'materialized') evaluation.evaluate(stratum)
  return evaluation.stats()
}

/** The evaluation of some strata of an image, in their order; the limits are those of all of them together. */
export interface Evaluation {
  /** Derives the rows of a materialised stratum; its relations hold facts alone before. Throws a `RuneError` as `computeFixpoint` does. */
  evaluate(stratum: Stratum): void
  /** So many rows that were there at the beginning are gone, and do not count for `max_facts`. */
  discount(rows: number): void
  stats(): FixpointStats
}

export function createEvaluation(program: Program, image: Image): Evaluation {
  const { limits } = program.settings
  const machine = createMachine(image.values)
  const run: Run = {
    image,
    program,
    machine,
    marks: image.relations.map(marksOf),
    best: program.predicates.map((p) => (p.best ? createBest(p.best) : undefined)),
    facts: image.relations.reduce((sum, relation) => sum + rowCount(relation), 0),
    derived: 0,
    rounds: 0,
  }
  const checkFacts = () => {
    if (run.facts + run.derived <= limits.maxFacts) return
    throw limitError(program, undefined, 'R501', `there are more than ${limits.maxFacts} facts`, 'max_facts')
  }
  checkFacts()
  let current: Stratum | undefined
  const deadline = performance.now() + limits.maxEvalMs
  machine.refill = () => {
    machine.steps = STEPS_PER_CLOCK_READ
    if (performance.now() > deadline)
      throw limitError(program, current, 'R502', `the rules take longer than ${limits.maxEvalMs} ms`, 'max_eval_ms')
  }
  return {
    evaluate: (stratum) => {
      current = stratum
      evaluateStratum(run, stratum)
    },
    discount: (rows) => {
      run.facts -= rows
      checkFacts()
    },
    stats: () => ({ rounds: run.rounds, derivedRows: run.derived }),
  }
}

function evaluateStratum(run: Run, stratum: Stratum): void {
  const { image, program, marks } = run
  const here = new Set(stratum.predicates)
  for (const predicate of stratum.predicates) openMarks(marks[predicate]!, 0)
  seedBest(run, stratum)
  const versions: (() => void)[] = []
  for (const rule of stratum.rules) {
    const recursive = rule.body.flatMap((literal, i) => (isRecursive(literal, here) ? [{ literal, i }] : []))
    for (const { i } of recursive) versions.push(deltaVersion(run, rule, here, i))
    // A rule whose recursive atoms all depend on an expression fails with it, even if they never get a row.
    const defined = definedVariables(rule)
    if (recursive.every(({ literal }) => mentions(literal, defined))) compileRule(run, rule, () => 'known')()
  }
  const advance = () => {
    let more = false
    for (const predicate of stratum.predicates)
      more = advanceMarks(marks[predicate]!, image.relations[predicate]!) || more
    return more
  }
  for (let round = 1; versions.length > 0 && advance(); round++) {
    run.rounds++
    const { maxIterations } = program.settings.limits
    if (round > maxIterations) {
      throw limitError(program, stratum, 'R503', `the rules need more than ${maxIterations} rounds`, 'max_iterations')
    }
    for (const version of versions) version()
  }
  settleBest(run, stratum)
  for (const predicate of stratum.predicates) openMarks(marks[predicate]!, image.relations[predicate]!.count)
}

/** The version of a recursive rule in which the atom at `delta` sees the recent rows. */
function deltaVersion(run: Run, rule: Rule, here: ReadonlySet<number>, delta: number): () => void {
  const role = (atom: AtomLiteral, place: number): Role => {
    if (!here.has(atom.predicate)) return 'known'
    return place < delta ? 'stable' : place > delta ? 'known' : 'recent'
  }
  return compileRule(run, rule, role, delta)
}

function isRecursive(literal: Rule['body'][number], here: ReadonlySet<number>): literal is AtomLiteral {
  return literal.kind === 'atom' && !literal.negated && here.has(literal.predicate)
}

function compileRule(
  run: Run,
  rule: Rule,
  role: (atom: AtomLiteral, place: number) => Role,
  first?: number,
): () => void {
  const { image, machine, marks } = run
  const reader: Reader = {
    match: (atom, layout, place, next) => {
      const range = marks[atom.predicate]![role(atom, place)]
      return scanRows(image.relations[atom.predicate]!, range, layout, machine, next)
    },
    absent: (atom, layout, next) =>
      scanAbsent(image.relations[atom.predicate]!, marks[atom.predicate]!.known, layout, machine, next),
  }
  const defined = definedVariables(rule)
  const plan = planBody(rule.body, {
    defined,
    rows: (predicate) => image.relations[predicate]!.count,
    ...(first !== undefined && { first }),
  })
  const target = {
    body: rule.body,
    defined,
    machine,
    reader,
    constants: image.values,
    emit: compileHead(run, rule),
    error:
      (bound: ReadonlySet<number>): Next =>
      (environment) => {
        throw derivationError(run, rule, bound, environment)
      },
  }
  const body = compileBody(target, plan.steps, [])
  const environment = new Int32Array(rule.variables.length)
  return () => body(environment)
}

function compileHead(run: Run, rule: Rule): Next {
  const { image, program, machine } = run
  const relation = image.relations[rule.head]!
  const best = run.best[rule.head]
  const tuple = new Int32Array(rule.args.length)
  const sources = rule.args.map((arg) => (arg.kind === 'variable' ? ~arg.variable : image.values.intern(arg.value)))
  const { maxFacts } = program.settings.limits
  return (environment) => {
    for (let i = 0; i < sources.length; i++) tuple[i] = sources[i]! < 0 ? environment[~sources[i]!]! : sources[i]!
    if (best ? !best.offer(relation, tuple, machine) : !insert(relation, tuple)) return
    run.derived++
    if (run.facts + run.derived > maxFacts) {
      throw limitError(program, undefined, 'R501', `there are more than ${maxFacts} facts`, 'max_facts', rule)
    }
  }
}

function seedBest(run: Run, stratum: Stratum): void {
  for (const predicate of stratum.predicates) run.best[predicate]?.seed(run.image.relations[predicate]!, run.machine)
}

/** Rows that a better one has replaced go away; facts among them go to where later derivations find them. */
function settleBest(run: Run, stratum: Stratum): void {
  const { image } = run
  for (const predicate of stratum.predicates) {
    const best = run.best[predicate]
    const relation = image.relations[predicate]!
    if (!best) continue
    const isReplaced = (row: number) => row < relation.baseCount && !best.isAlive(row)
    image.replaced.set(predicate, copyRows(relation, isReplaced, []))
    image.relations[predicate] = copyRows(relation, best.isAlive, [])
  }
}

function marksOf(relation: Relation): Marks {
  const range = () => ({ from: 0, to: relation.count })
  return { stable: range(), recent: range(), known: range() }
}

/** All rows below `count` are known and nothing is recent. */
function openMarks(marks: Marks, count: number): void {
  marks.stable.to = count
  marks.recent.from = count
  marks.recent.to = count
  marks.known.to = count
}

/** Recent rows become stable, pending ones recent; says whether there are any. */
function advanceMarks(marks: Marks, relation: Relation): boolean {
  marks.stable.to = marks.recent.to
  marks.recent.from = marks.recent.to
  marks.recent.to = relation.count
  marks.known.to = relation.count
  return marks.recent.from < marks.recent.to
}

function derivationError(run: Run, rule: Rule, bound: ReadonlySet<number>, environment: Int32Array): RuneError {
  const row = [...bound]
    .filter((variable) => !rule.variables[variable]!.startsWith('$'))
    .map(
      (variable) => `${rule.variables[variable]} = ${printBriefly(run.image.values.valueOf(environment[variable]!))}`,
    )
  const where = row.length > 0 ? ` for ${row.join(', ')}` : ''
  return runeError('R401', `rule \`${rule.name}\` fails: ${run.machine.failure}${where}`, {
    ...(rule.span && { span: rule.span }),
    help: 'a static rule must not fail for any row; exclude such rows in the body',
  })
}

function limitError(
  { predicates }: Program,
  stratum: Stratum | undefined,
  code: Code,
  message: string,
  option: string,
  rule?: Rule,
): RuneError {
  // Rules without a text are called as their predicates.
  const at = [rule, ...(rule ? [] : (stratum?.rules ?? []))].find((r) => r?.span)
  const heads = rule ? [rule.head] : (stratum?.predicates ?? [])
  const written = [...new Set(heads.flatMap((id) => writtenPredicate(predicates, id) ?? []))]
  const names = written.map(({ name }) => `\`${name}\``).join(', ')
  const where = [at && `rule \`${at.name}\``, names].filter(Boolean).join(' of ')
  const span = at?.span ?? written[0]?.span
  return runeError(code, where === '' ? message : `${message}, at ${where}`, {
    help: `a recursion that never ends? If not, raise \`${option}\` in [options]`,
    ...(span && { span }),
  })
}
