/**
 * Calls in cedar-wasm's shapes (`cedar-api.ts`) → policies, entities and requests, and diagnostics → failure answers. As
 * with cedar-wasm, a call of the wrong shape throws, and a mistake in its policies, schema or data is an answer. Owns no
 * evaluation and no cache (`src/cedar.ts`). Spec: DESIGN section 4.
 */
import { readArgument } from '../text/argument.ts'
import { type Diagnostic, Diagnostics, runeError, type Severity } from '../text/diagnostic.ts'
import type { Source, Span } from '../text/source.ts'
import { createByteOffsets } from '../text/utf8.ts'
import type { EntityUid } from '../values/value.ts'
import type { Policy, ScopeConstraint } from './cedar/ast.ts'
import { policyFromJson } from './cedar/est.ts'
import { parsePolicies } from './cedar/parse.ts'
import type { DetailedError, Failure } from './cedar-api.ts'
import { type CedarRequest, conformRequest } from './json/conform.ts'
import { contextFromJson, entitiesFromJs, entitiesFromText, schemaActions } from './json/entities.ts'
import type { EntityData } from './json/entity-data.ts'
import { jsonFromJs } from './json/from-js.ts'
import { type Json, parseJson, shown } from './json/json.ts'
import { jsonLocator, type Locate } from './json/locate.ts'
import { uidFromJson } from './json/values.ts'
import type { TemplateLink } from './rune-file/ast.ts'
import type { Schema } from './schema/schema.ts'

/** A policy set: static policies and templates under their ids, and links. No two ids are the same. */
export interface CedarPolicies {
  readonly statements: readonly { readonly id: string; readonly policy: Policy }[]
  readonly links: readonly TemplateLink[]
}

/** What one call asks. `entities` holds the actions of the schema too, or else there is a store that does. */
export interface CedarCall<Policies = CedarPolicies, Store = unknown> {
  readonly request: CedarRequest
  /** Whether the request conforms to the schema. */
  readonly isValidated: boolean
  readonly entities: readonly EntityData[]
  readonly store?: Store
  readonly policies: Policies
  readonly warnings: DetailedError[]
}

/** How a call comes by what it names or holds; `undefined` after a mistake that was reported. */
export interface CallSources<Policies, Store = unknown> {
  readonly schemaOf: (schema: unknown, diagnostics: Diagnostics) => Schema | undefined
  readonly policiesOf: (policies: unknown, diagnostics: Diagnostics) => Policies | undefined
  /** The entities that are kept under an id, as they were read by `schema`. */
  readonly storeOf?: (id: unknown, schema: Schema | undefined, diagnostics: Diagnostics) => Store | undefined
}

/** The answer to a call that had mistakes. */
export type CallFailure = Failure & { warnings: DetailedError[] }

type CallKind = 'plain' | 'stateful'

const REQUEST_FIELDS = ['principal', 'action', 'resource', 'context']
const FIELDS = {
  plain: {
    required: [...REQUEST_FIELDS, 'entities', 'policies'],
    optional: ['schema', 'validateRequest'],
    policies: 'policies',
    schema: 'schema',
  },
  stateful: {
    required: [...REQUEST_FIELDS, 'preparsedPolicySetId'],
    optional: ['entities', 'preparsedEntitiesId', 'preparsedSchemaName', 'validateRequest'],
    policies: 'preparsedPolicySetId',
    schema: 'preparsedSchemaName',
  },
}

