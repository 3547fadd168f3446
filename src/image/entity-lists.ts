/**
 * Lists of stored entities, in an order that depends on nothing but their uids: by a hash of the id, and where that is the
 * same, by a digest of the uid. So an entity has the same place among others in each epoch, dictionary and process, and a
 * place says no more of an entity than a hash does. What is asked about them is no business of this file.
 */
import { createHash } from 'node:crypto'
import { PAYLOAD_MASK } from '../../native-layout/layout.ts'
import { BUILTIN, type PredicateId } from '../program/program.ts'
import { unreachable } from '../text/assert.ts'
import { printEntityUid } from '../values/entity-uid.ts'
import type { EntityUid } from '../values/value.ts'
import { hashBytes, hashOfBlob } from './blob-table.ts'
import type { Image } from './image.ts'
import { isGone, type Relation } from './relation.ts'
import { firstRow, nextRow, type Search, searchBy } from './search.ts'
import { ENTITY_TAG, isLocal, TAG_SHIFT, type ValueId } from './value-ids.ts'

/** A place in the order; before it stands all that is less. */
export interface Place {
  /** 32 bits. */
  readonly hash: number
  /** Hexadecimal. */
  readonly digest: string
}

/** Which entities of a type are looked for. */
export type Source =
  | { readonly kind: 'below'; readonly entity: ValueId }
  /** By the id of its id, which is a string. */
  | { readonly kind: 'id'; readonly id: ValueId }
  | { readonly kind: 'attribute'; readonly key: ValueId; readonly value: ValueId }
  /** What stands in `column` of rows with these values in others, each a column and an id. */
  | { readonly kind: 'fact'; readonly predicate: PredicateId; readonly column: number; readonly given: Given }

/** Ascending columns. */
export type Given = readonly (readonly [column: number, value: ValueId])[]

export interface EntityLists {
  /** The stored entities of a type, named by the id of its name. */
  ofType(type: ValueId): Uint32Array
  /** The types of stored entities. */
  types(): readonly ValueId[]
  /** Those among them that `sources` lead to, or more. `below` is the entity itself, too. */
  from(type: ValueId, sources: readonly Source[]): Uint32Array
}

const NO_ENTITIES = new Uint32Array(0)
/** So many types are remembered. */
const TYPES_MAX = 64

/** The lists of `image`, which may be turned to other epochs of one dictionary. */
export function createEntityLists(image: Image): EntityLists {
  const known = new Map<ValueId, { readonly state: string; readonly list: Uint32Array }>()
  /** What was found last: the pages of one question follow each other. */
  let last: { readonly key: string; readonly list: Uint32Array } | undefined
  let types: { readonly state: string; readonly all: readonly ValueId[] } = { state: '', all: [] }
  const ofType = (type: ValueId): Uint32Array => {
    if (isLocal(type)) return NO_ENTITIES
    const types = image.relations[BUILTIN.entityType]!
    const state = stateOf(types)
    const found = known.get(type)
    if (found?.state === state) return found.list
    const list = ordered(withType(types, type), image)
    if (known.size >= TYPES_MAX) known.clear()
    known.set(type, { state, list })
    return list
  }
  return {
    ofType,
    types: () => {
      const relation = image.relations[BUILTIN.entityType]!
      const state = stateOf(relation)
      if (types.state !== state) types = { state, all: typesOf(relation) }
      return types.all
    },
    from: (type, sources) => {
      const all = ofType(type)
      const key = sources.length > SOURCES_MAX ? undefined : keyOf(image, type, sources)
      if (key !== undefined && last?.key === key) return last.list
      const some = reached(image, type, sources, all.length >>> 1)
      const list = some === undefined ? all : ordered(some, image)
      last = key === undefined ? undefined : { key, list }
      return list
    },
  }
}

/** What is found through more is not remembered. */
const SOURCES_MAX = 1024

/** The same for sources that lead to the same entities. */
function keyOf({ relations }: Image, type: ValueId, sources: readonly Source[]): string {
  const facts = sources.flatMap((source) => (source.kind === 'fact' ? [source.predicate] : []))
  const read = [BUILTIN.entityType, BUILTIN.entityAncestor, BUILTIN.entityAttr, ...facts]
  return [type, ...read.map((predicate) => stateOf(relations[predicate]!)), ...sources.map(sourceKey)].join()
}

function sourceKey(source: Source): string {
  switch (source.kind) {
    case 'below':
      return `${source.entity}`
    case 'attribute':
      return `${source.key}=${source.value}`
    case 'fact':
      return `${source.predicate}[${source.column}]:${source.given.map(([column, value]) => `${column}=${value}`).join('&')}`
    case 'id':
      return `"${source.id}`
    default:
      return unreachable(source)
  }
}

/** Rows are only added and only go: as many of both are the same ones. */
function stateOf({ born, count, gone }: Relation): string {
  return `${born}:${count}:${gone}`
}

function typesOf(types: Relation): ValueId[] {
  const found = new Set<ValueId>()
  for (let row = 0; row < types.count; row++) if (!isGone(types, row)) found.add(types.columns[1]![row]!)
  return [...found]
}

