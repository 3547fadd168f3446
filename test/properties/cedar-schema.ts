/** The schema of a random Cedar world, in Cedar's JSON format: what the generator may store and ask conforms to it. */
import { entityKey } from '../oracle/value-key.ts'
import { ACTION_TYPES, ENTITY_TYPES, type Type, type World } from './cedar-world.ts'

/** A schema for `world`, whose actions have the parents that they have there; none where two namespaces have an action of one id. */
export function schemaOf(world: World): object | undefined {
  const entityTypes = ENTITY_TYPES.map((type) => {
    const declared = {
      memberOfTypes: ENTITY_TYPES,
      shape: recordOf(world.attrs.get(type) ?? new Map()),
      tags: typeJson(world.tag),
    }
    return [type, declared] as const
  })
  const actions = world.uids
    .filter(({ type }) => (ACTION_TYPES as readonly string[]).includes(type))
    .map((uid) => {
      const parents = world.entities.get(entityKey(uid))?.parents ?? []
      const declared = {
        memberOf: parents.map(({ type, id }) => ({ type, id })),
        appliesTo: { principalTypes: ENTITY_TYPES, resourceTypes: ENTITY_TYPES, context: recordOf(world.context) },
      }
      return [uid.type, uid.id, declared] as const
    })
  if (new Set(actions.map(([, id]) => id)).size < actions.length) return undefined
  const inNamespace = (namespace: string) => ({
    entityTypes: Object.fromEntries(
      entityTypes.flatMap(([type, declared]) => (namespaceOf(type) === namespace ? [[nameOf(type), declared]] : [])),
    ),
    actions: Object.fromEntries(
      actions.flatMap(([type, id, declared]) => (namespaceOf(type) === namespace ? [[id, declared]] : [])),
    ),
  })
  return { '': inNamespace(''), Ns: inNamespace('Ns') }
}

function namespaceOf(type: string): string {
  return type.split('::').slice(0, -1).join('::')
}

function nameOf(type: string): string {
  return type.split('::').at(-1) ?? ''
}

/** Any attribute may be missing. */
function recordOf(fields: ReadonlyMap<string, Type>): object {
  const attributes = [...fields].map(([name, type]) => [name, { ...typeJson(type), required: false }])
  return { type: 'Record', attributes: Object.fromEntries(attributes) }
}

function typeJson(type: Type): object {
  switch (type.kind) {
    case 'bool':
      return { type: 'Boolean' }
    case 'long':
      return { type: 'Long' }
    case 'string':
      return { type: 'String' }
    case 'entity':
      return { type: 'Entity', name: type.type }
    case 'set':
      return { type: 'Set', element: typeJson(type.element) }
    case 'record':
      return recordOf(type.fields)
    default:
      return { type: 'Extension', name: type.kind === 'ip' ? 'ipaddr' : type.kind }
  }
}
