/**
 * Decisions that were made before, by principal, action, resource and context: a set-associative table of fixed width, in
 * which a look-up compares ids and allocates nothing. An entry is good for one state of the engine; one that names what the
 * image does not know, also for no longer than the ids of that. Owned by one reader: no other thread sees it. What must not
 * be kept is decided here: whatever failed, and whatever is long. Spec: DESIGN section 1, "Values are interned".
 */
import { isLocal, isLocalEntity, type ValueId } from '../image/value-ids.ts'
import type { Frame } from './cedar/frame.ts'
import type { Decision } from './decision.ts'

export interface CacheStats {
  hits: number
  misses: number
  /** Decisions that had to make room for others. */
  evictions: number
  /** Requests that can't be looked up, or whose decisions can't be kept. */
  uncacheable: number
}

const CODES: Readonly<Record<Decision['decision'], number>> = { deny: 0, permit: 1, forbid: 2 }

/** A decision as a number. */
export function codeOf({ decision }: Decision): number {
  return CODES[decision]
}

const WAYS = 4
/** A line of most processors' caches. */
const ENTRY_WORDS = 16
const ENTRY = { stamp: 0, mark: 1, principal: 2, action: 3, resource: 4, code: 5, length: 6, context: 7 } as const
/** Fields of the context that an entry has room for; of more, the context as a whole is one word. */
export const FIELDS_MAX = 4
const SETS_MIN = 1024
/** A decision with more reasons, or longer ones, takes more memory than it saves time. */
const REASONS_MAX = 16
/** UTF-16 units of all its reasons together: rules make them of what requests say. */
const REASON_UNITS_MAX = 1024

/** So many bytes a thread, unless somebody says otherwise. */
export const CACHE_BYTES = 2 ** 22

/** A table that grows up to a size; what happens is counted in `stats`. */
export class DecisionCache {
  /** Another one with each state of the engine. */
  stamp = 1
  readonly #stats: CacheStats
  readonly #setsMax: number
  #sets: number
  /** Signed as ids are: V8 compares words of one kind as words, and others as floats. */
  #words: Int32Array
  #decisions: (Decision | undefined)[]
  /** Since it grew last. */
  #evicted = 0
  #victim = 0
  readonly #context = new Int32Array(2 * FIELDS_MAX)
  /** What was not found last. */
  readonly #missed = { set: 0, mark: 0, length: 0 }

  constructor(bytesMax: number, stats: CacheStats) {
    this.#stats = stats
    this.#setsMax = 2 ** Math.floor(Math.log2(Math.max(1, bytesMax / (WAYS * ENTRY_WORDS * 4))))
    this.#sets = Math.min(SETS_MIN, this.#setsMax)
    this.#words = new Int32Array(this.#sets * WAYS * ENTRY_WORDS)
    this.#decisions = noDecisions(this.#sets)
  }

  /** How much memory the table takes; the decisions come to it. */
  get bytes(): number {
    return this.#words.byteLength
  }

