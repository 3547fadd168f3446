/**
 * The fixpoint: all strata of a program that are materialised, evaluated bottom-up into the relations of an image. Semi-naive: in each
 * round a recursive rule is run once for each of its atoms of the same stratum, which then sees only the rows of the last
 * round (`recent`), while atoms before it see older rows (`stable`) and atoms after it see both. New rows are `pending`
 * until the round ends. Source: Abiteboul, Hull, Vianu, "Foundations of Databases", section 13.1.
 */
import type { Image } from '../image/image.ts'
import { copyRows, rowCount } from '../image/relation.ts'
import { definedVariables } from '../program/defined.ts'
import { mentions } from '../program/plan.ts'
import type { AtomLiteral, PredicateId, Program, ReaderProgram, Rule, Stratum } from '../program/program.ts'
import type { Storage } from './access.ts'
import { createBest } from './best.ts'
import { type Bounds, stratumBounds } from './bounds.ts'
import { uniteLinks } from './classes.ts'
import { createDistinct, type Distinct } from './distinct.ts'
import { evaluateGrouped, type Grouping, groupingOf } from './grouped.ts'
import { createMachine } from './machine.ts'
import { compileRule, type RuleOptions } from './rule.ts'
import {
  advanceMarks,
  checkFacts,
  isHashed,
  type Modes,
  marksOf,
  openMarks,
  type Run,
  roundsError,
  timeError,
} from './run.ts'
import { createSources } from './sources.ts'

export interface FixpointStats {
  readonly rounds: number
  readonly derivedRows: number
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
  const run = createRun(program, image)
  const { machine } = run
  checkFacts(run)
  let current: Stratum | undefined
  const deadline = performance.now() + limits.maxEvalMs
  machine.refill = () => {
    machine.steps = STEPS_PER_CLOCK_READ
    if (performance.now() > deadline) throw timeError(program, current)
  }
  return {
    evaluate: (stratum) => {
      current = stratum
      if (isDerived(program, stratum)) evaluateStratum(run, stratum)
    },
    discount: (rows) => {
      run.facts -= rows
      checkFacts(run)
    },
    stats: () => ({ rounds: run.rounds, derivedRows: run.derived }),
  }
}

/** A run over the rows that `image` has now, and of which nothing is derived yet. */
export function createRun(program: ReaderProgram, image: Image): Run {
  return {
    image,
    program,
    machine: createMachine(image.values),
    modes: modesOf(process.env),
    sources: createSources(),
    marks: image.relations.map(marksOf),
    best: program.predicates.map((p) => (p.best ? createBest(p.best) : undefined)),
    facts: image.relations.reduce((sum, relation) => sum + rowCount(relation), 0),
    derived: 0,
    rounds: 0,
  }
}

/** `RUNE_CODEGEN=0` runs closures alone, `1` generated code alone; `RUNE_STORAGE` is one kind of access path, for tests. */
function modesOf(env: NodeJS.ProcessEnv): Modes {
  const codegen = env['RUNE_CODEGEN']
  const storage = env['RUNE_STORAGE']
  return {
    code: codegen === '0' ? 'closures' : codegen === '1' ? 'generated' : 'auto',
    storage: STORAGES.find((kind) => kind === storage) ?? 'auto',
  }
}

const STORAGES: readonly Storage[] = ['scan', 'hash', 'dense']

/** Whether there is anything to derive for a stratum. */
export function isDerived({ predicates }: Program, stratum: Stratum): boolean {
  return stratum.rules.length > 0 || stratum.predicates.some((predicate) => predicates[predicate]!.unites !== undefined)
}

function evaluateStratum(run: Run, stratum: Stratum): void {
  const { image, marks } = run
  for (const predicate of stratum.predicates) openMarks(marks[predicate]!, 0)
  // Only classes are derived without a rule.
  if (stratum.rules.length === 0) uniteLinks(run, stratum)
  else {
    const way = wayOf(run, stratum)
    if (way.kind === 'grouped') evaluateGrouped(run, stratum, way.grouping)
    else evaluateInRounds(run, stratum, way.distinct)
  }
  for (const predicate of stratum.predicates) openMarks(marks[predicate]!, image.relations[predicate]!.count)
}

/** How a stratum is evaluated: group by group, or in rounds with what keeps the rows of each of its predicates distinct. */
export type Way =
  | { readonly kind: 'grouped'; readonly grouping: Grouping }
  | { readonly kind: 'rounds'; readonly distinct: ReadonlyMap<PredicateId, Distinct> }

/** Chooses how to evaluate `stratum`, of whose rows there are only the facts. */
export function wayOf(run: Run, stratum: Stratum): Way {
  const { image, sources } = run
  const bounds = stratumBounds(stratum, image, (predicate, column) =>
    sources.bounds(image.relations[predicate]!, column),
  )
  const [only] = bounds.values()
  const grouping = bounds.size === 1 && only && !isInjectiveAlone(stratum) ? groupingOf(run, stratum, only) : undefined
  if (grouping) return { kind: 'grouped', grouping }
  const distinct = stratum.predicates.map(
    (predicate) => [predicate, distinctFor(run, stratum, predicate, bounds.get(predicate)!)] as const,
  )
  return { kind: 'rounds', distinct: new Map(distinct) }
}

/** A rule as it is run in rounds: once, or in each round for the recent rows of its atom at the place `delta`. */
export interface RuleVersion {
  readonly rule: Rule
  readonly delta?: number
}

