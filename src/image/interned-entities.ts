/**
 * Entities that are interned once and then asked about often, with no image around them: a dictionary of all that they say,
 * and columns. Ancestors are walked to when somebody asks for them, and remembered within a limit: written out, they may be as
 * many as the square of the entities.
 */
import type { EntityRecord } from '../program/program.ts'
import { ImageDictionary } from './dictionary.ts'
import { copyAncestors } from './entity-store.ts'
import type { ListedEntities } from './entity-view.ts'
import { appendRow, createRelation, type Relation, settleRows } from './relation.ts'
import { RowLookup } from './row-lookup.ts'
import { type ValueId, Values } from './value-ids.ts'

export interface InternedEntities {
  /** Nothing is added to it any more. */
  readonly dictionary: ImageDictionary
  readonly view: ListedEntities
}

/** Interns `entities`, of which no two are the same, and `texts` besides. */
export function internEntities(entities: readonly EntityRecord[], texts: Iterable<string> = []): InternedEntities {
  const dictionary = new ImageDictionary()
  const values = new Values(dictionary)
  const [types, attributes, tags, parents] = [
    createRelation(2),
    createRelation(3),
    createRelation(3),
    createRelation(2),
  ]
  for (const text of texts) values.string(text)
  for (const entity of entities) {
    const uid = values.intern(entity.uid)
    appendRow(types, [uid, values.string(entity.uid.type)])
    for (const [key, value] of entity.attrs) appendRow(attributes, [uid, values.string(key), values.intern(value)])
    for (const [key, value] of entity.tags) appendRow(tags, [uid, values.string(key), values.intern(value)])
    for (const parent of entity.parents) appendRow(parents, [uid, values.intern(parent)])
  }
  for (const relation of [types, attributes, tags, parents]) settleRows(relation)
  return { dictionary, view: viewOf({ types, attributes, tags, parents }) }
}

type Columns = Readonly<Record<'types' | 'attributes' | 'tags' | 'parents', Relation>>

function viewOf(columns: Columns): ListedEntities {
  const types = new RowLookup(columns.types, 1)
  const attributes = new RowLookup(columns.attributes, 2)
  const tags = new RowLookup(columns.tags, 2)
  const keys = { attribute: new RowLookup(columns.attributes, 1), tag: new RowLookup(columns.tags, 1) }
  const ancestorsOf = rememberAncestors(new RowLookup(columns.parents, 1))
  return {
    exists: (entity) => types.has(entity),
    attribute: (entity, key) => attributes.third(entity, key),
    tag: (entity, key) => tags.third(entity, key),
    hasAncestor: (entity, ancestor) => ancestorsOf(entity).has(ancestor),
    ancestors: (entity, into, most) => copyAncestors(ancestorsOf(entity), into, most),
    keys: (entity, of) => {
      const found: ValueId[] = []
      keys[of].seconds(entity, found, Number.POSITIVE_INFINITY)
      return found
    },
  }
}

/** So many ancestors are remembered, each as often as it is one. */
const REMEMBERED_MAX = 2 ** 20

const NONE: ReadonlySet<ValueId> = new Set()

function rememberAncestors(parents: RowLookup): (entity: ValueId) => ReadonlySet<ValueId> {
  const remembered = new Map<ValueId, ReadonlySet<ValueId>>()
  const above: ValueId[] = []
  let count = 0
  const walk = (entity: ValueId): ReadonlySet<ValueId> => {
    const seen = new Set<ValueId>()
    const open = [entity]
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const found = parents.seconds(at, above, Number.POSITIVE_INFINITY)
      for (let i = 0; i < found; i++) {
        const parent = above[i]!
        if (!seen.has(parent)) open.push(parent)
        seen.add(parent)
      }
    }
    return seen
  }
  return (entity) => {
    const known = remembered.get(entity)
    if (known !== undefined) return known
    // Nothing is remembered of what has none, which may be an entity that only a request names.
    if (!parents.has(entity)) return NONE
    const found = walk(entity)
    count += found.size
    if (count > REMEMBERED_MAX) {
      remembered.clear()
      count = found.size
    }
    remembered.set(entity, found)
    return found
  }
}
