/**
 * Whether values, entities and requests conform to a schema: what cedar-wasm checks when it is given one. Works on values,
 * whatever they were read from, and owns no reading. Spec: Cedar's "Schema"; where that is silent, what cedar-wasm does.
 */
import type { Code } from '../../text/codes.ts'
import { printEntityUid } from '../../values/entity-uid.ts'
import type { EntityUid, RecordValue, Value } from '../../values/value.ts'
import { kindOf } from '../../values/value.ts'
import type { Action, RecordType, Schema, SchemaType } from '../schema/schema.ts'
import { type EntityData, isActionType } from './entity-data.ts'
import { shown } from './json.ts'
import { type JsonPath, printPath } from './locate.ts'

/** A way in which something does not conform. */
export interface Misfit {
  readonly code: Code
  readonly message: string
  readonly help?: string
  /** From the root of what was checked to the place: for entities their index, then as in their JSON. */
  readonly path: JsonPath
}

/** Called for each misfit. */
export type Report = (misfit: Misfit) => void

/** A request as Cedar has it. */
export interface CedarRequest {
  readonly principal: EntityUid
  readonly action: EntityUid
  readonly resource: EntityUid
  readonly context: RecordValue
}

/** Checks a request: types that the action applies to, enumerated ids, and the context. */
export function conformRequest(request: CedarRequest, schema: Schema, report: Report): void {
  const { principal, resource, context } = request
  const action = schema.actions.get(printEntityUid(request.action))
  for (const [role, uid] of [['principal', principal] as const, ['resource', resource] as const]) {
    const path = [role]
    if (!schema.entityTypes.has(uid.type)) {
      report({ code: 'R722', message: `${role} type ${shown(uid.type)} is not declared in the schema`, path })
      continue
    }
    conformUid(uid, schema, path, report)
    const valid = role === 'principal' ? action?.principals : action?.resources
    if (action === undefined || valid?.includes(uid.type)) continue
    const message = `${role} type ${shown(uid.type)} is not valid for ${shown(printEntityUid(request.action))}`
    const help = valid?.length
      ? `valid ${role} types: ${valid.map(shown).join(', ')}`
      : `no ${role} type is valid for it`
    report({ code: 'R721', message, help, path })
  }
  if (action === undefined) {
    report({ ...undeclaredAction(request.action), path: ['action'] })
    return
  }
  conformUids(context, schema, ['context'], report)
  const misfit = misfitOf(context, action.context)
  if (misfit === undefined) return
  const place = misfit.path.length === 0 ? '' : `in ${shown(printPath('context', misfit.path))}, `
  const message = `the context is not valid for ${shown(printEntityUid(action.uid))}: ${place}${misfit.message}`
  report({ code: misfit.code, message, path: ['context', ...misfit.path] })
}

/** What is wrong with an action that the schema does not declare. */
export function undeclaredAction(uid: EntityUid): Omit<Misfit, 'path'> {
  return { code: 'R720', message: `action ${shown(printEntityUid(uid))} does not exist in the schema` }
}

/**
 * Checks entities: attributes, tags, types of parents, enumerated ids, and that actions are as declared. Parents are
 * checked, not ancestors: where all entities conform, so do all ancestors.
 */
export function conformEntities(entities: readonly EntityData[], schema: Schema, report: Report): void {
  const check: Check = { schema, report, ancestors: new Map() }
  for (const [index, entity] of entities.entries()) {
    if (isActionType(entity.uid.type)) continue
    conformEntity(entity, index, check)
  }
  conformActions(entities, schema, report)
}

interface Check {
  readonly schema: Schema
  readonly report: Report
  /** Entity type → the types that its ancestors may have; filled on demand. */
  readonly ancestors: Map<string, ReadonlySet<string>>
}

