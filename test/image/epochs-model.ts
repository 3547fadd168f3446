/**
 * A model checker for the epoch protocol. A writer runs once, and what it writes is recorded as a list of moves. Readers then
 * run the real code over a copy of the memory, and at each of their cuts the writer may go on by any number of moves: the
 * explorer tries all of that. Readers write nothing that another thread's answer depends on, so one at a time is enough.
 */
import { HEADER, SLOT, SLOT_WORDS } from '../../native-layout/layout.ts'
import { type Arena, createArena } from '../../src/image/arena.ts'
import { createReaderImage, type ReaderImage } from '../../src/image/reader-image.ts'
import type { Trace } from './epochs-trace.ts'
import { answerOf } from './epochs-world.ts'

export interface Exploring {
  /** How often the writer may go on within one run; infinite for all interleavings. */
  readonly preemptions: number
  /** Decisions of the reader in one run, one after the other, before the writer ends. */
  readonly decisions: number
  /** Cuts are the atomic loads and places of a decision, or all reads of shared memory. */
  readonly cuts: 'protocol' | 'reads'
  /** What a reader does instead of confirming. */
  readonly accept?: (reader: ReaderImage, words: Uint32Array) => boolean
}

export interface Found {
  interleavings: number
  accepted: number
  /** Answers thrown away, and of those the ones for which the root was where it had been. */
  rejected: number
  sameRoot: number
  /** Accepted answers that no epoch gives, or an older one than was published when the reader began. */
  violations: string[]
  /** A reader that keeps what it decided last. */
  remembering?: ReaderImage | undefined
}

const VIOLATIONS_MAX = 10

/** Runs a reader against `trace` in every order that `exploring` allows. */
export function explore(trace: Trace, exploring: Exploring): Found {
  const found: Found = { interleavings: 0, accepted: 0, rejected: 0, sameRoot: 0, violations: [] }
  const arena = createArena()
  let end = trace.base.length
  while (end > 0 && trace.base[end - 1] === 0) end--
  for (const { writes } of trace.moves) for (let i = 0; i < writes.length; i += 2) end = Math.max(end, writes[i]! + 1)
  const base = trace.base.subarray(0, end)
  const choices: { taken: number; limit: number }[] = []
  const watch: Watch = { cut: () => undefined }
  withCuts(arena, exploring.cuts, watch, (seen) => {
    do {
      arena.words.set(base)
      runOnce({ trace, exploring, arena, seen, watch, found, choices })
      found.interleavings++
    } while (found.violations.length < VIOLATIONS_MAX && nextChoices(choices))
  })
  return found
}

/** What happens before a read. */
interface Watch {
  cut: () => void
}

interface Run {
  readonly trace: Trace
  readonly exploring: Exploring
  readonly arena: Arena
  /** The same for readers. */
  readonly seen: Arena
  readonly watch: Watch
  readonly found: Found
  readonly choices: { taken: number; limit: number }[]
}

/** The choices of the next run, depth first; false when there is none. */
function nextChoices(choices: Run['choices']): boolean {
  for (let last = choices.at(-1); last; last = choices.at(-1)) {
    if (last.taken < last.limit) {
      last.taken++
      return true
    }
    choices.pop()
  }
  return false
}

function runOnce(run: Run): void {
  const { trace, exploring, arena, seen, watch, choices } = run
  const { moves } = trace
  let [at, cuts, preemptions, isCutting] = [0, 0, 0, false]
  const advance = (count: number) => {
    for (const stop = at + count; at < stop; at++) {
      const { writes } = moves[at]!
      for (let i = 0; i < writes.length; i += 2) arena.words[writes[i]!] = writes[i + 1]!
    }
  }
  const cut = () => {
    if (!isCutting || at === moves.length) return
    const limit = preemptions < exploring.preemptions ? moves.length - at : 0
    if (cuts === choices.length) choices.push({ taken: 0, limit })
    const { taken } = choices[cuts++]!
    if (taken === 0) return
    preemptions++
    advance(taken)
  }
  const published = () => (at === 0 ? trace.baseEpoch : moves[at - 1]!.epoch)
  watch.cut = cut
  const reader = createReaderImage(seen)
  isCutting = true
  for (let i = 0; i < exploring.decisions; i++) decide(run, reader, published, cut)
  isCutting = false
  advance(moves.length - at)
  for (let tries = 0; !decide(run, reader, published, cut); tries++) {
    if (tries < 2) continue
    run.found.violations.push('an undisturbed reader is not answered')
    break
  }
}

