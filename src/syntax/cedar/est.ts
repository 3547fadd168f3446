/**
 * The JSON form of policies (Cedar's EST): JSON ↔ AST. Owns the policy, its scope and annotations; expressions are in
 * `est-read-expr.ts` and `est-write-expr.ts`. Integers stay exact, since the JSON is lossless. Accepts what cedar-wasm
 * accepts, save for what no policy text can say: arrays that stand for objects, unknown functions in `__extn`, and `has`
 * over several attributes that need quotes. Spec: Cedar's "JSON policy format".
 */
import type { Diagnostics } from '../../text/diagnostic.ts'
import type { Span } from '../../text/source.ts'
import type { Json } from '../json/json.ts'
import type {
  ActionConstraint,
  Annotation,
  Condition,
  EntityLiteral,
  Policy,
  ScopeConstraint,
  ScopeEntity,
  Slot,
} from './ast.ts'
import { readExpr } from './est-read-expr.ts'
import {
  type EstReader,
  elementsOf,
  malformed,
  objectWith,
  type Part,
  readEntity,
  readString,
  readTypeName,
  readWord,
  within,
} from './est-reader.ts'
import { entityToJson, exprToJson, object } from './est-write-expr.ts'
import { isActionType, isIdentifier } from './names.ts'

/** The policy that `json` is; `undefined` after a mistake. All nodes get the span `span`. */
export function policyFromJson(json: Json, span: Span, diagnostics: Diagnostics): Policy | undefined {
  const reader: EstReader = { span, diagnostics }
  const required = ['effect', 'principal', 'action', 'resource', 'conditions']
  const root: Part = { json, path: '' }
  if (objectWith(reader, root, { required, optional: ['annotations'] }) === undefined) return undefined
  const effect = readWord(reader, within(root, 'effect'), ['permit', 'forbid'])
  const principal = readConstraint(reader, within(root, 'principal'), '?principal')
  const action = readAction(reader, within(root, 'action'))
  const resource = readConstraint(reader, within(root, 'resource'), '?resource')
  const conditions = readAll(elementsOf(reader, within(root, 'conditions')), (part) => readCondition(reader, part))
  const annotations = readAnnotations(reader, within(root, 'annotations'))
  if (!effect || !principal || !action || !resource || !conditions || !annotations) return undefined
  return { annotations, effect, principal, action, resource, conditions, span }
}

/** The JSON form of `policy`, as cedar-wasm writes it. */
export function policyToJson(policy: Policy): Json {
  const json = object({
    effect: policy.effect,
    principal: constraintToJson(policy.principal),
    action: actionToJson(policy.action),
    resource: constraintToJson(policy.resource),
    conditions: policy.conditions.map(({ kind, body }) => object({ kind, body: exprToJson(body) })),
  })
  const { annotations } = policy
  if (annotations.length === 0) return json
  const values = annotations.map(({ key, value, bare }): [string, Json] => [key, bare ? null : value])
  return json.set('annotations', new Map(values))
}

function readAll<T>(parts: readonly Part[] | undefined, read: (part: Part) => T | undefined): T[] | undefined {
  const all: T[] = []
  for (const part of parts ?? []) {
    const one = read(part)
    if (one !== undefined) all.push(one)
  }
  return all.length === parts?.length ? all : undefined
}

function readAnnotations(reader: EstReader, part: Part): Annotation[] | undefined {
  if (part.json === undefined) return []
  if (!(part.json instanceof Map)) return malformed(reader, part, 'expected an object')
  const parts = [...part.json.keys()].map((key) => ({ key, ...within(part, key) }))
  const annotations: Annotation[] = []
  for (const { key, json, path } of parts) {
    if (!isIdentifier(key)) return malformed(reader, { json, path }, 'an annotation is named by an identifier')
    const bare = json === null
    const value = bare ? '' : readString(reader, { json, path })
    if (value === undefined) return undefined
    annotations.push({ key, value, bare, span: reader.span })
  }
  return annotations
}

function readCondition(reader: EstReader, part: Part): Condition | undefined {
  if (objectWith(reader, part, { required: ['kind', 'body'] }) === undefined) return undefined
  const kind = readWord(reader, within(part, 'kind'), ['when', 'unless'])
  const body = readExpr(reader, within(part, 'body'))
  return kind && body && { kind, body, span: reader.span }
}