/** The versions of a stratum's rules that are run before the first round. */
export function versionsOnce({ predicates, rules }: Stratum): RuleVersion[] {
  const here = new Set(predicates)
  return rules.flatMap((rule) => {
    // A rule whose recursive atoms all depend on an expression fails with it, even if they never get a row.
    const defined = definedVariables(rule)
    const isOnce = rule.body.every((literal) => !isRecursive(literal, here) || mentions(literal, defined))
    return isOnce ? [{ rule }] : []
  })
}

/** Those of each round. */
export function versionsOfRound({ predicates, rules }: Stratum): RuleVersion[] {
  const here = new Set(predicates)
  return rules.flatMap((rule) =>
    rule.body.flatMap((literal, delta) => (isRecursive(literal, here) ? [{ rule, delta }] : [])),
  )
}

/** What a version is compiled with. */
export function versionOptions(
  run: Run,
  stratum: Stratum,
  distinct: ReadonlyMap<PredicateId, Distinct>,
  { rule, delta }: RuleVersion,
): RuleOptions {
  const here = new Set(stratum.predicates)
  return {
    distinct: distinct.get(rule.head)!,
    here,
    range: (atom, place) => run.marks[atom.predicate]![roleOf(atom, place, here, delta)],
    ...(delta !== undefined && { first: delta }),
  }
}

interface Compiled {
  readonly run: (environment: Int32Array) => void
  readonly environment: Int32Array
}

function evaluateInRounds(run: Run, stratum: Stratum, distinct: ReadonlyMap<PredicateId, Distinct>): void {
  const { image, program, marks } = run
  seedBest(run, stratum)
  const compile = (version: RuleVersion): Compiled => ({
    environment: new Int32Array(version.rule.variables.length),
    run: compileRule(run, version.rule, versionOptions(run, stratum, distinct, version)),
  })
  const call = ({ run: body, environment }: Compiled) => body(environment)
  for (const version of versionsOnce(stratum)) call(compile(version))
  const advance = () => {
    let more = false
    for (const predicate of stratum.predicates)
      more = advanceMarks(marks[predicate]!, image.relations[predicate]!) || more
    return more
  }
  const rowsHere = () => stratum.predicates.reduce((sum, predicate) => sum + image.relations[predicate]!.count, 0)
  let versions: readonly Compiled[] | undefined
  let planned = 0
  for (let round = 1; stratum.recursive && advance(); round++) {
    run.rounds++
    if (round > program.settings.limits.maxIterations) throw roundsError(run, stratum)
    if (!versions || rowsHere() > planned * ROWS_REPLANNED) {
      versions = versionsOfRound(stratum).map(compile)
      planned = Math.max(rowsHere(), ROWS_PLANNED)
    }
    versions.forEach(call)
  }
  settleBest(run, stratum)
}

/** Join orders are chosen anew when there are so many times more rows than there were. */
const ROWS_REPLANNED = 10
const ROWS_PLANNED = 100

function distinctFor(run: Run, stratum: Stratum, predicate: PredicateId, bounds: readonly Bounds[]): Distinct {
  const { image, modes } = run
  const relation = image.relations[predicate]!
  const { order } = run.program.predicates[predicate]!.best ?? {}
  if (order) return { kind: 'rows', why: `only the ${order} of each group counts` }
  if (isHashed(modes)) return { kind: 'rows', why: '$RUNE_STORAGE says so' }
  const rules = stratum.rules.filter(({ head }) => head === predicate)
  if (relation.count === 0 && isInjectiveAlone(stratum)) return { kind: 'none', why: 'no row can come twice' }
  const read = rules.flatMap(({ body }) =>
    body.flatMap((l) => (l.kind === 'atom' ? [image.relations[l.predicate]!] : [])),
  )
  return createDistinct(
    relation,
    bounds,
    read.reduce((sum, other) => sum + rowCount(other), 0),
  )
}

/** Whether nothing that the stratum derives can come twice. */
function isInjectiveAlone({ recursive, rules }: Stratum): boolean {
  return !recursive && rules.length === 1 && isInjective(rules[0]!)
}

/** Whether different bindings of the body make different rows: all that its atoms bind is in the head. */
function isInjective({ args, body }: Rule): boolean {
  const head = new Set(args.flatMap((arg) => (arg.kind === 'variable' ? [arg.variable] : [])))
  const isThere = (variable: number) => head.has(variable)
  return body.every((literal) => {
    if (literal.kind === 'in' || literal.kind === 'split') return false
    if (literal.kind !== 'atom' || literal.negated) return true
    return literal.args.every((arg) => arg.kind === 'constant' || (arg.kind === 'variable' && isThere(arg.variable)))
  })
}

/** Which rows an atom sees in the version of a recursive rule whose atom at `delta` sees the recent ones. */
function roleOf(
  atom: AtomLiteral,
  place: number,
  here: ReadonlySet<number>,
  delta?: number,
): keyof Run['marks'][number] {
  if (delta === undefined || !here.has(atom.predicate)) return 'known'
  return place < delta ? 'stable' : place > delta ? 'known' : 'recent'
}

function isRecursive(literal: Rule['body'][number], here: ReadonlySet<number>): literal is AtomLiteral {
  return literal.kind === 'atom' && !literal.negated && here.has(literal.predicate)
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