/** Reads a call of `isAuthorized` or `statefulIsAuthorized`; throws a `RuneError` if it is of neither shape. */
export function readCall<Policies, Store>(
  call: unknown,
  kind: CallKind,
  sources: CallSources<Policies, Store>,
): CedarCall<Policies, Store> | CallFailure {
  const keys = FIELDS[kind]
  const fields = fieldsOfCall(call, 'the call', keys.required, keys.optional)
  const validate = fields.get('validateRequest') ?? true
  if (typeof validate !== 'boolean') throw malformed('`validateRequest` is neither true nor false')
  const storeId = fields.get('preparsedEntitiesId') ?? undefined
  if (kind === 'stateful') checkEntityFields(fields.has('entities'), storeId !== undefined)
  const diagnostics = new Diagnostics()
  const schemaGiven = fields.get(keys.schema) ?? undefined
  const schema = schemaGiven === undefined ? undefined : sources.schemaOf(schemaGiven, diagnostics)
  const [principal, action, resource] = ['principal', 'action', 'resource'].map((role) =>
    readUid(fields.get(role), role, diagnostics),
  )
  const isSchemaKnown = schema !== undefined || schemaGiven === undefined
  const by = isSchemaKnown ? schema : 'unknown'
  const contextJson = readData(fields.get('context'), 'context', diagnostics)
  const origin = { diagnostics, ...(schema && { schema }), ...contextJson?.place }
  const context = contextJson && action && isSchemaKnown ? contextFromJson(contextJson.json, origin, action) : undefined
  const store = storeId !== undefined && isSchemaKnown ? sources.storeOf?.(storeId, schema, diagnostics) : undefined
  const entities = storeId === undefined ? readEntities(fields.get('entities'), by, diagnostics) : []
  const policies = sources.policiesOf(fields.get(keys.policies), diagnostics)
  if (!principal || !action || !resource || !context || !entities || !policies) return failure(diagnostics)
  const request = { principal, action, resource, context }
  if (schema && validate) {
    conformRequest(request, schema, ({ code, message, help }) =>
      diagnostics.error(code, message, undefined, help ? { help } : {}),
    )
  }
  if (diagnostics.hasErrors) return failure(diagnostics)
  const { warnings } = failure(diagnostics)
  const read = { request, policies, warnings, isValidated: schema !== undefined && validate }
  if (store !== undefined) return { ...read, entities: [], store }
  return { ...read, entities: schema ? [...entities, ...schemaActions(schema)] : entities }
}

function checkEntityFields(hasEntities: boolean, hasStore: boolean): void {
  const help = 'a call has one of them'
  if (hasEntities && hasStore) throw malformed('the call has both `entities` and `preparsedEntitiesId`', help)
  if (!hasEntities && !hasStore)
    throw malformed('the call lacks the field `entities`, or `preparsedEntitiesId` in its place', help)
}

/** Reads entities, by a schema if there is one; with one that is unknown, they are looked at as JSON alone. */
export function readEntities(
  given: unknown,
  schema: Schema | 'unknown' | undefined,
  diagnostics: Diagnostics,
): EntityData[] | undefined {
  if (schema === 'unknown') {
    readData(given, 'entities', diagnostics)
    return undefined
  }
  const origin = { diagnostics, ...(schema && { schema }) }
  if (typeof given !== 'string') return entitiesFromJs(given, 'entities', origin)
  return entitiesFromText(sourceOf('<entities>', given), origin)?.entities
}

/** Reads a policy set: `{ staticPolicies, templates, templateLinks }`; throws a `RuneError` if it has another shape. */
export function readPolicySet(policySet: unknown, diagnostics: Diagnostics): CedarPolicies | undefined {
  const before = diagnostics.count
  const fields = fieldsOfCall(policySet, '`policies`', [], ['staticPolicies', 'templates', 'templateLinks'])
  const statements: { id: string; policy: Policy }[] = []
  const ids = new Set<string>()
  const add = (id: string, policy: Policy): void => {
    if (ids.has(id)) diagnostics.error('R294', `duplicate template or policy id ${shown(id)}`)
    ids.add(id)
    statements.push({ id, policy })
  }
  readStatic(fields.get('staticPolicies'), diagnostics, add)
  const templates = fields.get('templates')
  if (templates !== undefined) {
    for (const [id, text] of fieldsOfCall(templates, '`templates`')) {
      const policy = readOne(text, `the template ${shown(id)}`, diagnostics)
      if (policy === undefined) continue
      if (hasSlot(policy)) add(id, policy)
      else diagnostics.error('R294', `expected a template under ${shown(id)}, got a static policy`)
    }
  }
  const slots = new Map(statements.map(({ id, policy }) => [id, slotsOf(policy)]))
  const links = readLinks(fields.get('templateLinks'), slots, diagnostics)
  return diagnostics.count > before ? undefined : { statements, links }
}

