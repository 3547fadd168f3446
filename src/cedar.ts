/**
 * `rune-engine/cedar`: the calls of cedar-wasm, answered by this engine. Who uses cedar-wasm changes one import. Owns what
 * was preparsed; the shapes of calls are read in `src/syntax/cedar-call.ts`, and policies are evaluated in
 * `src/decide/cedar`. cedar-wasm itself is loaded for schemas alone. Spec: DESIGN section 4.
 *
 * What is wider than cedar-wasm: integers are exact (`bigint` may stand for any of them, and an integer that no number
 * holds exactly is refused); context, entities and schemas may be JSON text; a list of any length may hold the static
 * policies; entities can be preparsed. What differs: a malformed call is answered with a failure, and never throws; errors of
 * policies give no advice, as `help` is there, and their places may end earlier.
 */
import { isDeepStrictEqual } from 'node:util'
import { type PlainCall, plainCallOf } from './decide/cedar/call-reader.ts'
import {
  askPlainCall,
  askPolicySet,
  askStore,
  type CompiledPolicySet,
  compilePolicySet,
  createEntityStore,
  type EntityStore,
  type PolicySetAnswer,
} from './decide/cedar/policy-set.ts'
import type {
  AuthorizationAnswer,
  AuthorizationCall,
  CheckParseAnswer,
  DetailedError,
  EntitiesInput,
  PolicySet,
  SchemaInput,
  StatefulAuthorizationCall,
} from './syntax/cedar-api.ts'
import { detailedError, failure, readCall, readEntities, readPolicySet } from './syntax/cedar-call.ts'
import { jsonFromJs } from './syntax/json/from-js.ts'
import { parseJson, shown } from './syntax/json/json.ts'
import { readSchema } from './syntax/schema/read-schema.ts'
import type { Schema } from './syntax/schema/schema.ts'
import { openFence } from './syntax/schema/wasm.ts'
import { Diagnostics, RuneError, runeError } from './text/diagnostic.ts'

export type {
  AuthorizationAnswer,
  AuthorizationCall,
  AuthorizationResponse,
  CedarValueJson,
  CheckParseAnswer,
  DetailedError,
  EntitiesInput,
  EntityJson,
  EntityUidJson,
  PolicySet,
  SchemaInput,
  StatefulAuthorizationCall,
  TemplateLinkJson,
} from './syntax/cedar-api.ts'

/**
 * Decides a request by the policies and entities of the call. The ids of policies are those of their map, or `policy0`,
 * `policy1` and so on by their place in a text or list; `@id` does not change them. With a schema, entities and context
 * are read by it, its actions are entities, and the request must conform to it unless `validateRequest` is false.
 */
export function isAuthorized(call: AuthorizationCall): AuthorizationAnswer {
  return orFailure(() => {
    const read = readCall(call, 'plain', { schemaOf, policiesOf: compiled })
    if ('errors' in read) return read
    return answerOf(askPolicySet(read.policies, read.request, read.entities), read.policies, read.warnings)
  })
}

/**
 * As `isAuthorized`, with policies and perhaps a schema and entities that were preparsed. With entities that were, a decision
 * takes about a microsecond; the schema must then be what these were read by, or none if they were read by none.
 */
export function statefulIsAuthorized(call: StatefulAuthorizationCall): AuthorizationAnswer {
  return orFailure(() => {
    const plain = plainCallOf(call)
    const quick = plain && answerPlainCall(plain)
    if (quick !== undefined) return quick
    const read = readCall(plain ?? call, 'stateful', {
      schemaOf: (name, diagnostics) => recall(preparsed.schemas, 'schema', name, diagnostics),
      policiesOf: (id, diagnostics) => recall(preparsed.policySets, 'policy set', id, diagnostics),
      storeOf: (id, schema, diagnostics) => recallStore(id, schema, diagnostics),
    })
    if ('errors' in read) return read
    const { policies, store, request, entities, warnings } = read
    return answerOf(
      store ? askStore(policies, store, read) : askPolicySet(policies, request, entities),
      policies,
      warnings,
    )
  })
}

