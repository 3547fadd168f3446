/**
 * Rules of the fixpoint, made ready to run: a join order by what the relations hold now, an access path for each atom, and
 * then generated code or closures.
 */
import { growColumns, rowCount } from '../image/relation.ts'
import { definedVariables } from '../program/defined.ts'
import { type Plan, planBody } from '../program/plan.ts'
import type { AtomLiteral, PredicateId, Rule } from '../program/program.ts'
import { type Access, chooseAccess, followAbsent, followAccess, isScanned, type Rounds } from './access.ts'
import { compileBody } from './body.ts'
import type { AtomLayout } from './body-target.ts'
import { denseGroups } from './dense-aggregate.ts'
import type { Distinct } from './distinct.ts'
import { compileEmission, type Emission } from './emission.ts'
import { matchesOf } from './estimate.ts'
import type { Environment } from './expression.ts'
import { canGenerate, generateKernel, type Kernel, type KernelTarget } from './generate.ts'
import {
  bytesAllowed,
  checkFacts,
  derivationError,
  factsError,
  isHashed,
  memoryError,
  type Run,
  roomLeft,
} from './run.ts'
import type { RowRange } from './scan.ts'
import { tailOf } from './tail.ts'

export interface RuleOptions {
  readonly distinct: Distinct
  /** Predicates whose rows are still being derived. */
  readonly here: ReadonlySet<PredicateId>
  /** The rows that an atom at a place of the body sees. */
  readonly range: (atom: AtomLiteral, place: number) => RowRange
  /** Place of the atom to begin with. */
  readonly first?: number
  /** The atom to begin with takes what this rule derives too, round by round; `distinct` must be no `rows`. */
  readonly rounds?: Rounds
  /** Variables that the environment gives. */
  readonly bound?: readonly number[]
}

/** A rule with all that is chosen for it. */
export interface PreparedRule {
  readonly target: KernelTarget
  readonly plan: Plan
  /** The step from which on one way through is enough. */
  readonly tail: number
  readonly bound: readonly number[]
  /** Whether it runs as generated code. */
  readonly isGenerated: boolean
}

/** Runs a rule once. */
export function compileRule(run: Run, rule: Rule, options: RuleOptions): (environment: Environment) => void {
  const prepared = prepareRule(run, rule, options)
  const { target, plan, bound, tail } = prepared
  const body = prepared.isGenerated ? generateInPieces(prepared) : compileBody(target, plan.steps, bound, tail)
  const { emission } = target
  const { relation } = emission
  return (environment) => {
    const before = relation.count
    emission.start = before
    body(environment)
    run.derived += relation.count - before
    checkFacts(run, rule)
  }
}

/**
 * A kernel that goes through the rows of its first atom is called for some of them at a time: V8 makes fast code for a
 * function that is called often, and later for a loop that goes on for long.
 */
function generateInPieces({ target, plan, bound, tail }: PreparedRule): Kernel {
  const piece: RowRange = { from: 0, to: 0 }
  let whole: RowRange | undefined
  const access: KernelTarget['access'] = (step, layout) => {
    const found = target.access(step, layout)
    if (step !== plan.steps[0] || step.kind !== 'match' || found.kind !== 'scan') return found
    whole = found.range
    return { ...found, range: piece }
  }
  const kernel = generateKernel({ ...target, access }, plan.steps, bound, tail)
  const range = whole
  if (!range) return kernel
  return (environment) => {
    const { from, to } = range
    for (piece.from = from; piece.from < to; piece.from = piece.to) {
      piece.to = Math.min(to, piece.from + PIECE_ROWS)
      kernel(environment)
    }
  }
}

const PIECE_ROWS = 4096