function readConstraint(reader: EstReader, part: Part, slot: Slot): ScopeConstraint | undefined {
  const { span } = reader
  if (objectWith(reader, part, { required: ['op'], open: true }) === undefined) return undefined
  const op = readWord(reader, within(part, 'op'), ['All', 'all', '==', 'in', 'is'])
  switch (op) {
    case undefined:
      return undefined
    case 'All':
    case 'all':
      return { kind: 'any', span }
    case '==':
    case 'in': {
      const entity = readScopeEntity(reader, part, slot)
      return entity && { kind: op === '==' ? 'eq' : 'in', entity, span }
    }
    case 'is': {
      if (objectWith(reader, part, { required: ['op', 'entity_type'], optional: ['in'] }) === undefined)
        return undefined
      const type = readTypeName(reader, within(part, 'entity_type'))
      const group = within(part, 'in')
      if (type === undefined || group.json == null) return type === undefined ? undefined : { kind: 'is', type, span }
      const entity = readScopeEntity(reader, group, slot)
      return entity && { kind: 'is', type, in: entity, span }
    }
  }
}

/** `{ entity }` or `{ slot }`; other fields are ignored, as Cedar does. */
function readScopeEntity(reader: EstReader, part: Part, slot: Slot): ScopeEntity | undefined {
  const entity = within(part, 'entity')
  if (entity.json !== undefined) return readEntity(reader, entity)
  const found = within(part, 'slot')
  if (found.json === slot) return { kind: 'slot', slot, span: reader.span }
  return malformed(reader, part, `expected \`entity\`, or \`slot\` with \`${slot}\``)
}

function readAction(reader: EstReader, part: Part): ActionConstraint | undefined {
  const { span } = reader
  if (objectWith(reader, part, { required: ['op'], open: true }) === undefined) return undefined
  const op = readWord(reader, within(part, 'op'), ['All', 'all', '==', 'in'])
  if (op === undefined) return undefined
  if (op === 'All' || op === 'all') return { kind: 'any', span }
  const one = within(part, 'entity')
  if (op === '==' || one.json !== undefined) {
    if (one.json === undefined) return malformed(reader, part, 'the field `entity` is missing')
    const entity = readActionEntity(reader, one)
    if (entity === undefined) return undefined
    return op === '==' ? { kind: 'eq', entity, span } : { kind: 'in', entities: [entity], list: false, span }
  }
  const entities = readAll(elementsOf(reader, within(part, 'entities')), (element) => readActionEntity(reader, element))
  return entities && { kind: 'in', entities, list: true, span }
}

function readActionEntity(reader: EstReader, part: Part): EntityLiteral | undefined {
  const entity = readEntity(reader, part)
  if (entity === undefined || isActionType(entity.uid.type)) return entity
  return malformed(reader, part, 'expected an action', 'the type of an action is `Action`, or ends with `::Action`')
}

function constraintToJson(constraint: ScopeConstraint): Json {
  switch (constraint.kind) {
    case 'any':
      return object({ op: 'All' })
    case 'eq':
    case 'in':
      return object({ op: constraint.kind === 'eq' ? '==' : 'in', ...scopeEntityToJson(constraint.entity) })
    case 'is': {
      const json = object({ op: 'is', entity_type: constraint.type })
      return constraint.in === undefined ? json : json.set('in', object(scopeEntityToJson(constraint.in)))
    }
  }
}

function scopeEntityToJson(entity: ScopeEntity): { readonly [key: string]: Json } {
  return entity.kind === 'slot' ? { slot: entity.slot } : { entity: entityToJson(entity.uid) }
}

function actionToJson(action: ActionConstraint): Json {
  if (action.kind === 'any') return object({ op: 'All' })
  if (action.kind === 'eq') return object({ op: '==', entity: entityToJson(action.entity.uid) })
  const entities = action.entities.map((entity) => entityToJson(entity.uid))
  const [first] = entities
  return entities.length === 1 && first !== undefined
    ? object({ op: 'in', entity: first })
    : object({ op: 'in', entities })
}