/** One try of a decision; says whether it was accepted. */
function decide(
  { trace, exploring, arena, found }: Run,
  reader: ReaderImage,
  published: () => number,
  cut: () => void,
) {
  const [before, root] = [published(), arena.words[HEADER.root]]
  let answer: string
  try {
    // What was decided before is answered again without a confirmation, if nothing is said to be new.
    if (!reader.turn() && reader === found.remembering && reader.epoch < before) {
      found.violations.push(`epoch ${reader.epoch} is remembered when ${before} is published`)
    }
    answer = answerOf(reader, cut)
  } catch (error) {
    answer = String(error)
  }
  const { epoch } = reader
  const isAccepted = exploring.accept ? exploring.accept(reader, arena.words) : reader.isIntact()
  if (!isAccepted) {
    found.remembering = undefined
    found.rejected++
    if (arena.words[HEADER.root] === root) found.sameRoot++
    return false
  }
  found.accepted++
  found.remembering = reader
  if (answer !== trace.truth.get(epoch)) found.violations.push(`epoch ${epoch} answers ${answer}`)
  if (epoch < before || epoch > published()) found.violations.push(`epoch ${epoch} is not one that was published`)
  return true
}

/** A reader that is content if the slot that it took still says what it announced. */
export function slotSaysSo(reader: ReaderImage, words: Uint32Array): boolean {
  return words[HEADER.slots + SLOT.epoch] === reader.epoch && words[HEADER.slots + SLOT_WORDS] === 0
}

/** Calls `watch.cut` before reads of the shared memory in `work`. */
function withCuts(arena: Arena, cuts: Exploring['cuts'], watch: Watch, work: (arena: Arena) => void): void {
  const [load, Words] = [Atomics.load, Uint32Array]
  const targets = new WeakMap<object, Uint32Array>()
  const watched = (array: Uint32Array): Uint32Array => {
    const proxy = new Proxy(array, {
      get: (target, name) => {
        if (typeof name === 'string' && name >= '0' && name < ':') watch.cut()
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    targets.set(proxy, array)
    return proxy
  }
  let last = -1
  Object.assign(Atomics, {
    load: (array: Uint32Array, index: number) => {
      // A number of two words is read at once, or else in an order that `loadLong` gives.
      if (index !== last + 1) watch.cut()
      last = index
      return load(targets.get(array) ?? array, index)
    },
    store: unwrapped(Atomics.store, targets),
    compareExchange: unwrapped(Atomics.compareExchange, targets),
    add: unwrapped(Atomics.add, targets),
  })
  const originals = { load, store: originalStore, compareExchange: originalCompareExchange, add: originalAdd }
  try {
    if (cuts === 'protocol') {
      work({ ...arena })
      return
    }
    globalThis.Uint32Array = new Proxy(Words, {
      construct: (target, args) => {
        const array: Uint32Array = Reflect.construct(target, args)
        return args[0] instanceof SharedArrayBuffer ? watched(array) : array
      },
    })
    work({ ...arena, words: watched(arena.words) })
  } finally {
    globalThis.Uint32Array = Words
    Object.assign(Atomics, originals)
  }
}

const { store: originalStore, compareExchange: originalCompareExchange, add: originalAdd } = Atomics

function unwrapped<R>(
  operation: (array: never, ...rest: never[]) => R,
  targets: WeakMap<object, Uint32Array>,
): (array: object, ...rest: never[]) => R {
  return (array, ...rest) => operation((targets.get(array) ?? array) as never, ...rest)
}
