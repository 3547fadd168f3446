/**
 * Decisions that were made before, by principal, action, resource and context: two set-associative tables, one of them for
 * requests without context, in which a look-up compares ids and allocates nothing. An entry is good for one state of the
 * engine; one that names what the image does not know, also for no longer than the ids of that. Owned by one reader: no
 * other thread sees it. What must not be kept is decided here: whatever failed, and whatever is long. Spec: DESIGN section 1,
 * "Values are interned".
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

/** Fields of the context that an entry has room for; of more, the context as a whole is one word. */
export const FIELDS_MAX = 4
/** A decision with more reasons, or longer ones, takes more memory than it saves time. */
const REASONS_MAX = 16
/** UTF-16 units of all its reasons together: rules make them of what requests say. */
const REASON_UNITS_MAX = 1024

/** So many bytes a thread, unless somebody says otherwise. */
export const CACHE_BYTES = 2 ** 22

/** Decisions of the state at hand; what happens is counted in `stats`. */
export class DecisionCache {
  /** Another one with each state of the engine. */
  #stamp = 1
  /** The same for what names ids of requests. */
  #passing = 2
  #generation = -1
  #newest = 2
  readonly #stats: CacheStats
  readonly #bare: Table
  readonly #rest: Table
  readonly #context = new Int32Array(2 * FIELDS_MAX)
  /** What was not found last. */
  readonly #missed: { table: Table; set: number; stamp: number; length: number }

  constructor(bytesMax: number, stats: CacheStats) {
    this.#stats = stats
    // Of halves, half would stay free: a table has a power of two of sets, whose codes come to the words.
    this.#bare = new Table(BARE_WORDS, bytesMax / 3, stats)
    this.#rest = new Table(REST_WORDS, (2 * bytesMax) / 3, stats)
    this.#missed = { table: this.#bare, set: 0, stamp: 0, length: 0 }
  }

  /** How much memory the tables take; the decisions come to it. */
  get bytes(): number {
    return this.#bare.bytes + this.#rest.bytes
  }

  /** The decision for the request in `frame`; `generation` is that of the ids which belong to requests. */
  find(frame: Frame, generation: number): Decision | undefined {
    const { principal, action, resource } = frame
    if (!frame.isBare) return this.#findRest(frame, generation)
    const stamp = this.#stampOf(isLocalEntity(principal | action | resource), generation)
    const entry = this.#bare.findBare(principal, action, resource, stamp)
    if (entry < 0) return this.#miss(this.#bare, this.#bare.setOf(hashOf(principal, action, resource)), stamp, 0)
    this.#stats.hits++
    return this.#bare.decisions[entry]
  }

  /** The number of the decision for a request without context, or -1; nothing is counted. */
  codeOf(principal: ValueId, action: ValueId, resource: ValueId, generation: number): number {
    const stamp = this.#stampOf(isLocalEntity(principal | action | resource), generation)
    const entry = this.#bare.findBare(principal, action, resource, stamp)
    return entry < 0 ? -1 : this.#bare.codes[entry]!
  }

  #findRest(frame: Frame, generation: number): Decision | undefined {
    const { principal, action, resource } = frame
    const context = this.#context
    const length = frame.copyContext(context, FIELDS_MAX)
    let hash = hashOf(principal, action, resource) ^ length
    let hasLocal = isLocalEntity(principal | action | resource)
    for (let i = 0; i < length; i++) {
      hash = mix(hash, context[i]!)
      hasLocal ||= isLocal(context[i]!)
    }
    const stamp = this.#stampOf(hasLocal, generation)
    const set = this.#rest.setOf(hash)
    for (let entry = set; entry < set + WAYS; entry++) {
      if (!this.#rest.isOf(entry, principal, action, resource, stamp)) continue
      if (!this.#rest.hasContext(entry, context, length)) continue
      this.#stats.hits++
      return this.#rest.decisions[entry]
    }
    return this.#miss(this.#rest, set, stamp, length)
  }

  #miss(table: Table, set: number, stamp: number, length: number): undefined {
    this.#stats.misses++
    this.#missed.table = table
    this.#missed.set = set
    this.#missed.stamp = stamp
    this.#missed.length = length
  }

