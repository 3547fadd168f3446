/**
 * How a memory that has been published in gets a writer: after the death of the one before (`takeOver`), or fresh from a
 * snapshot (`openStore`).
 */
import { assert } from '../text/assert.ts'
import type { Arena } from './arena.ts'
import { type AttachedImage, attachRoot, blocksOf, createAttachedImage, forEachTable, programBytes } from './attach.ts'
import { truncateBlobs } from './blob-table.ts'
import { announceReclaim, loadRoot, silenceBefore } from './epochs.ts'
import { truncateFixed } from './fixed-table.ts'
import { ALL_DEATHS, createIndex, createUnique, type Index, type Relation, syncIndex } from './relation.ts'
import { createSpace } from './space.ts'
import type { Store, StoreOptions } from './store.ts'

/** A writer's view of a memory. */
export interface Opened {
  readonly store: Store
  readonly image: AttachedImage
  readonly program: Uint8Array
}

/** Takes over a memory whose writer is gone: the published epoch goes on, whatever else was begun is forgotten. */
export function takeOver(arena: Arena, options: StoreOptions = {}): Opened {
  const opened = openStore(arena, options)
  const { store, image } = opened
  // What older epochs had is not known any more, and counts as free: it is taken back without anybody's consent.
  silenceBefore(arena.words, store.epoch)
  announceReclaim(arena.words, store.epoch)
  forEachTable(0, image.dictionary.tables, (_, __, table) => {
    if ('fixed' in table) truncateFixed(table.fixed, table.fixed.count)
    else truncateBlobs(table.blob, table.blob.count, table.blob.used)
  })
  for (const relation of [...image.relations, ...image.replaced.values()]) mend(relation, store.epoch)
  return opened
}

/** The store of a memory in which nothing but the published epoch was ever begun. */
export function openStore(arena: Arena, options: StoreOptions = {}): Opened {
  const image = createAttachedImage(arena, 'writer')
  const root = loadRoot(arena.words)
  assert(root !== 0, 'nothing was published in this memory')
  const { epoch, dictionaryNumber, programNumber } = attachRoot(image, root)
  for (const relation of [...image.relations, ...image.replaced.values()]) relation.deathLimit = ALL_DEATHS
  const blocks = blocksOf(arena, root)
  const space = createSpace(arena, [...blocks.values()].flat())
  const { cells } = image
  const store = { arena, space, options, epoch, dictionaryNumber, programNumber, blocks, cells, retired: [] }
  return { store, image, program: programBytes(arena, root) }
}

/** Takes back the marks that an unpublished epoch left, and builds its indexes anew in this thread's memory. */
function mend(relation: Relation, epoch: number): void {
  if (relation.deaths) {
    const last = epoch - relation.deathBase
    for (let row = 0; row < relation.deaths.length; row++) {
      if (row >= relation.count || relation.deaths[row]! > last) relation.deaths[row] = 0
    }
  }
  const [, ...others] = relation.indexes
  relation.indexes = [createUnique(relation.arity), ...others.map(({ key }) => rebuilt(relation, key))]
}

function rebuilt(relation: Relation, key: readonly number[]): Index {
  const index = createIndex(key)
  syncIndex(relation, index)
  return index
}
