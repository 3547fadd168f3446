/**
 * Policies against a request: which are satisfied, and which fail and why. Every policy that can match is evaluated, whatever
 * the others say; what follows from that is decided elsewhere. Spec: Cedar's "Authorization", LANGUAGE section 6.
 */
import { TRUE, type ValueId, type Values } from '../../image/value-ids.ts'
import type { LoweredPolicy } from '../../program/lowered.ts'
import { assert } from '../../text/assert.ts'
import type { Span } from '../../text/source.ts'
import { compileExpr } from './compile.ts'
import { ERROR, type Evaluate, type Failure, type Frame } from './frame.ts'
import { type Generated, generate, requestsInterpreted, resultOf, run } from './generate.ts'
import { type IndexOptions, PolicyIndex, type PolicyList } from './policy-index.ts'
import { CONDITIONS_MAX } from './policy-text.ts'
import { scopeOf, withoutActions } from './scope.ts'

export interface PolicyError {
  readonly policyId: string
  readonly effect: 'permit' | 'forbid'
  readonly message: string
  readonly span: Span
  readonly cause: Failure['cause']
}

/** Ids in the order of the policies. */
export interface PolicyAnswer {
  readonly satisfiedPermits: readonly string[]
  readonly satisfiedForbids: readonly string[]
  readonly errors: readonly PolicyError[]
}

/** A policy as it was compiled so far. */
interface CompiledPolicy {
  readonly policy: LoweredPolicy
  /** The truth. */
  evaluate: Evaluate | undefined
  /** The same as generated code. */
  code: Generated | undefined
  /** Whether nothing more will be generated. */
  isSettled: boolean
}

/** What was compiled, as long as the policy is kept and ids mean the same. */
export type CompiledPolicies = WeakMap<LoweredPolicy, CompiledPolicy>

/** Policies that can be asked. */
export interface PolicySet {
  readonly policies: readonly LoweredPolicy[]
  readonly index: PolicyIndex
  /** By number; found with the first request that has to ask the policy. */
  readonly found: (CompiledPolicy | undefined)[]
  readonly compiled: CompiledPolicies
  readonly values: Values
  /** How many more requests are evaluated by closures. */
  interpreted: number
  /** So often a list is asked one by one, before it gets code that asks all of it at once. */
  readonly together: number
}

const TOGETHER_AFTER = 16

export interface PolicySetOptions extends IndexOptions {
  readonly policies: readonly LoweredPolicy[]
  /** Those of the image, which holds all constants of the policies. */
  readonly values: Values
  readonly compiled: CompiledPolicies
  /** So many requests are evaluated by closures alone. */
  readonly interpreted?: number
}

export function createPolicySet({ policies, values, compiled, ...options }: PolicySetOptions): PolicySet {
  const scopes = policies.map(({ condition }) => scopeOf(condition, values))
  const index = new PolicyIndex(scopes, options)
  const interpreted = options.interpreted ?? requestsInterpreted()
  const together = interpreted === 0 ? 0 : TOGETHER_AFTER
  return { policies, index, found: [], compiled, values, interpreted, together }
}

/** Compiles each policy that is not in `compiled` yet; `values` learn the constants. */
export function compilePolicies(
  policies: readonly LoweredPolicy[],
  values: Values,
  compiled: CompiledPolicies = new WeakMap(),
): CompiledPolicies {
  for (const policy of policies) evaluationOf(compiledOf(policy, compiled), values)
  return compiled
}

function compiledOf(policy: LoweredPolicy, compiled: CompiledPolicies): CompiledPolicy {
  const known = compiled.get(policy)
  if (known !== undefined) return known
  const one = { policy, evaluate: undefined, code: undefined, isSettled: false }
  compiled.set(policy, one)
  return one
}

function evaluationOf(one: CompiledPolicy, values: Values): Evaluate {
  return (one.evaluate ??= compileExpr(one.policy.condition, values))
}

/** What policies say to one request; owned by who asks, and overwritten with the next request. */
export interface Verdicts {
  /** Where all that can match are one list, and none of them fails, that list: `bits` says which are satisfied, by place. */
  whole: PolicyList | undefined
  bits: number
  /** Else the numbers of those that are, ascending; so many as `count` says. */
  readonly satisfied: number[]
  count: number
  /** In the order of the policies. */
  errors: PolicyError[]
  /** The numbers of those that failed. */
  failed: number[]
}

export function createVerdicts(): Verdicts {
  return { whole: undefined, bits: 0, satisfied: [], count: 0, errors: [], failed: [] }
}

/** Makes room for another request. */
export function clearVerdicts(verdicts: Verdicts): void {
  verdicts.whole = undefined
  verdicts.count = 0
  if (verdicts.errors.length === 0) return
  verdicts.errors = []
  verdicts.failed = []
}

/** The numbers of the policies that are satisfied. */
export function satisfiedOf({ whole, bits, satisfied, count }: Verdicts): number[] {
  return whole === undefined
    ? satisfied.slice(0, count)
    : whole.numbers.filter((_, place) => (bits & (1 << place)) !== 0)
}

