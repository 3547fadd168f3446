/**
 * A request in which the principal or the resource is open, asked for one entity after the other: what all of them have in
 * common is evaluated once, policies that cannot matter any more are left out, and others are found by the entity that they
 * name. It needs a policy set and a frame, whatever entities that views. Spec: Cedar's "Authorization".
 */
import type { Source } from '../../image/entity-lists.ts'
import { kindOfId, TRUE, type ValueId, type Values } from '../../image/value-ids.ts'
import type { LoweredExpr } from '../../program/lowered.ts'
import type { Settings } from '../../program/program.ts'
import { askPolicy, type PolicySet } from './authorize.ts'
import { compileExpr } from './compile.ts'
import { fold, isKnown, type Known } from './fold.ts'
import { ERROR, type Evaluate } from './frame.ts'
import { type Generated, generate, requestsInterpreted, resultOf } from './generate.ts'
import { type Narrowing, sourcesOf } from './narrow.ts'
import { ANY } from './scope.ts'

/** What policies say of an entity: `open` where they neither permit nor forbid, `denied` where nothing else can permit. */
export type Verdict = 'permitted' | 'open' | 'denied'

export interface Residual {
  /** What leads to all entities that policies may permit; nothing where these can be any. */
  readonly sources: readonly Source[] | undefined
  ask(entity: ValueId): Verdict
  /** How many policies have been asked. */
  readonly asked: number
}

export interface ResidualOptions extends Known {
  readonly set: PolicySet
  /** The id of the name of the type that all entities have. */
  readonly type: ValueId
  readonly onPolicyError: Settings['onPolicyError']
  readonly isMaterialized: Narrowing['isMaterialized']
}

/** So many policies are evaluated in part; what more costs, entities would have to pay back. */
const FOLDED_MAX = 256
/** So few policies are asked one by one, whatever entity they name. */
const FEW = 8

/** A policy as it is asked. */
interface Part {
  readonly evaluate: Evaluate
  /** Asking for facts may reach a limit, which ends the request: so it is asked even where it would make no difference. */
  readonly usesFacts: boolean
  readonly sources: readonly Source[] | undefined
}

/** What is left of the policies of `set` for the request in the frame. */
export function createResidual(options: ResidualOptions): Residual {
  const { set, frame, open, onPolicyError } = options
  const matters = { permit: onPolicyError === 'strict', forbid: onPolicyError !== 'skip' }
  const { always, named } = divide(options)
  const isFolded = always.length <= FOLDED_MAX
  const partsOf = (effect: 'permit' | 'forbid') =>
    always.flatMap((number): Part[] => {
      if (set.policies[number]!.effect !== effect) return []
      if (!isFolded) {
        const { usesFacts } = set.policies[number]!
        return [{ evaluate: (of) => askPolicy(set, number, of), usesFacts, sources: undefined }]
      }
      const part = partOf(options, number, matters[effect])
      return part === undefined ? [] : [part]
    })
  const [permits, forbids] = [partsOf('permit'), partsOf('forbid')]
  const reach = createReach(options, named)
  let asked = 0
  const isTrue = (evaluate: Evaluate) => {
    asked++
    frame.isQuiet = true
    return evaluate(frame)
  }
  return {
    sources: allSources(permits, named),
    get asked() {
      return asked
    },
    ask: (entity) => {
      frame[open] = entity
      for (let i = 0; i < forbids.length; i++) {
        const result = isTrue(forbids[i]!.evaluate)
        if (result === TRUE || (result === ERROR && matters.forbid)) return 'denied'
      }
      let isPermitted = false
      for (let i = 0; i < permits.length; i++) {
        const { evaluate, usesFacts } = permits[i]!
        if (isPermitted && !matters.permit && !usesFacts) continue
        const result = isTrue(evaluate)
        if (result === ERROR && matters.permit) return 'denied'
        isPermitted ||= result === TRUE
      }
      const others = reach(entity)
      for (let i = 0; i < others.length; i++) {
        const { effect, usesFacts } = set.policies[others[i]!]!
        if (effect === 'permit' && isPermitted && !matters.permit && !usesFacts) continue
        asked++
        const result = askPolicy(set, others[i]!, frame)
        if (result === ERROR ? matters[effect] : result === TRUE && effect === 'forbid') return 'denied'
        isPermitted ||= result === TRUE
      }
      return isPermitted ? 'permitted' : 'open'
    },
  }
}

