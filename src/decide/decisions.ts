/**
 * Decisions that follow from satisfied policies alone: equal ones are one frozen object, so that most decisions allocate
 * nothing. What is kept is bounded, and ends with the epoch. Spec: LANGUAGE section 6, "Decision".
 */
import type { LoweredPolicy } from '../program/lowered.ts'
import type { Verdicts } from './cedar/authorize.ts'
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

/** The decisions of a policy set. */
export class Decisions {
  readonly #policies: readonly LoweredPolicy[]
  readonly #kept = new Map<number, Kept>()
  #weight = 0
  #epoch = -1

  constructor(policies: readonly LoweredPolicy[]) {
    this.#policies = policies
  }

  /** The decision that satisfied policies make, where nothing failed. */
  of(verdicts: Verdicts, epoch: number): Decision {
    if (epoch !== this.#epoch) this.#forget(epoch)
    const hash = hashOf(verdicts)
    for (let one = this.#kept.get(hash); one !== undefined; one = one.next) {
      if (isOf(one, verdicts)) return one.decision
    }
    return this.#keep(hash, verdicts)
  }

  #keep(hash: number, { satisfied, count }: Verdicts): Decision {
    const numbers = satisfied.slice(0, count)
    if (this.#weight + DECISION + count > KEPT_MAX) this.#forget(this.#epoch)
    this.#weight += DECISION + count
    const decision = decisionOf(this.#policies, numbers, this.#epoch)
    this.#kept.set(hash, { numbers, decision, next: this.#kept.get(hash) })
    return decision
  }

  #forget(epoch: number): void {
    this.#kept.clear()
    this.#weight = 0
    this.#epoch = epoch
  }
}

/** A small integer, which is a key that costs little. */
function hashOf({ satisfied, count }: Verdicts): number {
  let hash = count
  for (let i = 0; i < count; i++) hash = (Math.imul(hash, 31) + satisfied[i]!) & 0x3fffffff
  return hash
}

function isOf({ numbers }: Kept, { satisfied, count }: Verdicts): boolean {
  if (numbers.length !== count) return false
  for (let i = 0; i < count; i++) if (numbers[i] !== satisfied[i]) return false
  return true
}

function decisionOf(policies: readonly LoweredPolicy[], numbers: readonly number[], epoch: number): Decision {
  const of = (effect: LoweredPolicy['effect']) =>
    numbers.flatMap((number) => (policies[number]!.effect === effect ? [policies[number]!.id] : []))
  const satisfied = { satisfiedPermits: of('permit'), satisfiedForbids: of('forbid'), errors: [] }
  return combine({ policies: satisfied, permits: NOTHING, forbids: NOTHING, unseenKeys: [] }, 'deny', epoch)
}

const NOTHING: RuleAnswer = { reasons: [], failures: [] }