function withType(types: Relation, type: ValueId): Uint32Array {
  const [entities, names] = [types.columns[0]!, types.columns[1]!]
  const found = new Uint32Array(types.count)
  let count = 0
  for (let row = 0; row < types.count; row++) {
    if (names[row] === type && !isGone(types, row)) found[count++] = entities[row]!
  }
  return found.slice(0, count)
}

/** The entities that `sources` lead to; nothing if that takes more than `most` rows. */
function reached(image: Image, type: ValueId, sources: readonly Source[], most: number): Uint32Array | undefined {
  const { relations, dictionary } = image
  const [types, ancestors, attributes] = [
    relations[BUILTIN.entityType]!,
    relations[BUILTIN.entityAncestor]!,
    relations[BUILTIN.entityAttr]!,
  ]
  const found = new Set<ValueId>()
  const ofType = searchBy(types, [0, 1])
  const below = searchBy(ancestors, [1])
  const having = searchBy(attributes, [1, 2])
  let left = most
  const take = (entity: ValueId) => {
    if (firstRow(ofType, [entity, type], types.count) >= 0) found.add(entity)
  }
  const takeRows = (relation: Relation, search: Search, key: readonly number[], column = 0) => {
    let row = firstRow(search, key, relation.count)
    for (; row >= 0 && left >= 0; row = nextRow(search, key, row), left--) take(relation.columns[column]![row]!)
  }
  const pair = new Uint32Array(2)
  for (const source of sources) {
    if (left-- <= 0) return undefined
    switch (source.kind) {
      case 'below':
        take(source.entity)
        takeRows(ancestors, below, [source.entity])
        break
      case 'attribute':
        takeRows(attributes, having, [source.key, source.value])
        break
      case 'fact': {
        const relation = relations[source.predicate]!
        const search = searchBy(
          relation,
          source.given.map(([column]) => column),
        )
        const key = source.given.map(([, value]) => value)
        takeRows(relation, search, key, source.column)
        break
      }
      case 'id': {
        pair.set([type, source.id])
        const entity = dictionary.findFixed('entity', pair)
        if (entity >= 0) take((ENTITY_TAG << TAG_SHIFT) | entity)
        break
      }
      default:
        return unreachable(source)
    }
  }
  if (left < 0) return undefined
  return Uint32Array.from(found)
}

/** `entities` in their order. */
function ordered(entities: Uint32Array, image: Image): Uint32Array {
  const { list, hashes } = sortByHash(
    entities,
    Uint32Array.from(entities, (entity) => hashOf(image, entity)),
  )
  for (let start = 0; start < list.length; ) {
    let end = start + 1
    while (end < list.length && hashes[end] === hashes[start]) end++
    if (end - start > 1) sortByDigest(list.subarray(start, end), image)
    start = end
  }
  return list
}

function sortByDigest(list: Uint32Array, { values }: Image): void {
  const digests = new Map(Array.from(list, (entity) => [entity, digestOf(values.uidOf(entity))]))
  list.set([...digests].sort(([, a], [, b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([entity]) => entity))
}

/** Sorts by radix: a byte of the hashes at a time, from the lowest one on. */
function sortByHash(entities: Uint32Array, keys: Uint32Array): { list: Uint32Array; hashes: Uint32Array } {
  let list = entities
  let hashes = keys
  let toList: Uint32Array = new Uint32Array(keys.length)
  let toHashes: Uint32Array = new Uint32Array(keys.length)
  for (let shift = 0; shift < 32; shift += 8) {
    const ends = new Uint32Array(257)
    for (let i = 0; i < list.length; i++) ends[((hashes[i]! >>> shift) & 255) + 1]!++
    for (let i = 1; i < 257; i++) ends[i]! += ends[i - 1]!
    for (let i = 0; i < list.length; i++) {
      const to = ends[(hashes[i]! >>> shift) & 255]!++
      toList[to] = list[i]!
      toHashes[to] = hashes[i]!
    }
    ;[list, hashes, toList, toHashes] = [toList, toHashes, list, hashes]
  }
  return { list, hashes }
}

/** The hash of a stored entity's id, as its bytes lie in the image. */
function hashOf({ dictionary, values }: Image, entity: ValueId): number {
  return hashOfBlob(dictionary.tables.blobs.string, values.entityId(entity) & PAYLOAD_MASK) >>> 0
}

const utf8 = new TextEncoder()

/** The place of a uid. */
export function placeOf(uid: EntityUid): Place {
  const bytes = utf8.encode(uid.id)
  return { hash: hashBytes(bytes, 0, bytes.length) >>> 0, digest: digestOf(uid) }
}

function digestOf(uid: EntityUid): string {
  return createHash('sha256').update(printEntityUid(uid)).digest('hex').slice(0, DIGEST_LENGTH)
}

/** Hexadecimal digits of a digest: no two uids that anybody finds have the same. */
export const DIGEST_LENGTH = 32

/** Where in an ordered list what comes after `place` begins. */
export function indexAfter(length: number, placeAt: (index: number) => Place, place: Place): number {
  let [low, high] = [0, length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (comparePlaces(placeAt(middle), place) <= 0) low = middle + 1
    else high = middle
  }
  return low
}

/** Negative, zero or positive. */
export function comparePlaces(a: Place, b: Place): number {
  if (a.hash !== b.hash) return a.hash - b.hash
  return a.digest < b.digest ? -1 : a.digest > b.digest ? 1 : 0
}
