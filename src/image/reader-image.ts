/**
 * A reader's end of an arena: the image of one epoch, turned to the newest one before each decision, and the check after it
 * that nothing which was read was overwritten meanwhile. Steps R1 to R6 are those of `native-layout/README.md`, "Epochs".
 */

import { runeError } from '../text/diagnostic.ts'
import type { Arena } from './arena.ts'
import { type AttachedImage, attachRoot, createAttachedImage, programBytes } from './attach.ts'
import {
  type Announcer,
  announce,
  announceRest,
  confirm,
  createAnnouncer,
  isUnchanged,
  leaveSlot,
  loadReclaims,
  loadRoot,
} from './epochs.ts'

export interface ReaderImage {
  /** Another object once what was read had to be thrown away: whatever was made of the old one may be wrong. */
  readonly image: AttachedImage
  readonly epoch: number
  readonly programNumber: number
  readonly dictionaryNumber: number
  /** R1 to R4: turns to the published epoch; says whether anything is another than before. */
  turn(): boolean
  /** R6: whether all that was read since `turn` belongs to the epoch. If not, the next `turn` starts anew. */
  isIntact(): boolean
  /** A copy of the program's bytes, or of a range of them; only what `isIntact` confirms afterwards is right. */
  programBytes(from?: number, to?: number): Uint8Array
  /** Says that no decision is at work, so that the writer need not wait for this thread. */
  rest(): void
  close(): void
}

const TRIES_MAX = 1000
/** One turn of so many, and one more, is atomic. */
const ATOMIC_EVERY = 63
const NO_ROOT = -1

/** A reader of the image in `arena`, turned to no epoch yet. */
export function createReaderImage(arena: Arena): ReaderImage {
  return new Turning(arena)
}

class Turning implements ReaderImage {
  readonly #arena: Arena
  readonly #announcer: Announcer
  image: AttachedImage
  epoch = 0
  programNumber = -1
  #root = NO_ROOT
  #reclaims = 0
  #isResting = true
  #turns = 0

  constructor(arena: Arena) {
    this.#arena = arena
    this.image = this.#anew()
    this.#announcer = createAnnouncer(arena.words)
  }

  get dictionaryNumber(): number {
    return this.image.dictionaryNumber
  }

  turn(): boolean {
    this.#turns = (this.#turns + 1) & ATOMIC_EVERY
    const isSame = this.#turns > 0 && !this.#isResting && isUnchanged(this.#arena.words, this.#root, this.#reclaims)
    return isSame ? false : this.#turnAnew()
  }

  isIntact(): boolean {
    this.#reclaims = confirm(this.#arena.words, this.epoch, this.#reclaims)
    if (this.#reclaims >= 0) return true
    this.#root = NO_ROOT
    this.image = this.#anew()
    return false
  }

  programBytes(from?: number, to?: number): Uint8Array {
    return programBytes(this.#arena, this.#root, from, to)
  }

  rest(): void {
    announceRest(this.#arena.words, this.#announcer)
    this.#isResting = true
  }

  close(): void {
    leaveSlot(this.#arena.words, this.#announcer)
  }

  #anew(): AttachedImage {
    return createAttachedImage(this.#arena, 'reader')
  }

  #turnAnew(): boolean {
    if (loadRoot(this.#arena.words) === this.#root && this.#goesOn()) return false
    const before = { epoch: this.epoch, image: this.image }
    this.#attach()
    return this.epoch !== before.epoch || this.image !== before.image
  }

  /** Another root may be where the old one was, if memory was taken back meanwhile. */
  #goesOn(): boolean {
    if (this.#isResting) this.#wake()
    const now = confirm(this.#arena.words, this.epoch, this.#reclaims)
    if (now >= 0) this.#reclaims = now
    return now >= 0
  }

  #attach(): void {
    this.#root = NO_ROOT
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      let found: ReturnType<typeof attachOnce>
      try {
        found = attachOnce(this.image)
      } finally {
        if (!found) this.image = this.#anew()
      }
      if (!found) continue
      this.#root = found.root
      this.#reclaims = found.reclaims
      this.epoch = found.epoch
      this.programNumber = found.programNumber
      this.#wake()
      return
    }
    throw runeError('R603', 'the state of the engine changes faster than it can be read')
  }

  #wake(): void {
    announce(this.#arena.words, this.#announcer, this.epoch)
    this.#isResting = false
  }
}

/** R1 to R3; nothing if what was read may be torn. What `image` is then, or after an error, is of no use. */
function attachOnce(image: AttachedImage) {
  const { arena } = image
  const reclaims = loadReclaims(arena.words)
  const root = loadRoot(arena.words)
  try {
    const { epoch, programNumber } = attachRoot(image, root)
    // Any reclaim is one too many: the number of the epoch may be torn itself.
    return confirm(arena.words, epoch, reclaims) === reclaims ? { root, reclaims, epoch, programNumber } : undefined
  } catch (error) {
    // Of torn words an error says nothing; else it is a mistake of ours.
    if (confirm(arena.words, 0, reclaims) === reclaims) throw error
    return undefined
  }
}
