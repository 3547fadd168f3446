/**
 * A reader's end of an arena: the image of one epoch, turned to the newest one before each decision, and the check after it
 * that nothing which was read was overwritten meanwhile. Steps R1 to R6 are those of `native-layout/README.md`, "Epochs".
 */

import { runeError } from '../text/diagnostic.ts'
import type { Arena } from './arena.ts'
import { type AttachedImage, attachRoot, createAttachedImage, programBytes } from './attach.ts'
import { announce, confirm, freeSlot, loadReclaims, loadRoot, takeSlot } from './epochs.ts'

export interface ReaderImage {
  readonly image: AttachedImage
  readonly epoch: number
  readonly programNumber: number
  readonly dictionaryNumber: number
  /**
   * How often what was read turned out to be torn. Whatever was compiled from the image or refers to its relations goes with
   * each: constants may have become other ids, and relations are made anew.
   */
  readonly losses: number
  /** R1 to R5: turns to the published epoch; says whether that is another one than before. */
  turn(): boolean
  /** R6: whether all that was read since `turn` belongs to the epoch. If not, the next `turn` starts anew. */
  isIntact(): boolean
  /** A copy of the program's bytes; only what `isIntact` confirms afterwards is right. */
  programBytes(): Uint8Array
  /** Says that no decision is at work, so that the writer need not wait for this thread. */
  rest(): void
  close(): void
}

const TRIES_MAX = 1000

/** A reader of the image in `arena`, turned to no epoch yet. */
export function createReaderImage(arena: Arena): ReaderImage {
  const image = createAttachedImage(arena, 'reader')
  const slot = takeSlot(arena.words)
  let [root, reclaims, epoch, programNumber, losses, isResting] = [0, 0, 0, -1, 0, true]
  /** What was made of torn words may not outlive them: views, counts, texts, indexes of this thread. */
  const forget = () => {
    losses++
    root = 0
    image.dictionaryNumber = -1
  }
  const attach = () => {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      reclaims = loadReclaims(arena.words)
      root = loadRoot(arena.words)
      try {
        const fields = attachRoot(image, root)
        if (confirm(arena.words, fields.epoch, reclaims) === reclaims) {
          ;({ epoch, programNumber } = fields)
          announce(arena.words, slot, epoch)
          isResting = false
          return
        }
      } catch (error) {
        // What was read may be torn, and then says nothing; else it is a mistake of ours.
        if (loadReclaims(arena.words) === reclaims) throw error
      }
      forget()
    }
    throw runeError('R603', 'the state of the engine changes faster than it can be read')
  }
  return {
    image,
    get epoch() {
      return epoch
    },
    get programNumber() {
      return programNumber
    },
    get losses() {
      return losses
    },
    get dictionaryNumber() {
      return image.dictionaryNumber
    },
    turn: () => {
      if (loadRoot(arena.words) === root) {
        if (isResting) {
          announce(arena.words, slot, epoch)
          isResting = false
        }
        return false
      }
      const before = epoch
      attach()
      return epoch !== before
    },
    isIntact: () => {
      reclaims = confirm(arena.words, epoch, reclaims)
      if (reclaims < 0) forget()
      return reclaims >= 0
    },
    programBytes: () => programBytes(arena, root),
    rest: () => {
      announce(arena.words, slot, 0)
      isResting = true
    },
    close: () => freeSlot(arena.words, slot),
  }
}