type Named = ReadonlyMap<ValueId, readonly number[]>

/** The policies that can matter: those to be asked about any entity, and those by the one that they name, if they are many. */
function divide({ set, frame, open, type }: ResidualOptions): {
  readonly always: readonly number[]
  readonly named: Named
} {
  const always: number[] = []
  const others: number[] = []
  for (const number of set.index.among(frame, open)) {
    const key = set.index.scopes[number]![open].id
    if (key === ANY || key === type) always.push(number)
    else if (kindOfId(key) === 'entity') others.push(number)
  }
  const named = new Map<ValueId, number[]>()
  if (others.length <= FEW) return { always: [...always, ...others], named }
  for (const number of others) {
    const key = set.index.scopes[number]![open].id
    const known = named.get(key)
    if (known) known.push(number)
    else named.set(key, [number])
  }
  return { always, named }
}

/** Finds the policies that name an entity or one of its ancestors. */
function createReach({ frame }: ResidualOptions, named: Named): (entity: ValueId) => readonly number[] {
  if (named.size === 0) return () => NONE
  const ancestors: ValueId[] = []
  return (entity) => {
    let found = named.get(entity) ?? NONE
    const count = frame.entities.ancestors(entity, ancestors, Number.POSITIVE_INFINITY)
    for (let i = 0; i < count; i++) {
      const more = named.get(ancestors[i]!)
      if (more !== undefined) found = found.length === 0 ? more : [...found, ...more]
    }
    return found
  }
}

const NONE: readonly number[] = []

/** What is left of a policy; nothing where it does not matter. */
function partOf(options: ResidualOptions, number: number, mayFail: boolean): Part | undefined {
  const { set, open, isMaterialized } = options
  const policy = set.policies[number]!
  const condition = fold(policy.condition, options)
  const operands = condition.kind === 'and' ? condition.operands : [condition]
  // An operand that is still known is false, or no bool, or fails.
  const isNever = operands.some(
    (operand) => isKnown(operand, options) && !(operand.kind === 'constant' && operand.value === true),
  )
  const isFalse = condition.kind === 'constant' && condition.value === false
  if (isFalse || (isNever && !mayFail && !policy.usesFacts)) return undefined
  const { values } = options.frame
  return {
    evaluate: createEvaluate(condition, values),
    usesFacts: policy.usesFacts,
    sources: isNever ? [] : sourcesOf(condition, { open, values, isMaterialized }),
  }
}

/** Closures, and code once they have run for a while. */
function createEvaluate(condition: LoweredExpr, values: Values): Evaluate {
  let left = ENTITIES_INTERPRETED * requestsInterpreted()
  let evaluate: Evaluate | undefined
  let generated: Generated | undefined
  return (frame) => {
    if (generated !== undefined) return resultOf(generated, frame)
    if (left-- === 0) generated = generate([condition], values)
    evaluate ??= compileExpr(condition, values)
    return evaluate(frame)
  }
}

/** For each request that is evaluated by closures, so many entities are. */
const ENTITIES_INTERPRETED = 16

function allSources(permits: readonly Part[], named: Named): readonly Source[] | undefined {
  const all: Source[] = []
  for (const { sources } of permits) {
    if (sources === undefined) return undefined
    all.push(...sources)
  }
  for (const entity of named.keys()) all.push({ kind: 'below', entity })
  return all
}