/**
 * Keeps a policy set under `id` for `statefulIsAuthorized`, in place of what was there. After a failure, what was there
 * stays. The `PREPARSED_MAX` policy sets that were used last are kept.
 */
export function preparsePolicySet(id: string, policies: PolicySet): CheckParseAnswer {
  return keep(preparsed.policySets, id, (diagnostics) => compiled(policies, diagnostics))
}

/** Keeps a schema under `name`, as `preparsePolicySet` keeps policies: text in Cedar's syntax, or JSON. */
export function preparseSchema(name: string, schema: SchemaInput): CheckParseAnswer {
  return keep(preparsed.schemas, name, (diagnostics) => schemaOf(schema, diagnostics))
}

/**
 * Keeps entities under `id`, as `preparsePolicySet` keeps policies: a list or JSON text, read and checked by a schema if there
 * is one, whose actions are then among them. Calls name them with `preparsedEntitiesId`.
 */
export function preparseEntities(id: string, entities: EntitiesInput, schema?: SchemaInput | null): CheckParseAnswer {
  return keep(preparsed.stores, id, (diagnostics) => {
    const by = schema === undefined || schema === null ? undefined : schemaOf(schema, diagnostics)
    if (diagnostics.hasErrors) return undefined
    const read = readEntities(entities, by, diagnostics)
    return read && createEntityStore(read, by)
  })
}

/** How many preparsed policy sets are kept, and how many schemas and stores of entities. */
export const PREPARSED_MAX = 1000

/** The one state of this module, which cedar-wasm's calls need: they name what was preparsed and have no handle for it. */
const preparsed = {
  policySets: createKept<CompiledPolicySet>(),
  schemas: createKept<Schema>(),
  stores: createKept<EntityStore>(),
  /** By text: plain calls tend to bring the same one again and again. */
  texts: createKept<Schema>(),
  fence: openFence(),
}

/** What is kept under ids, and when each was used last, in uses of any of them. */
interface Kept<T> {
  readonly byId: Map<string, { readonly value: T; used: number }>
  uses: number
}

function createKept<T>(): Kept<T> {
  return { byId: new Map(), uses: 0 }
}

const SCHEMA_TEXTS_MAX = 8

/** The answer to a call about kept entities, if nothing about it has to be looked at closely. */
function answerPlainCall(call: PlainCall): AuthorizationAnswer | undefined {
  const { preparsedPolicySetId: policiesId, preparsedEntitiesId: storeId, validateRequest } = call
  if (typeof policiesId !== 'string' || typeof storeId !== 'string') return undefined
  if (validateRequest !== undefined && typeof validateRequest !== 'boolean') return undefined
  const schemaName = call.preparsedSchemaName ?? undefined
  const schema = typeof schemaName === 'string' ? use(preparsed.schemas, schemaName) : undefined
  const policies = use(preparsed.policySets, policiesId)
  const store = use(preparsed.stores, storeId)
  if (!store || !policies || (schemaName !== undefined && !schema) || !isReadBy(store, schema)) return undefined
  const answer = askPlainCall(policies, store, call)
  return answer && answerOf(answer, policies, [])
}

function answerOf(
  { decision, reason, errors }: PolicySetAnswer,
  { byteAt }: CompiledPolicySet,
  warnings: DetailedError[],
): AuthorizationAnswer {
  const detailed = errors.map(({ policyId, message, span, help }) => {
    return { policyId, error: detailedError({ message, span, ...(help !== undefined && { help }) }, byteAt) }
  })
  return { type: 'success', response: { decision, diagnostics: { reason: [...reason], errors: detailed } }, warnings }
}

/** Answers where cedar-wasm throws: what we refuse is thrown as a `RuneError`. */
function orFailure<T>(run: () => T): T | ReturnType<typeof failure> {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof RuneError)) throw error
    return failure({ all: error.diagnostics })
  }
}

function compiled(given: unknown, diagnostics: Diagnostics): CompiledPolicySet | undefined {
  const policies = readPolicySet(given, diagnostics)
  return policies && compilePolicySet(policies)
}