  /** Keeps the decision of the request in `frame`, which `find` did not find just now, if it can be kept. */
  keep({ principal, action, resource }: Frame, decision: Decision): void {
    if (decision.errors.length > 0 || isLong(decision)) {
      this.#stats.uncacheable++
      return
    }
    const { table, set, stamp, length } = this.#missed
    const entry = table.room(set, this.#stamp, this.#passing)
    if (entry < 0) return
    table.put(entry, principal, action, resource, stamp)
    table.putContext(entry, this.#context, length)
    table.codes[entry] = codeOf(decision)
    table.decisions[entry] = decision
  }

  #stampOf(hasLocal: boolean, generation: number): number {
    if (!hasLocal) return this.#stamp
    if (generation !== this.#generation) {
      this.#generation = generation
      if (this.#newest >= STAMP_MAX) this.turn()
      else this.#passing = ++this.#newest
    }
    return this.#passing
  }

  /** Forgets everything: the state is another one. */
  turn(): void {
    if (this.#newest >= STAMP_MAX) {
      // No entry may outlive so many states that their number comes again.
      this.#bare.clear()
      this.#rest.clear()
      this.#newest = 0
    }
    this.#stamp = ++this.#newest
    this.#passing = ++this.#newest
  }
}

const STAMP_MAX = 2 ** 30

const WAYS = 4
/** Where words of an entry stand; after them, the length of the context and its words. */
const ENTRY = { principal: 0, action: 1, resource: 2, stamp: 3, length: 4, context: 5 } as const
/** A set of these, and one of those with a context, is a line of most processors' caches. */
const BARE_WORDS = 4
const REST_WORDS = 16
const SETS_MIN = 1024

/** Entries of so many words each, in sets of four; it grows up to a size. */
class Table {
  /** By entry. */
  decisions: (Decision | undefined)[] = []
  codes = new Uint8Array(0)
  /** Signed as ids are: V8 compares words of one kind as words, and others as floats. */
  #words = new Int32Array(0)
  readonly #entryWords: number
  readonly #stats: CacheStats
  readonly #setsMax: number
  #sets: number
  /** Since it grew last. */
  #evicted = 0
  #victim = 0

  constructor(entryWords: number, bytesMax: number, stats: CacheStats) {
    this.#entryWords = entryWords
    this.#stats = stats
    this.#setsMax = 2 ** Math.floor(Math.log2(Math.max(1, bytesMax / (WAYS * (4 * entryWords + 1)))))
    this.#sets = Math.min(SETS_MIN, this.#setsMax)
    this.clear()
  }

  get bytes(): number {
    return this.#words.byteLength + this.codes.byteLength
  }

  clear(): void {
    const entries = this.#sets * WAYS
    this.#words = new Int32Array(entries * this.#entryWords)
    this.codes = new Uint8Array(entries)
    this.decisions = new Array<Decision | undefined>(entries).fill(undefined)
    this.#evicted = 0
  }

  /** The first entry of a set. */
  setOf(hash: number): number {
    return ((hash ^ (hash >>> 16)) & (this.#sets - 1)) * WAYS
  }

  /** The entry of a request without context, in a table of such, or -1. */
  findBare(principal: ValueId, action: ValueId, resource: ValueId, stamp: number): number {
    const set = this.setOf(hashOf(principal, action, resource))
    for (let entry = set; entry < set + WAYS; entry++) {
      if (this.#isAt(entry * BARE_WORDS, principal, action, resource, stamp)) return entry
    }
    return -1
  }

  /** Whether an entry is of a request with these ids in this state. */
  isOf(entry: number, principal: ValueId, action: ValueId, resource: ValueId, stamp: number): boolean {
    return this.#isAt(entry * this.#entryWords, principal, action, resource, stamp)
  }

  #isAt(at: number, principal: ValueId, action: ValueId, resource: ValueId, stamp: number): boolean {
    const words = this.#words
    return (
      words[at + ENTRY.principal] === principal &&
      words[at + ENTRY.resource] === resource &&
      words[at + ENTRY.action] === action &&
      words[at + ENTRY.stamp] === stamp
    )
  }

  hasContext(entry: number, context: Int32Array, length: number): boolean {
    const words = this.#words
    const at = entry * this.#entryWords
    if (words[at + ENTRY.length] !== length) return false
    for (let i = 0; i < length; i++) if (words[at + ENTRY.context + i] !== context[i]) return false
    return true
  }

  /** An entry of the set that has neither stamp, or else any one; -1 if the table grows instead. */
  room(set: number, stamp: number, passing: number): number {
    if (this.#evicted > this.#sets && this.#sets < this.#setsMax) {
      // The next one of its kind finds its place.
      this.#sets = Math.min(this.#setsMax, this.#sets * 4)
      this.clear()
      return -1
    }
    for (let entry = set; entry < set + WAYS; entry++) {
      const found = this.#words[entry * this.#entryWords + ENTRY.stamp]
      if (found !== stamp && found !== passing) return entry
    }
    this.#stats.evictions++
    this.#evicted++
    this.#victim = (this.#victim + 1) & (WAYS - 1)
    return set + this.#victim
  }

  /** The words that every entry has. */
  put(entry: number, principal: ValueId, action: ValueId, resource: ValueId, stamp: number): void {
    const words = this.#words
    const at = entry * this.#entryWords
    words[at + ENTRY.principal] = principal
    words[at + ENTRY.action] = action
    words[at + ENTRY.resource] = resource
    words[at + ENTRY.stamp] = stamp
  }

  putContext(entry: number, context: Int32Array, length: number): void {
    if (this.#entryWords === BARE_WORDS) return
    const at = entry * this.#entryWords
    this.#words[at + ENTRY.length] = length
    for (let i = 0; i < length; i++) this.#words[at + ENTRY.context + i] = context[i]!
  }
}

function isLong({ reasons }: Decision): boolean {
  let units = 0
  for (const reason of reasons) units += reason.length
  return reasons.length > REASONS_MAX || units > REASON_UNITS_MAX
}

function hashOf(principal: ValueId, action: ValueId, resource: ValueId): number {
  return Math.imul(principal, 0x9e3779b1) ^ Math.imul(action, 0x85ebca6b) ^ Math.imul(resource, 0xc2b2ae35)
}

/** One step of the hash; a multiplication carries the low bits up, the shift brings the high ones down. */
function mix(hash: number, word: ValueId): number {
  const m = Math.imul(hash ^ word, 0x9e3779b1)
  return m ^ (m >>> 15)
}
