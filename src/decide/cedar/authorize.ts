/**
 * Policies against a request: which are satisfied, and which fail and why. Every policy that can match is evaluated, whatever
 * the others say; what follows from that is decided elsewhere. Spec: Cedar's "Authorization", LANGUAGE section 6.
 */
import { TRUE, type ValueId, type Values } from '../../image/value-ids.ts'
import type { LoweredPolicy } from '../../program/lowered.ts'
import { assert } from '../../text/assert.ts'
import type { Span } from '../../text/source.ts'
import { compileExpr } from './compile.ts'
import { ERROR, type Evaluate, type Frame } from './frame.ts'
import {
  type Code,
  type Generated,
  generateList,
  generatePolicy,
  type ListCode,
  requestsInterpreted,
} from './generate.ts'
import { createPolicyIndex, type IndexOptions, type PolicyIndex, type PolicyList } from './policy-index.ts'
import { scopeOf } from './scope.ts'

export interface PolicyError {
  readonly policyId: string
  readonly effect: 'permit' | 'forbid'
  readonly message: string
  readonly span: Span
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
  /** The same as generated code, and what that is called with. */
  code: Code | undefined
  constants: readonly ValueId[]
  objects: readonly unknown[]
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
/** Lists that are longer stay as they are, since their code would take long to be written. */
const TOGETHER_MAX = 32

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
  const index = createPolicyIndex(scopes, options)
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
  const one = { policy, evaluate: undefined, code: undefined, constants: NONE, objects: NONE, isSettled: false }
  compiled.set(policy, one)
  return one
}

const NONE: readonly never[] = []

function evaluationOf(one: CompiledPolicy, values: Values): Evaluate {
  return (one.evaluate ??= compileExpr(one.policy.condition, values))
}

/** What policies say to one request; owned by who asks, and overwritten with the next request. */
export interface Verdicts {
  /** Numbers of the policies, ascending; so many as `count` says. */
  readonly satisfied: number[]
  count: number
  /** In the order of the policies. */
  errors: PolicyError[]
  /** The numbers of those that failed. */
  failed: number[]
  /** Those that are yet to say why they fail. */
  readonly failing: number[]
}

export function createVerdicts(): Verdicts {
  return { satisfied: [], count: 0, errors: [], failed: [], failing: [] }
}

/** Evaluates all policies that the request in `frame` can match. */
export function askPolicies(set: PolicySet, frame: Frame, verdicts: Verdicts): void {
  const { lists, count } = set.index.find(frame)
  verdicts.count = 0
  if (verdicts.errors.length > 0) {
    verdicts.errors = []
    verdicts.failed = []
  }
  const isInterpreted = set.interpreted > 0 && set.interpreted-- > 0
  for (let i = 0; i < count; i++) askList(set, lists[i]!, isInterpreted, frame, verdicts)
  if (count > 1) putInOrder(verdicts)
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
  if (code !== undefined) askTogether(set, code, frame, verdicts)
  else for (let i = 0; i < numbers.length; i++) askOne(set, numbers[i]!, isInterpreted, frame, verdicts)
}

function putTogether(list: PolicyList, { policies, values }: PolicySet): void {
  const { numbers } = list
  if (numbers.length === 1 || numbers.length > TOGETHER_MAX) return
  list.code = generateList(new Map(numbers.map((number) => [number, policies[number]!.condition])), values)
}

function askTogether(set: PolicySet, of: Generated<ListCode>, frame: Frame, verdicts: Verdicts): void {
  const { satisfied, count, failing } = verdicts
  // A request that reached a limit left some. To set the length of an array takes V8 longer than to look at it.
  if (failing.length > 0) failing.length = 0
  frame.isQuiet = true
  verdicts.count = of.code(frame, of.constants, of.objects, satisfied, count, failing)
  for (let i = 0; i < failing.length; i++)
    interpret(foundOf(set, failing[i]!), failing[i]!, set.values, frame, verdicts)
}

function askOne(set: PolicySet, number: number, isInterpreted: boolean, frame: Frame, verdicts: Verdicts): void {
  const one = foundOf(set, number)
  if (!one.isSettled && !isInterpreted) settle(one, set)
  const { code } = one
  let result: ValueId = ERROR
  if (code !== undefined) {
    frame.isQuiet = true
    result = code(frame, one.constants, one.objects)
  }
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
  return one.code === undefined ? evaluationOf(one, set.values)(frame) : one.code(frame, one.constants, one.objects)
}

function settle(one: CompiledPolicy, { values }: PolicySet): void {
  Object.assign(one, generatePolicy(one.policy.condition, values))
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
  verdicts.errors.push({ policyId: id, effect, message: failure.message, span: failure.span })
}

/** What was found, by the ids of the policies. */
export function answerOf({ policies }: PolicySet, { satisfied, count, errors }: Verdicts): PolicyAnswer {
  const of = (effect: LoweredPolicy['effect']) =>
    satisfied.slice(0, count).flatMap((number) => (policies[number]!.effect === effect ? [policies[number]!.id] : []))
  return { satisfiedPermits: of('permit'), satisfiedForbids: of('forbid'), errors }
}
