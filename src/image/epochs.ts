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

/** The oldest epoch that a reader says it works on; infinite if none does, and 0 if it may be one of those without a slot. */
export function oldestAnnounced(words: Words): number {
  if (loadLong(words, HEADER.crowded) !== 0) return 0
  let oldest = Number.POSITIVE_INFINITY
  // The first slot that is free is taken, so that none is beyond the readers that ever were, until their number wraps.
  const used = Math.min(SLOTS, Atomics.load(words, HEADER.readers))
  for (let slot = 0; slot < used; slot++) {
    const epoch = loadLong(words, slotOffset(slot) + SLOT.epoch)
    if (epoch !== 0 && epoch < oldest) oldest = epoch
  }
  return oldest
}

/** Takes back what is announced of epochs before `epoch`: nobody waits for them any more. */
export function silenceBefore(words: Words, epoch: number): void {
  for (let slot = -1; slot < SLOTS; slot++) {
    const offset = slot < 0 ? HEADER.crowded : slotOffset(slot) + SLOT.epoch
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
 * R1 and R2 for who has this root and these reclaims already: whether they are still the newest, as far as loads say that
 * cost a tenth of atomic ones. The root is loaded first: where it is another one at the old place, memory was taken back
 * before it was published, and `reclaims` says so. Elsewhere than on processors that keep loads in order, and now and then
 * on those, nothing is said, so that nobody goes on for ever with loads that a compiler has moved out of a loop.
 */
export function isUnchanged(words: Words, root: number, reclaims: number): boolean {
  return ORDERS_LOADS && words[HEADER.root] === root && words[HEADER.reclaims] === reclaims
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

/** A reader, as slots know it. */
export interface Announcer {
  /** No other reader of this memory has this number; none is 0. */
  readonly number: number
  /** Which it took last; -1 for none. Another reader may have it by now. */
  slot: number
}

/** A reader that is new to this memory, with a slot if there is one for it. */
export function createAnnouncer(words: Words): Announcer {
  const number = (Atomics.add(words, HEADER.readers, 1) + 1) >>> 0 || 1
  return { number, slot: takeSlot(words, number) }
}

/** R4: says that the reader works on `epoch`: in its slot, in another one if that is not its own any more, or among the crowd. */
export function announce(words: Words, reader: Announcer, epoch: number): void {
  if (!hasSlot(words, reader)) reader.slot = takeSlot(words, reader.number)
  storeLong(words, reader.slot < 0 ? HEADER.crowded : slotOffset(reader.slot) + SLOT.epoch, epoch)
}

/** Says that the reader works on no epoch. */
export function announceRest(words: Words, reader: Announcer): void {
  if (hasSlot(words, reader)) storeLong(words, slotOffset(reader.slot) + SLOT.epoch, 0)
}

/** Gives the slot back. */
export function leaveSlot(words: Words, reader: Announcer): void {
  announceRest(words, reader)
  if (reader.slot >= 0) Atomics.compareExchange(words, slotOffset(reader.slot) + SLOT.owner, reader.number, 0)
  reader.slot = -1
}

function hasSlot(words: Words, { number, slot }: Announcer): boolean {
  return slot >= 0 && Atomics.load(words, slotOffset(slot) + SLOT.owner) === number
}

/**
 * Takes a slot that nobody has, else one that announces nothing: its owner rests or is gone. Yields -1 if there is none. An
 * owner that wakes at this very moment may announce over the new one, or the other way round, which costs politeness alone.
 */
function takeSlot(words: Words, reader: number): number {
  for (const mayHaveOwner of [false, true]) {
    for (let slot = 0; slot < SLOTS; slot++) {
      const offset = slotOffset(slot)
      const owner = Atomics.load(words, offset + SLOT.owner)
      if (owner !== 0 && (!mayHaveOwner || loadLong(words, offset + SLOT.epoch) !== 0)) continue
      if (Atomics.compareExchange(words, offset + SLOT.owner, owner, reader) === owner) return slot
    }
  }
  return -1
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
