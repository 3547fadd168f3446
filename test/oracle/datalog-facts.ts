/**
 * What the oracle's predicates hold before any rule: the request-time predicates of a request (LANGUAGE section 4) and the
 * entity bridge of a store (section 5).
 */
import type { EntityUid, Value } from '../../src/values/value.ts'
import type { Entity, Request } from './cedar.ts'
import type { Facts } from './datalog.ts'
import { normalPath } from './glob.ts'

/** The facts of a request, whose ids of `pathTypes` are paths. */
export function requestFacts(request: Request, pathTypes: readonly string[]): Facts {
  const normal = (uid: EntityUid): EntityUid => {
    const path = pathTypes.includes(uid.type) ? normalPath(uid.id) : uid.id
    if (path === undefined) throw new Error(`refused path ${uid.id}`)
    return { ...uid, id: path }
  }
  const [principal, action, resource] = [request.principal, request.action, request.resource].map(normal) as [
    EntityUid,
    EntityUid,
    EntityUid,
  ]
  const context = [...request.context].flatMap(([key, value]) => {
    const values = typeof value === 'object' && value.kind === 'set' ? value.elements : [value]
    return values.filter(isScalar).map((one) => [key, one])
  })
  return new Map<string, Value[][]>([
    ['principal', [[principal.id], [principal.id, principal.type]]],
    ['action', [[action.id]]],
    ['resource', [[resource.id], [resource.id, resource.type]]],
    ['path', pathTypes.includes(resource.type) ? [[resource.id]] : []],
    ['request', [[principal, action, resource]]],
    ['context', context as Value[][]],
    ...[...request.context.keys()].map((key): [string, Value[][]] => {
      return [
        `context.${key}`,
        context.flatMap(([name, value]) => (name === key && value !== undefined ? [[value]] : [])),
      ]
    }),
  ])
}

function isScalar(value: Value): boolean {
  return typeof value !== 'object' || (value.kind !== 'set' && value.kind !== 'record')
}

/** The facts of an entity store. */
export function entityFacts(entities: Iterable<Entity>): Facts {
  const all = [...entities]
  return new Map<string, Value[][]>([
    ['entity.type', all.map(({ uid }) => [uid, uid.type])],
    ['entity.parent', all.flatMap(({ uid, parents }) => parents.map((parent) => [uid, parent]))],
    ['entity.attr', all.flatMap(({ uid, attrs }) => [...attrs].map(([name, value]) => [uid, name, value]))],
    ['entity.tag', all.flatMap(({ uid, tags }) => [...tags].map(([name, value]) => [uid, name, value]))],
  ])
}
