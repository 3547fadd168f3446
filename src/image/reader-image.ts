/**
 * A reader's end of an arena: the image of one epoch, turned to the newest one before each decision, and the check after it
 * that nothing which was read was overwritten meanwhile. Steps R1 to R6 are those of `native-layout/README.md`, "Epochs".
 */

import { runeError } from '../text/diagnostic.ts'
import type { Arena } from './arena.ts'
import { type AttachedImage, attachRoot, createAttachedImage, programBytes } from './attach.ts'
import {
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
  const anew = () => createAttachedImage(arena, 'reader')
  const announcer = createAnnouncer(arena.words)
  let image = anew()
  let [root, reclaims, epoch, programNumber, isResting] = [NO_ROOT, 0, 0, -1, true]
  let turns = 0
  const attach = () => {
    root = NO_ROOT
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      let found: ReturnType<typeof attachOnce>
      try {
        found = attachOnce(image)
      } finally {
        if (!found) image = anew()
      }
      if (!found) continue
      ;({ root, reclaims, epoch, programNumber } = found)
      return wake()
    }
    throw runeError('R603', 'the state of the engine changes faster than it can be read')
  }
  const wake = () => {
    announce(arena.words, announcer, epoch)
    isResting = false
  }
  /** Another root may be where the old one was, if memory was taken back meanwhile. */
  const goesOn = (): boolean => {
    if (isResting) wake()
    const now = confirm(arena.words, epoch, reclaims)
    if (now >= 0) reclaims = now
    return now >= 0
  }
  const turnAnew = (): boolean => {
    if (loadRoot(arena.words) === root && goesOn()) return false
    const before = { epoch, image }
    attach()
    return epoch !== before.epoch || image !== before.image
  }
  return {
    get image() {
      return image
    },
    get epoch() {
      return epoch
    },
    get programNumber() {
      return programNumber
    },
    get dictionaryNumber() {
      return image.dictionaryNumber
    },
    turn: () => {
      turns = (turns + 1) & ATOMIC_EVERY
      return turns > 0 && !isResting && isUnchanged(arena.words, root, reclaims) ? false : turnAnew()
    },
    isIntact: () => {
      reclaims = confirm(arena.words, epoch, reclaims)
      if (reclaims >= 0) return true
      root = NO_ROOT
      image = anew()
      return false
    },
    programBytes: (from, to) => programBytes(arena, root, from, to),
    rest: () => {
      announceRest(arena.words, announcer)
      isResting = true
    },
    close: () => leaveSlot(arena.words, announcer),
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