function conformEntity(entity: EntityData, index: number, check: Check): void {
  const { schema, report } = check
  const { uid, attrs, parents, tags } = entity
  const name = shown(printEntityUid(uid))
  const type = schema.entityTypes.get(uid.type)
  if (type === undefined) {
    report({ ...undeclaredType(uid, schema), path: [index, 'uid'] })
    return
  }
  conformUid(uid, schema, [index, 'uid'], report)
  for (const [key, { required }] of type.attributes.attributes) {
    if (!required || attrs.has(key)) continue
    report({
      code: 'R725',
      message: `expected ${name} to have an attribute ${shown(key)}, but it does not`,
      path: [index, 'attrs'],
    })
  }
  for (const [key, value] of attrs) {
    const expected = type.attributes.attributes.get(key)?.type
    const path = [index, 'attrs', key]
    if (expected !== undefined)
      conformValue({ value, expected, subject: `attribute ${shown(key)} on ${name}`, path }, check)
    else
      report({
        code: 'R726',
        message: `attribute ${shown(key)} on ${name} should not exist according to the schema`,
        path,
      })
  }
  for (const [key, value] of tags) {
    const path = [index, 'tags', key]
    if (type.tags) conformValue({ value, expected: type.tags, subject: `tag ${shown(key)} on ${name}`, path }, check)
    else report({ code: 'R728', message: `found a tag ${shown(key)} on ${name}, but its type has no tags`, path })
  }
  const allowed = ancestorTypes(uid.type, check)
  for (const [i, parent] of parents.entries()) {
    const path = [index, 'parents', i]
    if (allowed.has(parent.type)) conformUid(parent, schema, path, report)
    else
      report({
        code: 'R727',
        message: `${name} is not allowed to have an ancestor of type ${shown(parent.type)}`,
        path,
      })
  }
}

interface Checked {
  readonly value: Value
  readonly expected: SchemaType
  readonly subject: string
  readonly path: JsonPath
}

function conformValue({ value, expected, subject, path }: Checked, { schema, report }: Check): void {
  conformUids(value, schema, path, report)
  const misfit = misfitOf(value, expected)
  if (misfit)
    report({ code: misfit.code, message: `in ${subject}, ${misfit.message}`, path: [...path, ...misfit.path] })
}

/** The innermost place where `value` is not of the type `expected`. */
function misfitOf(value: Value, expected: SchemaType): Misfit | undefined {
  const isEntity = typeof value === 'object' && value.kind === 'entity'
  if (kindOf(value) !== expected.kind || (isEntity && expected.kind === 'entity' && value.type !== expected.name)) {
    const actual = isEntity ? value.type : (NAMES[kindOf(value)] ?? kindOf(value))
    const message = `a value was expected to have type ${shown(printType(expected))}, but it has type ${shown(actual)}`
    return { code: 'R724', message, path: [] }
  }
  if (expected.kind === 'set' && typeof value === 'object' && value.kind === 'set') {
    return firstMisfit(value.elements.entries(), () => expected.element)
  }
  if (expected.kind === 'record' && typeof value === 'object' && value.kind === 'record') {
    const { fields } = value
    for (const [key, { required }] of expected.attributes) {
      if (!required || fields.has(key)) continue
      return {
        code: 'R725',
        message: `expected the record to have an attribute ${shown(key)}, but it does not`,
        path: [],
      }
    }
    return firstMisfit(fields, (key) => expected.attributes.get(key)?.type)
  }
  return undefined
}

function firstMisfit<K extends string | number>(
  items: Iterable<[K, Value]>,
  typeAt: (key: K) => SchemaType | undefined,
): Misfit | undefined {
  for (const [key, value] of items) {
    const type = typeAt(key)
    if (type === undefined) {
      return {
        code: 'R726',
        message: `the attribute ${shown(`${key}`)} should not exist according to the schema`,
        path: [key],
      }
    }
    const misfit = misfitOf(value, type)
    if (misfit) return { ...misfit, path: [key, ...misfit.path] }
  }
  return undefined
}

/** Checks every entity that `value` names. */
function conformUids(value: Value, schema: Schema, path: JsonPath, report: Report): void {
  if (typeof value !== 'object') return
  if (value.kind === 'entity') conformUid(value, schema, path, report)
  else if (value.kind === 'set' || value.kind === 'record') {
    const items: Iterable<[string | number, Value]> = value.kind === 'set' ? value.elements.entries() : value.fields
    for (const [key, item] of items) conformUids(item, schema, [...path, key], report)
  }
}