/** Evaluates all policies that the request in `frame` can match. */
export function askPolicies(set: PolicySet, frame: Frame, verdicts: Verdicts): void {
  const { lists, count } = set.index.find(frame)
  clearVerdicts(verdicts)
  const isInterpreted = set.interpreted > 0 && set.interpreted-- > 0
  if (count === 1 && lists[0]!.code !== undefined) askWhole(set, lists[0]!, frame, verdicts)
  else {
    for (let i = 0; i < count; i++) askList(set, lists[i]!, isInterpreted, frame, verdicts)
    if (count > 1) putInOrder(verdicts)
  }
}

function askWhole(set: PolicySet, list: PolicyList, frame: Frame, verdicts: Verdicts): void {
  const bits = run(list.code!, frame)
  if (frame.failing !== 0) note(set, list.numbers, bits, frame, verdicts)
  else {
    verdicts.whole = list
    verdicts.bits = bits
  }
}

/** Evaluates policies, and adds what they say to `verdicts`. */
export function askList(
  set: PolicySet,
  list: PolicyList,
  isInterpreted: boolean,
  frame: Frame,
  verdicts: Verdicts,
): void {
  if (!isInterpreted && list.asked++ === set.together) putTogether(list, set)
  const { numbers, code } = list
  if (code !== undefined) note(set, numbers, run(code, frame), frame, verdicts)
  else for (let i = 0; i < numbers.length; i++) askOne(set, numbers[i]!, isInterpreted, frame, verdicts)
}

function putTogether(list: PolicyList, { policies, index, values }: PolicySet): void {
  // The code of longer ones would take long to be written, too.
  if (list.numbers.length > CONDITIONS_MAX) return
  const conditions = list.numbers.map((number) => withoutActions(policies[number]!.condition, index.scopes[number]!))
  list.code = generate(conditions, values)
}

/** Adds what generated code says of policies to `verdicts`. */
function note(set: PolicySet, numbers: readonly number[], bits: number, frame: Frame, verdicts: Verdicts): void {
  const { failing } = frame
  for (let rest = bits | failing; rest !== 0; rest &= rest - 1) {
    const place = 31 - Math.clz32(rest & -rest)
    const number = numbers[place]!
    if ((bits & (1 << place)) !== 0) verdicts.satisfied[verdicts.count++] = number
    else interpret(foundOf(set, number), number, set.values, frame, verdicts)
  }
}

function askOne(set: PolicySet, number: number, isInterpreted: boolean, frame: Frame, verdicts: Verdicts): void {
  const one = foundOf(set, number)
  if (!one.isSettled && !isInterpreted) settle(one, set)
  const result = one.code === undefined ? ERROR : resultOf(one.code, frame)
  if (result === TRUE) verdicts.satisfied[verdicts.count++] = number
  else if (result === ERROR) interpret(one, number, set.values, frame, verdicts)
}

function foundOf(set: PolicySet, number: number): CompiledPolicy {
  return (set.found[number] ??= compiledOf(set.policies[number]!, set.compiled))
}

/** Numbers ascend, and none is there twice, though a policy of several actions may have been asked twice. */
function putInOrder(verdicts: Verdicts): void {
  const { satisfied, count, errors, failed } = verdicts
  if (!ascends(satisfied, count)) {
    const sorted = [...new Set(satisfied.slice(0, count))].sort(ascending)
    for (let i = 0; i < sorted.length; i++) satisfied[i] = sorted[i]!
    verdicts.count = sorted.length
  }
  if (ascends(failed, failed.length)) return
  const byNumber = new Map(failed.map((number, i) => [number, errors[i]!]))
  verdicts.failed = [...byNumber.keys()].sort(ascending)
  verdicts.errors = verdicts.failed.map((number) => byNumber.get(number)!)
}

function ascends(numbers: readonly number[], count: number): boolean {
  for (let i = 1; i < count; i++) if (numbers[i - 1]! >= numbers[i]!) return false
  return true
}

function ascending(a: number, b: number): number {
  return a - b
}

/** What a policy comes to, without a note of why it fails; for who asks many times. */
export function askPolicy(set: PolicySet, number: number, frame: Frame): ValueId {
  const one = foundOf(set, number)
  if (!one.isSettled && Number.isFinite(set.interpreted)) settle(one, set)
  frame.isQuiet = true
  return one.code === undefined ? evaluationOf(one, set.values)(frame) : resultOf(one.code, frame)
}

function settle(one: CompiledPolicy, { values }: PolicySet): void {
  one.code = generate([one.policy.condition], values)
  one.isSettled = true
}

/** What the closures say, who know why a policy fails. */
function interpret(one: CompiledPolicy, number: number, values: Values, frame: Frame, verdicts: Verdicts): void {
  frame.isQuiet = false
  const result = evaluationOf(one, values)(frame)
  if (result === TRUE) verdicts.satisfied[verdicts.count++] = number
  if (result !== ERROR) return
  const { failure } = frame
  assert(failure !== undefined, 'an error that nobody noted')
  const { id, effect } = one.policy
  verdicts.failed.push(number)
  verdicts.errors.push({ policyId: id, effect, message: failure.message, span: failure.span, cause: failure.cause })
}

/** What was found, by the ids of the policies. */
export function answerOf({ policies }: PolicySet, verdicts: Verdicts): PolicyAnswer {
  const satisfied = satisfiedOf(verdicts)
  const of = (effect: LoweredPolicy['effect']) =>
    satisfied.flatMap((number) => (policies[number]!.effect === effect ? [policies[number]!.id] : []))
  return { satisfiedPermits: of('permit'), satisfiedForbids: of('forbid'), errors: verdicts.errors }
}
