/** What a writer writes, recorded as the moves of a model (`epochs-model.ts`). */
import { HEADER, HEADER_WORDS } from '../../native-layout/layout.ts'
import type { Arena } from '../../src/image/arena.ts'
import type { World } from './epochs-world.ts'

/** What a writer writes at once. */
export interface Move {
  readonly label: string
  /** Word offset and value by turns. */
  readonly writes: readonly number[]
  /** The published epoch after it. */
  readonly epoch: number
}

export interface Trace {
  readonly base: Uint32Array
  readonly baseEpoch: number
  readonly moves: readonly Move[]
  /** The answer of each epoch. */
  readonly truth: ReadonlyMap<number, string>
}

/** How much of what a writer does is one move: a step of the protocol, some of its words in a possible order, or one word. */
export type Grain = 'step' | 'part' | 'word'

/** Atomic words of the header, in the order in which they are written. */
const ORDER = [
  HEADER.claimed + 1,
  HEADER.claimed,
  HEADER.reclaimedBelow + 1,
  HEADER.reclaimedBelow,
  HEADER.reclaims,
  HEADER.root,
]

/** Turns differences of `words` into moves. `isEntry` says which words are written atomically after all others. */
class Recording {
  readonly moves: Move[] = []
  readonly base: Uint32Array
  readonly #arena: Arena
  readonly #grain: Grain
  #last: Uint32Array

  constructor(arena: Arena, grain: Grain) {
    this.#arena = arena
    this.#grain = grain
    this.base = arena.words.slice()
    this.#last = this.base.slice()
  }

  cut(label: string, epoch: number, isEntry: (offset: number) => boolean): void {
    const { words } = this.#arena
    const [plain, slots, entries]: [number[], number[], number[]] = [[], [], []]
    for (let i = 0; i < words.length; i++) {
      if (words[i] === this.#last[i] || ORDER.includes(i)) continue
      if (i < HEADER_WORDS) slots.push(i)
      else (isEntry(i) ? entries : plain).push(i)
    }
    const header = ORDER.filter((i) => words[i] !== this.#last[i])
    const half = plain.length >> 1
    const single = (offsets: number[]) => offsets.map((offset) => [offset])
    const groups = {
      step: [[...plain, ...entries, ...slots, ...header]],
      part: [plain.slice(0, half), plain.slice(half), ...single(entries), slots, ...single(header)],
      word: single([...plain, ...entries, ...slots, ...header]),
    }[this.#grain]
    for (const offsets of groups) {
      if (offsets.length === 0) continue
      this.moves.push({ label, epoch, writes: offsets.flatMap((offset) => [offset, words[offset]!]) })
    }
    this.#last = words.slice()
  }
}

/** What a writer does in `work`, as moves of `grain` that end at the steps for which `isCut` holds. */
export function traceOf(
  world: World,
  grain: Grain,
  work: (world: World) => void,
  isCut: (step: string) => boolean = () => true,
): Trace {
  const recording = new Recording(world.store.arena, grain)
  const baseEpoch = world.epoch
  let published = baseEpoch
  let seen = recording.base[HEADER.root]
  const cut = (label: string) => {
    const root = world.store.arena.words[HEADER.root]
    // The epoch that a commit makes visible is the newest one whose truth is known.
    if (root !== seen) published = Math.max(...world.truth.keys())
    seen = root
    recording.cut(label, published, world.isEntry)
  }
  const before = world.onStep
  world.onStep = (step) => {
    if (isCut(step)) cut(step)
    before(step)
  }
  work(world)
  cut('end')
  world.onStep = before
  return { base: recording.base, baseEpoch, moves: recording.moves, truth: new Map(world.truth) }
}