/** Checks that an enumerated type has the id, and that an action is declared. */
function conformUid(uid: EntityUid, schema: Schema, path: JsonPath, report: Report): void {
  const ids = schema.entityTypes.get(uid.type)?.enum
  if (ids !== undefined && !ids.includes(uid.id)) {
    const message = `entity ${shown(printEntityUid(uid))} is of an enumerated entity type that does not have this id`
    report({ code: 'R723', message, help: `valid ids: ${ids.slice(0, 10).map(shown).join(', ')}`, path })
  }
  if (isActionType(uid.type) && !schema.actions.has(printEntityUid(uid))) report({ ...undeclaredAction(uid), path })
}

function undeclaredType(uid: EntityUid, schema: Schema): Omit<Misfit, 'path'> {
  const base = baseName(uid.type)
  const similar = [...schema.entityTypes.keys()].filter((name) => baseName(name) === base)
  const message = `entity ${shown(printEntityUid(uid))} has a type that is not declared in the schema`
  return {
    code: 'R722',
    message,
    ...(similar.length > 0 && { help: `did you mean ${similar.map(shown).join(' or ')}?` }),
  }
}

function baseName(type: string): string {
  return type.slice(type.lastIndexOf(':') + 1)
}

function ancestorTypes(type: string, { schema, ancestors }: Check): ReadonlySet<string> {
  let known = ancestors.get(type)
  if (known === undefined) {
    known = closure(type, (name) => schema.entityTypes.get(name)?.memberOf ?? [])
    ancestors.set(type, known)
  }
  return known
}

/** All that `next` leads to from `start`, which itself counts only if it is led to. */
function closure(start: string, next: (key: string) => readonly string[]): ReadonlySet<string> {
  const found = new Set<string>()
  const todo = [start]
  for (let key = todo.pop(); key !== undefined; key = todo.pop()) {
    for (const other of next(key)) {
      if (found.has(other)) continue
      found.add(other)
      todo.push(other)
    }
  }
  return found
}

/** An action entity has the ancestors that the schema says, and neither attributes nor tags. */
function conformActions(entities: readonly EntityData[], schema: Schema, report: Report): void {
  const parentsOf = (entity: EntityData | Action | undefined): readonly string[] =>
    entity === undefined ? [] : ('parents' in entity ? entity.parents : entity.memberOf).map(printEntityUid)
  const given = new Map<string, EntityData>()
  for (const entity of entities) if (isActionType(entity.uid.type)) given.set(printEntityUid(entity.uid), entity)
  for (const [index, { uid, attrs, tags }] of entities.entries()) {
    if (!isActionType(uid.type)) continue
    const key = printEntityUid(uid)
    const path = [index, 'uid']
    if (!schema.actions.has(key)) {
      report({ ...undeclaredAction(uid), path })
      continue
    }
    const actual = closure(key, (name) => parentsOf(given.get(name)))
    const declared = closure(key, (name) => parentsOf(schema.actions.get(name)))
    const same = actual.size === declared.size && [...actual].every((name) => declared.has(name))
    if (same && attrs.size === 0 && tags.size === 0) continue
    const message = `the definition of action ${shown(key)} does not match its schema declaration`
    report({ code: 'R729', message, help: 'leave it out: the definition of the schema holds', path })
  }
}

/** `type` as a schema writes it. */
export function printType(type: SchemaType): string {
  switch (type.kind) {
    case 'entity':
      return type.name
    case 'set':
      return `Set<${printType(type.element)}>`
    case 'record':
      return printRecordType(type)
    default:
      return NAMES[type.kind] ?? type.kind
  }
}

const NAMES: Readonly<Record<string, string>> = {
  string: 'String',
  long: 'Long',
  bool: 'Bool',
  set: 'Set',
  record: 'Record',
}

function printRecordType({ attributes }: RecordType): string {
  const fields = [...attributes].map(
    ([key, { type, required }]) => `${JSON.stringify(key)}${required ? '' : '?'}: ${printType(type)}`,
  )
  return `{${fields.join(', ')}}`
}