/** The answer for a call that had mistakes. */
export function failure({ all }: { readonly all: readonly Diagnostic[] }): CallFailure {
  const byteAt = createByteOffsets()
  const some = (severity: Severity): DetailedError[] =>
    all.filter((diagnostic) => diagnostic.severity === severity).map((diagnostic) => detailedError(diagnostic, byteAt))
  return { type: 'failure', errors: some('error'), warnings: some('warning') }
}

/** What went wrong in cedar-wasm's form: a mistake of the call, or, without code and severity, an error of a policy. */
export function detailedError(
  mistake: Pick<Diagnostic, 'message'> & Partial<Diagnostic>,
  byteAt: ReturnType<typeof createByteOffsets>,
): DetailedError {
  const { message, span, help = null, code = null, severity = null, related = [] } = mistake
  const label = span && { label: null, start: byteAt(span.source, span.start), end: byteAt(span.source, span.end) }
  return {
    message,
    help,
    code,
    url: null,
    severity,
    sourceLocations: label && span.source.text !== '' ? [label] : [],
    related: related.map((other) => ({ ...detailedError(other, byteAt), code, severity })),
  }
}

/** Policies in one text are numbered as they stand, those in a list by their place in it. */
function readStatic(given: unknown, diagnostics: Diagnostics, add: (id: string, policy: Policy) => void): void {
  if (given === undefined) return
  if (typeof given === 'string') {
    const policies = parsePolicies({ source: sourceOf('<policies>', given) }, diagnostics)
    for (const [n, policy] of policies.entries()) addStatic(`policy${n}`, policy, diagnostics, add)
    return
  }
  const named = isList(given)
    ? readArgument('`staticPolicies`', () => [...given]).map((text: unknown, n) => [`policy${n}`, text] as const)
    : fieldsOfCall(given, '`staticPolicies`')
  for (const [id, text] of named) {
    const policy = readOne(text, `the policy ${shown(id)}`, diagnostics)
    if (policy) addStatic(id, policy, diagnostics, add)
  }
}

function addStatic(
  id: string,
  policy: Policy,
  diagnostics: Diagnostics,
  add: (id: string, policy: Policy) => void,
): void {
  const help = 'move it to `templates`, or remove the slots'
  if (!hasSlot(policy)) add(id, policy)
  else diagnostics.error('R294', `expected a static policy under ${shown(id)}, got a template`, policy.span, { help })
}

/** The one policy that a text or an object of the JSON format is. */
function readOne(given: unknown, what: string, diagnostics: Diagnostics): Policy | undefined {
  if (typeof given !== 'string') {
    const json = jsonFromJs(given, what, diagnostics)
    return json === undefined
      ? undefined
      : policyFromJson(json, { source: sourceOf('<policy>', ''), start: 0, end: 0 }, diagnostics)
  }
  const before = diagnostics.count
  const source = sourceOf('<policy>', given)
  const [policy, ...more] = parsePolicies({ source }, diagnostics)
  if (diagnostics.count > before) return undefined
  if (policy !== undefined && more.length === 0) return policy
  const span = { source, start: 0, end: given.length }
  diagnostics.error('R294', `${what} holds ${more.length === 0 ? 'no policy' : `${more.length + 1} policies`}`, span)
  return undefined
}

function readLinks(
  given: unknown,
  statements: ReadonlyMap<string, readonly string[]>,
  diagnostics: Diagnostics,
): TemplateLink[] {
  if (given === undefined) return []
  if (!isList(given)) throw malformed('`templateLinks` is no list')
  const ids = new Set(statements.keys())
  return readArgument('`templateLinks`', () => [...given]).flatMap((item: unknown) => {
    const link = fieldsOfCall(item, 'a template link', ['templateId', 'newId', 'values'], [])
    const template = link.get('templateId')
    const id = link.get('newId')
    if (typeof template !== 'string' || typeof id !== 'string')
      throw malformed('the ids of a template link are no strings')
    const values = readLinkValues(link.get('values'), diagnostics)
    const slots = statements.get(template)
    const problems =
      slots === undefined ? [`failed to find a template with id ${shown(template)}`] : slotProblems(slots, values)
    if (slots?.length === 0) problems.push(`${shown(template)} is a static policy`)
    if (ids.has(id)) problems.push(`the id ${shown(id)} conflicts with an existing policy id`)
    ids.add(id)
    for (const problem of problems) diagnostics.error('R294', `unable to link template: ${problem}`)
    return problems.length > 0 ? [] : [{ template, id, values, span: NOWHERE }]
  })
}

