/**
 * The epoch protocol: how a writer makes a state visible and takes memory back, and how readers work on exactly one state
 * without waiting. Every function here is one step of `native-layout/README.md`, "Epochs", which says why it is right; the
 * model in `test/image/epochs.model.test.ts` runs these functions in every order. The one file with Atomics besides the
 * entries of hashes.
 *
 * Safety rests on `reclaims` and `reclaimedBelow` alone. Slots only say how long the writer has to be polite.
 */
import { HEADER, SLOT, SLOT_WORDS, SLOTS } from '../../native-layout/layout.ts'

type Words = Uint32Array

/** W1: from now on, marks of deaths may carry `epoch`. A successor of this writer skips it. */
export function claim(words: Words, epoch: number): void {
  storeLong(words, HEADER.claimed, epoch)
}

/** W3: all that `root` leads to is written; from now on readers find it. */
export function commit(words: Words, root: number): void {
  Atomics.store(words, HEADER.root, root)
}

/** W5: what belongs to epochs before `epoch` alone may be overwritten as soon as this returns. */
export function announceReclaim(words: Words, epoch: number): void {
  if (epoch > loadLong(words, HEADER.reclaimedBelow)) storeLong(words, HEADER.reclaimedBelow, epoch)
  Atomics.add(words, HEADER.reclaims, 1)
  // Keeps the plain writes that follow behind it, which a releasing store alone does not.
  Atomics.load(words, HEADER.reclaims)
}

/** The newest number that a writer has claimed. */
export function claimedEpoch(words: Words): number {
  return loadLong(words, HEADER.claimed)
}

/** The oldest epoch that a reader says it works on; infinite if none does, and 0 if there may be one that can't say it. */
export function oldestAnnounced(words: Words): number {
  if (Atomics.load(words, HEADER.crowded) !== 0) return 0
  let oldest = Number.POSITIVE_INFINITY
  for (let slot = 0; slot < SLOTS; slot++) {
    const epoch = loadLong(words, slotOffset(slot) + SLOT.epoch)
    if (epoch !== 0 && epoch < oldest) oldest = epoch
  }
  return oldest
}

/** Takes back what slots announce of epochs before `epoch`: nobody waits for them any more. */
export function silenceBefore(words: Words, epoch: number): void {
  for (let slot = 0; slot < SLOTS; slot++) {
    const offset = slotOffset(slot) + SLOT.epoch
    const announced = loadLong(words, offset)
    if (announced !== 0 && announced < epoch) storeLong(words, offset, 0)
  }
}

/** R1: how often memory was taken back so far. */
export function loadReclaims(words: Words): number {
  return Atomics.load(words, HEADER.reclaims)
}

/** R2: the published root; 0 before the first. */
export function loadRoot(words: Words): number {
  return Atomics.load(words, HEADER.root)
}

/**
 * R6: whether what was read of `epoch`, since `reclaims` was loaded, can be trusted: -1 if not, else how often memory was
 * taken back up to now.
 */
export function confirm(words: Words, epoch: number, reclaims: number): number {
  fence(words)
  const now = Atomics.load(words, HEADER.reclaims)
  return now === reclaims || loadLong(words, HEADER.reclaimedBelow) <= epoch ? now : -1
}

/** Takes a free slot; -1 if there is none, and the writer is told that. */
export function takeSlot(words: Words): number {
  for (let slot = 0; slot < SLOTS; slot++) {
    if (Atomics.compareExchange(words, slotOffset(slot) + SLOT.taken, 0, 1) === 0) return slot
  }
  Atomics.store(words, HEADER.crowded, 1)
  return -1
}

/** R4: says that the reader of `slot` works on `epoch`; 0 says that it works on none. */
export function announce(words: Words, slot: number, epoch: number): void {
  if (slot >= 0) storeLong(words, slotOffset(slot) + SLOT.epoch, epoch)
}

/** Gives a slot back. */
export function freeSlot(words: Words, slot: number): void {
  if (slot < 0) return
  announce(words, slot, 0)
  Atomics.store(words, slotOffset(slot) + SLOT.taken, 0)
}

/** A 64-bit number below 2^53 at `offset`, low word first. */
export function loadLong(words: Words, offset: number): number {
  // The low word first: `storeLong` writes it last, so a number seen while it changes is never smaller than both.
  const low = Atomics.load(words, offset)
  return Atomics.load(words, offset + 1) * 2 ** 32 + low
}

/** Writes a number below 2^53 to `offset` and the word behind it. */
export function storeLong(words: Words, offset: number, value: number): void {
  Atomics.store(words, offset + 1, Math.floor(value / 2 ** 32))
  Atomics.store(words, offset, value >>> 0)
}

function slotOffset(slot: number): number {
  return HEADER.slots + slot * SLOT_WORDS
}

const ORDERS_LOADS = process.arch === 'x64' || process.arch === 'ia32'

/** Keeps the plain reads before it before the atomic ones after it, which an acquiring load alone does not. */
function fence(words: Words): void {
  if (!ORDERS_LOADS) Atomics.add(words, HEADER.reclaims, 0)
}