function schemaOf(given: unknown, diagnostics: Diagnostics): Schema | undefined {
  if (typeof given !== 'string') return schemaFromJson(jsonFromJs(given, 'schema', diagnostics), diagnostics)
  const known = use(preparsed.texts, given)
  if (known) return known
  const before = diagnostics.count
  const source = { path: '<schema>', text: given }
  // In Cedar's own syntax, no schema starts with a brace.
  const schema = /^\s*\{/.test(given)
    ? schemaFromJson(parseJson({ source }, diagnostics), diagnostics)
    : readSchema(preparsed.fence, { source }, diagnostics)?.schema
  // One with warnings is read again, so that it warns again.
  if (schema && diagnostics.count === before) put(preparsed.texts, given, schema, SCHEMA_TEXTS_MAX)
  return schema
}

function schemaFromJson(json: ReturnType<typeof parseJson>, diagnostics: Diagnostics): Schema | undefined {
  return json === undefined ? undefined : readSchema(preparsed.fence, { json }, diagnostics)?.schema
}

function keep<T>(kept: Kept<T>, id: unknown, read: (diagnostics: Diagnostics) => T | undefined): CheckParseAnswer {
  const answered = orFailure((): CheckParseAnswer => {
    if (typeof id !== 'string') throw runeError('R294', 'the id to preparse under is no string')
    const diagnostics = new Diagnostics()
    const value = read(diagnostics)
    if (value === undefined) return failure(diagnostics)
    put(kept, id, value, PREPARSED_MAX)
    return { type: 'success' }
  })
  return answered.type === 'success' ? answered : { type: 'failure', errors: answered.errors }
}

function recall<T>(kept: Kept<T>, what: string, id: unknown, diagnostics: Diagnostics): T | undefined {
  if (typeof id !== 'string') throw runeError('R294', `the id of the preparsed ${what} is no string`)
  const found = use(kept, id)
  const help = `preparse it first; the ${PREPARSED_MAX} that were used last are kept`
  if (found === undefined) diagnostics.error('R294', `preparsed ${what} ${shown(id)} not found`, undefined, { help })
  return found
}

/** The entities under `id`, if they were read by a schema that says the same as `schema`. */
function recallStore(id: unknown, schema: Schema | undefined, diagnostics: Diagnostics): EntityStore | undefined {
  const store = recall(preparsed.stores, 'store of entities', id, diagnostics)
  if (store === undefined || isReadBy(store, schema)) return store
  const [by, named] = [store.schema ? 'another schema' : 'no schema', schema ? 'names one' : 'names none']
  const message = `the preparsed entities ${shown(String(id))} were read by ${schema ? by : 'a schema'}, and the call ${named}`
  const help = 'preparse them with the schema that the call names'
  diagnostics.error('R294', message, undefined, { help })
  return undefined
}

/** Whether `store` was read by what `schema` says, or both are absent. */
function isReadBy(store: EntityStore, schema: Schema | undefined): boolean {
  if (store.schema === schema) return true
  if (store.schema === undefined || schema === undefined) return false
  let isSame = store.sameSchemas.get(schema)
  if (isSame === undefined) {
    isSame = isDeepStrictEqual(store.schema, schema)
    store.sameSchemas.set(schema, isSame)
  }
  return isSame
}

/** The value of `id`, which is now the one used last. */
function use<T>(kept: Kept<T>, id: string): T | undefined {
  const found = kept.byId.get(id)
  if (found === undefined) return undefined
  found.used = ++kept.uses
  return found.value
}

/** Keeps `value`; if there are more than `most` then, the one whose last use is longest ago goes. */
function put<T>(kept: Kept<T>, id: string, value: T, most: number): void {
  kept.byId.set(id, { value, used: ++kept.uses })
  if (kept.byId.size <= most) return
  let oldest = id
  for (const [other, { used }] of kept.byId) if (used < (kept.byId.get(oldest)?.used ?? 0)) oldest = other
  kept.byId.delete(oldest)
}
