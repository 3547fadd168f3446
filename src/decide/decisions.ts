/**
 * Decisions that follow from satisfied policies alone: equal ones are one frozen object, so that most decisions allocate
 * nothing. What is kept is bounded, and ends with the epoch. Spec: LANGUAGE section 6, "Decision".
 */
import type { LoweredPolicy } from '../program/lowered.ts'
import { satisfiedOf, type Verdicts } from './cedar/authorize.ts'
import { NO_DECISIONS, type PolicyList } from './cedar/policy-index.ts'
import { combine, type Decision, type RuleAnswer } from './decision.ts'

/** The satisfied policies of a decision, and the next one of the same hash. */
interface Kept {
  readonly numbers: readonly number[]
  readonly decision: Decision
  readonly next: Kept | undefined
}

/** What all that is kept may weigh: a decision as much as sixteen policies, and each satisfied policy. */
const KEPT_MAX = 2 ** 16
const DECISION = 16
/** Of so many lists of so many policies, a decision is found at the bits of those that are satisfied. */
const LISTS_MAX = 256
const LISTED_MAX = 8

/** The decisions of a policy set in one epoch. */
export class Decisions {
  readonly #policies: readonly LoweredPolicy[]
  /** Says of which epoch they are. */
  readonly #turned: { readonly epoch: number }
  readonly #kept = new Map<number, Kept>()
  /** Those that hold some. */
  #lists: PolicyList[] = []
  #weight = 0

  constructor(policies: readonly LoweredPolicy[], turned: { readonly epoch: number }) {
    this.#policies = policies
    this.#turned = turned
  }

  /** The decision that satisfied policies make, where nothing failed. */
  of(verdicts: Verdicts): Decision {
    const { whole, bits } = verdicts
    return whole?.decisions[bits] ?? this.#find(verdicts)
  }

  /** To be called when the image was turned to another epoch. */
  turn(): void {
    this.#kept.clear()
    for (const list of this.#lists) list.decisions = NO_DECISIONS
    this.#lists = []
    this.#weight = 0
  }

  #find(verdicts: Verdicts): Decision {
    const { whole, bits, satisfied, count } = verdicts
    if (whole === undefined) return this.#ofNumbers(satisfied, count)
    const numbers = satisfiedOf(verdicts)
    const decision = this.#ofNumbers(numbers, numbers.length)
    if (whole.numbers.length > LISTED_MAX) return decision
    if (whole.decisions === NO_DECISIONS) {
      if (this.#lists.length === LISTS_MAX) return decision
      whole.decisions = new Array<Decision | undefined>(2 ** whole.numbers.length).fill(undefined)
      this.#lists.push(whole)
    }
    whole.decisions[bits] = decision
    return decision
  }

  /** Of the first `count` of `satisfied`. */
  #ofNumbers(satisfied: readonly number[], count: number): Decision {
    const hash = hashOf(satisfied, count)
    for (let one = this.#kept.get(hash); one !== undefined; one = one.next) {
      if (startsWith(satisfied, count, one.numbers)) return one.decision
    }
    const weight = DECISION + count
    if (this.#weight + weight > KEPT_MAX) this.turn()
    this.#weight += weight
    const numbers = satisfied.slice(0, count)
    const decision = decisionOf(this.#policies, numbers, this.#turned.epoch)
    this.#kept.set(hash, { numbers, decision, next: this.#kept.get(hash) })
    return decision
  }
}

/** A small integer, which is a key that costs little. */
function hashOf(numbers: readonly number[], count: number): number {
  let hash = count
  for (let i = 0; i < count; i++) hash = (Math.imul(hash, 31) + numbers[i]!) & 0x3fffffff
  return hash
}

/** Whether the first `count` are just these. */
function startsWith(numbers: readonly number[], count: number, these: readonly number[]): boolean {
  if (these.length !== count) return false
  for (let i = 0; i < count; i++) if (numbers[i] !== these[i]) return false
  return true
}

function decisionOf(policies: readonly LoweredPolicy[], numbers: readonly number[], epoch: number): Decision {
  const of = (effect: LoweredPolicy['effect']) =>
    numbers.flatMap((number) => (policies[number]!.effect === effect ? [policies[number]!.id] : []))
  const satisfied = { satisfiedPermits: of('permit'), satisfiedForbids: of('forbid'), errors: [] }
  return combine({ policies: satisfied, permits: NOTHING, forbids: NOTHING, unseenKeys: [] }, 'deny', epoch)
}

const NOTHING: RuleAnswer = { reasons: [], failures: [] }