/** Chooses how a rule is run. */
export function prepareRule(run: Run, rule: Rule, options: RuleOptions): PreparedRule {
  const { image, machine, sources } = run
  const { here, range, first, rounds, bound = [], distinct } = options
  const relationOf = (atom: AtomLiteral) => image.relations[atom.predicate]!
  const access = (atom: AtomLiteral, place: number, layout: AtomLayout): Access =>
    // The rows of the last round are few, and all of them are wanted. (Places in the body of an aggregate count anew.)
    place === first && here.has(atom.predicate)
      ? {
          relation: relationOf(atom),
          range: range(atom, place),
          why: 'the newest rows',
          ...(rounds ? { kind: 'rounds', rounds } : { kind: 'scan' }),
        }
      : chooseAccess(sources, relationOf(atom), {
          layout,
          range: range(atom, place),
          isFinished: !here.has(atom.predicate),
          storage: run.modes.storage,
        })
  const emission = emissionOf(run, rule, distinct)
  const defined = definedVariables(rule)
  const target: KernelTarget = {
    body: rule.body,
    defined,
    machine,
    constants: image.values,
    emission,
    reader: {
      match: (atom, layout, place, next) => followAccess(access(atom, place, layout), layout, machine, next),
      absent: (atom, layout, next) => followAbsent(access(atom, -1, layout), layout, machine, next),
    },
    emit: compileEmission(emission),
    error: (known) => (environment) => {
      throw derivationError(run, rule, known, environment)
    },
    access: ({ atom, literal }, layout) => access(atom, literal, layout),
    orderedRun: ({ atom }, key, order) =>
      here.has(atom.predicate) || isHashed(run.modes) || isScanned(relationOf(atom), run.modes.storage)
        ? undefined
        : sources.orderedRun(relationOf(atom), key, order),
    dense: (aggregate) =>
      !isHashed(run.modes) ? denseGroups(aggregate, relationOf, sources, image.values) : undefined,
  }
  const plan = planBody(rule.body, {
    defined,
    bound,
    rows: (predicate) => rowCount(image.relations[predicate]!),
    matches: (predicate, columns) => matchesOf(run, predicate, columns, here),
    ...(first !== undefined && { first }),
  })
  const tail = tailOf(plan.steps, {
    bound,
    wanted: new Set(emission.sources.flatMap((from) => (from < 0 ? [~from] : []))),
    // What is derived meanwhile is gone through to the end.
    needsAll: (_, place) => rounds !== undefined && place === first,
  })
  return { target, plan, tail, bound, isGenerated: isWorthCode(run, rule, first !== undefined) }
}

/** Below so many rows to read, closures are done before code is generated; a recursion goes through them again and again. */
const ROWS_GENERATED = 500
const ROWS_GENERATED_RECURSIVE = 50

function isWorthCode(run: Run, rule: Rule, isRecursive: boolean): boolean {
  const { code } = run.modes
  if (code !== 'auto') return code === 'generated' && canGenerateHere
  const rows = rule.body.reduce(
    (sum, literal) => sum + (literal.kind === 'atom' ? rowCount(run.image.relations[literal.predicate]!) : 0),
    0,
  )
  return canGenerateHere && rows >= (isRecursive ? ROWS_GENERATED_RECURSIVE : ROWS_GENERATED)
}

const canGenerateHere = canGenerate()

function emissionOf(run: Run, rule: Rule, distinct: Distinct): Emission {
  const { image, machine } = run
  const relation = image.relations[rule.head]!
  const best = run.best[rule.head]
  const emission: Emission = {
    relation,
    distinct,
    start: relation.count,
    sources: rule.args.map((arg) => (arg.kind === 'variable' ? ~arg.variable : image.values.intern(arg.value))),
    grow: () => growRelation(run, rule, emission),
    ...(best && { offer: (tuple) => best.offer(relation, tuple, machine) }),
  }
  return emission
}

const ROWS_AT_FIRST = 64

/** Twice the room, but not for more rows than there may be. */
function growRelation(run: Run, rule: Rule, { relation, start }: Emission): void {
  const left = roomLeft(run, relation.count - start)
  if (left <= 0) throw factsError(run, rule)
  const capacity = Math.min(Math.max(ROWS_AT_FIRST, relation.capacity * 2), relation.count + left)
  const added = (capacity - relation.capacity) * relation.arity
  const words = run.image.relations.reduce((sum, other) => sum + other.capacity * other.arity, added)
  if (words * 4 > bytesAllowed(run)) throw memoryError(run, rule)
  growColumns(relation, capacity)
}
