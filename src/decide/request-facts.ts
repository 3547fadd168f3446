/**
 * What a request says, as rows of the request-time predicates, and as what its entities add to the `entity.*` predicates.
 * Rows are made when they are asked for. Spec: LANGUAGE section 4, "Request-time predicates".
 */
import type { RequestEntity } from '../image/entity-store.ts'
import { kindOfId, type ValueId, type Values } from '../image/value-ids.ts'
import { BUILTIN, type PredicateId } from '../program/program.ts'

/** A request, interned, without the entities that it brings. */
export interface InternedRequest {
  readonly principal: ValueId
  readonly action: ValueId
  readonly resource: ValueId
  /** A record. */
  readonly context: ValueId
}

/** What a request brings, by uid. */
type RequestEntities = ReadonlyMap<ValueId, RequestEntity>

type Rows = readonly (readonly ValueId[])[]

/** The rows of `predicate` for `request`; `isPath` says whether the resource's type is a path type. */
export function requestRows(
  request: InternedRequest,
  entities: RequestEntities,
  predicate: PredicateId,
  values: Values,
  isPath: boolean,
): Rows {
  const { principal, action, resource } = request
  switch (predicate) {
    case BUILTIN.principal1:
      return [[values.entityId(principal)]]
    case BUILTIN.principal2:
      return [[values.entityId(principal), values.entityType(principal)]]
    case BUILTIN.action:
      return [[values.entityId(action)]]
    case BUILTIN.resource1:
      return [[values.entityId(resource)]]
    case BUILTIN.resource2:
      return [[values.entityId(resource), values.entityType(resource)]]
    case BUILTIN.path:
      return isPath ? [[values.entityId(resource)]] : []
    case BUILTIN.request:
      return [[principal, action, resource]]
    case BUILTIN.context:
      return contextRows(request.context, values)
    case BUILTIN.entityType:
      return [...entities.keys()].map((uid) => [uid, values.entityType(uid)])
    case BUILTIN.entityParent:
      return [...entities].flatMap(([uid, entity]) => entity.parents.map((parent) => [uid, parent]))
    case BUILTIN.entityAttr:
      return [...entities].flatMap(([uid, entity]) => [...entity.attrs].map(([key, value]) => [uid, key, value]))
    case BUILTIN.entityTag:
      return [...entities].flatMap(([uid, entity]) => [...entity.tags].map(([key, value]) => [uid, key, value]))
    default:
      return []
  }
}

/** One row for each top-level key with a scalar or entity, one for each such element of a set, none for a record. */
function contextRows(context: ValueId, values: Values): Rows {
  const entries = values.entriesOf(context)
  const rows: ValueId[][] = []
  for (let i = 0; i < entries.length; i += 2) {
    const [key, value] = [entries[i]!, entries[i + 1]!]
    const found = kindOfId(value) === 'set' ? [...values.elementsOf(value)] : [value]
    for (const id of found) if (!isNested(id)) rows.push([key, id])
  }
  return rows
}

/** The keys of nested records: what rules see nothing of. */
export function unseenKeys(context: ValueId, values: Values): string[] {
  const entries = values.entriesOf(context)
  const keys: string[] = []
  for (let i = 0; i < entries.length; i += 2)
    if (kindOfId(entries[i + 1]!) === 'record') keys.push(values.textOf(entries[i]!))
  return keys
}

function isNested(id: ValueId): boolean {
  const kind = kindOfId(id)
  return kind === 'set' || kind === 'record'
}
