/** An entity of the store as a value, as it was loaded: what rules derived for it is not in it. */
import { BUILTIN, type EntityRecord } from '../program/program.ts'
import type { EntityUid, Value } from '../values/value.ts'
import { createOverlay } from './dictionary.ts'
import type { Image } from './image.ts'
import { firstRow, indexOn, nextRow, type Relation } from './relation.ts'
import { createValues, type ValueId } from './value-ids.ts'

/** The entity stored under `uid`, if there is one. */
export function storedEntity(image: Image, uid: EntityUid): EntityRecord | undefined {
  const { relations, values } = image
  // An overlay, since looking a uid up must not add it to the image.
  const entity = createValues(createOverlay(image.dictionary)).intern(uid)
  const rowsOf = (predicate: number) => loadedRows(relations[predicate]!, entity)
  if (rowsOf(BUILTIN.entityType).length === 0) return undefined
  const fields = (predicate: number): ReadonlyMap<string, Value> =>
    new Map(rowsOf(predicate).map(([, key, value]) => [values.textOf(key!), values.valueOf(value!)]))
  const parents = rowsOf(BUILTIN.entityParent).map(([, parent]) => values.uidOf(parent!))
  return { uid, attrs: fields(BUILTIN.entityAttr), tags: fields(BUILTIN.entityTag), parents }
}

function loadedRows(relation: Relation, entity: ValueId): ValueId[][] {
  const index = indexOn(relation, [0])
  const rows: ValueId[][] = []
  let row = firstRow(relation, index, [entity], relation.baseCount)
  for (; row >= 0; row = nextRow(relation, index, [entity], row))
    rows.push(relation.columns.map((column) => column[row]!))
  return rows
}
