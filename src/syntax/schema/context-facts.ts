/**
 * `context.facts` in a schema: the type that the declarations of the rules give it, added to the context of every action,
 * so that policies that read facts are validated strictly. Spec: LANGUAGE section 6.
 */
import type { Diagnostics } from '../../text/diagnostic.ts'
import type { Span } from '../../text/source.ts'
import { type Json, shown } from '../json/json.ts'
import type { PrimitiveKind, RecordType, SchemaType } from './schema.ts'

/**
 * `json`, which is resolved, with the attribute `facts` of type `facts` in every context. A context that has the
 * attribute already is reported, and there is no answer.
 */
export function withContextFacts(
  json: Json,
  facts: { readonly type: RecordType; readonly span?: Span },
  diagnostics: Diagnostics,
): Json | undefined {
  const type = typeToJson(facts.type)
  const before = diagnostics.count
  const changed = mapFields(json, (definition, namespace) =>
    mapField(definition, 'actions', (actions) =>
      mapFields(actions, (action, id) =>
        mapField(action, 'appliesTo', (appliesTo) => {
          const context = contextOf(appliesTo, { namespaces: json, namespace })
          if (!context.has('facts'))
            return setField(appliesTo, 'context', record(new Map([...context, ['facts', type]])))
          const message = `the context of the action ${shown(id)} has the attribute \`facts\`, which is taken for facts`
          diagnostics.error('R252', message, facts.span, { help: 'rename the attribute' })
          return appliesTo
        }),
      ),
    ),
  )
  return diagnostics.count === before ? changed : undefined
}

interface Scope {
  readonly namespaces: Json
  readonly namespace: string
}

/** The attributes of the context of an action; names of common types are followed. */
function contextOf(appliesTo: Json, scope: Scope): ReadonlyMap<string, Json> {
  let type = field(appliesTo, 'context')
  // Common types name one another without cycles, so that this ends.
  while (type !== undefined && field(type, 'type') !== 'Record') type = commonType(field(type, 'type'), scope)
  const attributes = field(type, 'attributes')
  return attributes instanceof Map ? attributes : new Map()
}

function commonType(name: Json | undefined, { namespaces }: Scope): Json | undefined {
  if (typeof name !== 'string') return undefined
  const at = name.lastIndexOf('::')
  const namespace = at < 0 ? '' : name.slice(0, at)
  return field(field(field(namespaces, namespace), 'commonTypes'), at < 0 ? name : name.slice(at + 2))
}

const PRIMITIVES: Readonly<Record<PrimitiveKind, Json>> = {
  string: named('String'),
  long: named('Long'),
  bool: named('Boolean'),
  decimal: extension('decimal'),
  ipaddr: extension('ipaddr'),
  datetime: extension('datetime'),
  duration: extension('duration'),
}

/** The JSON form of a type, independent of the names that a namespace declares. */
function typeToJson(type: SchemaType): Json {
  switch (type.kind) {
    case 'set':
      return new Map<string, Json>([
        ['type', 'Set'],
        ['element', typeToJson(type.element)],
      ])
    case 'record': {
      const attributes = [...type.attributes].map(([key, attribute]): [string, Json] => {
        const json = typeToJson(attribute.type)
        return [key, attribute.required ? json : setField(json, 'required', false)]
      })
      return record(new Map(attributes))
    }
    case 'entity':
      return new Map([
        ['type', 'Entity'],
        ['name', type.name],
      ])
    default:
      return PRIMITIVES[type.kind]
  }
}

function record(attributes: Map<string, Json>): Json {
  return new Map<string, Json>([
    ['type', 'Record'],
    ['attributes', attributes],
  ])
}

function named(type: string): Json {
  return new Map([['type', type]])
}

function extension(name: string): Json {
  return new Map([
    ['type', 'Extension'],
    ['name', name],
  ])
}

function field(json: Json | undefined, key: string): Json | undefined {
  return json instanceof Map ? json.get(key) : undefined
}

function setField(json: Json, key: string, value: Json): Json {
  return json instanceof Map ? new Map([...json, [key, value]]) : json
}

function mapField(json: Json, key: string, change: (value: Json) => Json): Json {
  const value = field(json, key)
  return value === undefined ? json : setField(json, key, change(value))
}

function mapFields(json: Json, change: (value: Json, key: string) => Json): Json {
  return json instanceof Map ? new Map([...json].map(([key, value]) => [key, change(value, key)])) : json
}