function slotProblems(slots: readonly string[], values: ReadonlyMap<string, unknown>): string[] {
  const missing = slots
    .filter((slot) => !values.has(slot))
    .map((slot) => `the slot \`${slot}\` was not provided as an argument`)
  const extra = [...values.keys()].filter((slot) => !slots.includes(slot))
  return [...missing, ...extra.map((slot) => `the slot \`${slot}\` does not exist in the template`)]
}

/** A value that could not be read is missing from the values, and was reported. */
function readLinkValues(given: unknown, diagnostics: Diagnostics): Map<string, { uid: EntityUid; span: Span }> {
  const values = new Map<string, { uid: EntityUid; span: Span }>()
  for (const [slot, value] of fieldsOfCall(given, 'the values of a template link')) {
    if (slot !== '?principal' && slot !== '?resource')
      throw malformed(`${shown(slot)} is no slot`, 'slots are `?principal` and `?resource`')
    const uid = readUid(value, `the value of ${slot}`, diagnostics)
    if (uid) values.set(slot, { uid, span: NOWHERE })
  }
  return values
}

function slotsOf({ principal, resource }: Policy): string[] {
  return [slotOf(principal), slotOf(resource)].filter((slot) => slot !== undefined)
}

function hasSlot(policy: Policy): boolean {
  return slotsOf(policy).length > 0
}

function slotOf(constraint: ScopeConstraint): string | undefined {
  if (constraint.kind === 'any') return undefined
  const entity = constraint.kind === 'is' ? constraint.in : constraint.entity
  return entity?.kind === 'slot' ? entity.slot : undefined
}

function readUid(given: unknown, what: string, diagnostics: Diagnostics): EntityUid | undefined {
  const json = jsonFromJs(given, what, diagnostics)
  return json === undefined ? undefined : uidFromJson({ diagnostics, path: [], subject: () => what }, json)
}

/** Data of a call: plain values, or JSON text with its places. */
function readData(
  given: unknown,
  what: string,
  diagnostics: Diagnostics,
): { readonly json: Json; readonly place: { readonly locate?: Locate } } | undefined {
  if (typeof given !== 'string') {
    const json = jsonFromJs(given, what, diagnostics)
    return json === undefined ? undefined : { json, place: {} }
  }
  const text = { source: sourceOf(`<${what}>`, given) }
  const json = parseJson(text, diagnostics)
  return json === undefined ? undefined : { json, place: { locate: jsonLocator(text) } }
}

/** The properties of an object, each read once: all of `required`, and no others than `optional` if that is given. */
function fieldsOfCall(
  given: unknown,
  what: string,
  required: readonly string[] = [],
  optional?: readonly string[],
): Map<string, unknown> {
  if (typeof given !== 'object' || given === null || isList(given)) throw malformed(`${what} is no object`)
  const fields = new Map<string, unknown>()
  for (const [key, value] of readArgument(what, () => Object.entries(given))) {
    if (!key.isWellFormed()) throw malformed(`${what} has a key with half of a surrogate pair`)
    if (value !== undefined) fields.set(key, value)
  }
  for (const key of required) if (!fields.has(key)) throw malformed(`${what} lacks the field \`${key}\``)
  const known = optional && [...required, ...optional]
  for (const key of fields.keys()) {
    if (known && !known.includes(key))
      throw malformed(`${what} has the unknown field ${shown(key)}`, `it has ${known.join(', ')}`)
  }
  return fields
}

function isList(given: unknown): given is readonly unknown[] {
  return readArgument('a list', () => Array.isArray(given))
}

function malformed(message: string, help?: string): Error {
  return runeError('R294', message, help === undefined ? {} : { help })
}

function sourceOf(path: string, text: string): Source {
  return { path, text }
}

/** Where things stand that come from values instead of texts. */
const NOWHERE: Span = { source: { path: '<call>', text: '' }, start: 0, end: 0 }