  /** The entry of a decision for the request in `frame`, or -1; `generation` is that of the ids which belong to requests. */
  find(frame: Frame, generation: number): number {
    const { principal, action, resource } = frame
    const length = frame.copyContext(this.#context, FIELDS_MAX)
    let hash = mix(mix(mix(length, principal), action), resource)
    let hasLocal = isLocalEntity(principal | action | resource)
    for (let i = 0; i < length; i++) {
      hash = mix(hash, this.#context[i]!)
      hasLocal ||= isLocal(this.#context[i]!)
    }
    const mark = hasLocal ? markOf(generation) : 0
    const set = this.#setOf(hash)
    for (let entry = set; entry < set + WAYS; entry++) {
      const at = entry * ENTRY_WORDS
      if (!this.#isOf(at, principal, action, resource)) continue
      if (this.#words[at + ENTRY.mark] !== mark || this.#words[at + ENTRY.length] !== length) continue
      if (length > 0 && !isContext(this.#words, at + ENTRY.context, this.#context, length)) continue
      this.#stats.hits++
      return entry
    }
    this.#stats.misses++
    this.#missed.set = set
    this.#missed.mark = mark
    this.#missed.length = length
    return -1
  }

  /** As `find`, of a request without context; nothing is counted, and `keep` has to follow a `find`. */
  findBare(principal: ValueId, action: ValueId, resource: ValueId, generation: number): number {
    const mark = isLocalEntity(principal | action | resource) ? markOf(generation) : 0
    const set = this.#setOf(mix(mix(mix(0, principal), action), resource))
    for (let entry = set; entry < set + WAYS; entry++) {
      const at = entry * ENTRY_WORDS
      if (!this.#isOf(at, principal, action, resource)) continue
      if (this.#words[at + ENTRY.mark] === mark && this.#words[at + ENTRY.length] === 0) return entry
    }
    return -1
  }

  #setOf(hash: number): number {
    return ((hash ^ (hash >>> 16)) & (this.#sets - 1)) * WAYS
  }

  #isOf(at: number, principal: ValueId, action: ValueId, resource: ValueId): boolean {
    const words = this.#words
    return (
      words[at + ENTRY.principal] === principal &&
      words[at + ENTRY.resource] === resource &&
      words[at + ENTRY.action] === action &&
      words[at + ENTRY.stamp] === this.stamp
    )
  }

  decisionAt(entry: number): Decision {
    return this.#decisions[entry]!
  }

  /** As `codeOf` says. */
  codeAt(entry: number): number {
    return this.#words[entry * ENTRY_WORDS + ENTRY.code]!
  }

  /** Keeps the decision of the request in `frame`, which `find` did not find just now, if it can be kept. */
  keep({ principal, action, resource }: Frame, decision: Decision): void {
    if (decision.errors.length > 0 || isLong(decision)) {
      this.#stats.uncacheable++
      return
    }
    if (this.#evicted > this.#sets && this.#sets < this.#setsMax) {
      // The next one of its kind finds its place.
      this.#clear(Math.min(this.#setsMax, this.#sets * 4))
      return
    }
    const { set, mark, length } = this.#missed
    const entry = this.#room(set)
    const words = this.#words
    const at = entry * ENTRY_WORDS
    words[at + ENTRY.stamp] = this.stamp
    words[at + ENTRY.mark] = mark
    words[at + ENTRY.principal] = principal
    words[at + ENTRY.action] = action
    words[at + ENTRY.resource] = resource
    words[at + ENTRY.code] = codeOf(decision)
    words[at + ENTRY.length] = length
    for (let i = 0; i < length; i++) words[at + ENTRY.context + i] = this.#context[i]!
    this.#decisions[entry] = decision
  }

  /** An entry of the set that holds nothing of the state at hand, or else any one. */
  #room(set: number): number {
    for (let entry = set; entry < set + WAYS; entry++) {
      if (this.#words[entry * ENTRY_WORDS + ENTRY.stamp] !== this.stamp) return entry
    }
    this.#stats.evictions++
    this.#evicted++
    this.#victim = (this.#victim + 1) & (WAYS - 1)
    return set + this.#victim
  }

  /** Forgets everything: the state is another one. */
  turn(): void {
    this.stamp++
    // No entry may outlive so many states that their number comes again.
    if (this.stamp < 2 ** 31) return
    this.stamp = 1
    this.#clear(this.#sets)
  }

  #clear(sets: number): void {
    this.#sets = sets
    this.#words = new Int32Array(sets * WAYS * ENTRY_WORDS)
    this.#decisions = noDecisions(sets)
    this.#evicted = 0
  }
}

function isLong({ reasons }: Decision): boolean {
  let units = 0
  for (const reason of reasons) units += reason.length
  return reasons.length > REASONS_MAX || units > REASON_UNITS_MAX
}

function noDecisions(sets: number): (Decision | undefined)[] {
  return new Array<Decision | undefined>(sets * WAYS).fill(undefined)
}

/** What entries are marked with that name ids of a request: not 0. */
function markOf(generation: number): number {
  return (generation & 0x3fffffff) + 1
}

function isContext(words: Int32Array, at: number, context: Int32Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (words[at + i] !== context[i]) return false
  return true
}

/** One step of the hash; a multiplication carries the low bits up, the shift brings the high ones down. */
function mix(hash: number, word: ValueId): number {
  const m = Math.imul(hash ^ word, 0x9e3779b1)
  return m ^ (m >>> 15)
}
