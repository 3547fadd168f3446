/**
 * A policy set of the Cedar API, ready to decide call after call, about the entities of each call or about a store of them
 * that is kept. It has no image: its constants live in an overlay of the store's dictionary, and what a call brings is
 * forgotten after it, or when it has become too much. Spec: Cedar's "Authorization", DESIGN section 4.
 */

import { copyAncestors } from '../../image/entity-store.ts'
import type { ListedEntities } from '../../image/entity-view.ts'
import { type InternedEntities, internEntities } from '../../image/interned-entities.ts'
import { Overlay } from '../../image/overlay.ts'
import { isPassing, type ValueId, Values } from '../../image/value-ids.ts'
import { lowerPolicies } from '../../program/lower-policies.ts'
import type { LoweredPolicy } from '../../program/lowered.ts'
import type { CedarPolicies } from '../../syntax/cedar-call.ts'
import type { CedarRequest } from '../../syntax/json/conform.ts'
import { schemaActions } from '../../syntax/json/entities.ts'
import type { EntityData } from '../../syntax/json/entity-data.ts'
import type { Schema } from '../../syntax/schema/schema.ts'
import { assert } from '../../text/assert.ts'
import { Diagnostics, runeError } from '../../text/diagnostic.ts'
import { createByteOffsets } from '../../text/utf8.ts'
import type { Value } from '../../values/value.ts'
import {
  answerOf,
  askPolicies,
  compilePolicies,
  createPolicySet,
  createVerdicts,
  type PolicyError,
  type PolicySet,
  type Verdicts,
} from './authorize.ts'
import { type CallReader, createCallReader, type PlainCall } from './call-reader.ts'
import { Frame } from './frame.ts'
import { helpOf } from './help.ts'

/** Policies that were read, and what was compiled of them. */
export interface CompiledPolicySet {
  readonly policies: readonly LoweredPolicy[]
  /** By the entities that they were asked about. Those of single calls have one in common. */
  readonly stages: WeakMap<EntityStore, Stage>
  /** Where the errors of its policies stand. */
  readonly byteAt: ReturnType<typeof createByteOffsets>
}

/** Entities that many calls are about. */
export interface EntityStore extends InternedEntities {
  /** What they were read by; its actions are among them. */
  readonly schema: Schema | undefined
  /** Whether other schemas say the same, as far as somebody has asked. */
  readonly sameSchemas: WeakMap<Schema, boolean>
}

/** What policies say: determining policies in their order, and those that failed. */
export interface PolicySetAnswer {
  readonly decision: 'allow' | 'deny'
  readonly reason: readonly string[]
  readonly errors: readonly (Omit<PolicyError, 'cause'> & { readonly help: string | undefined })[]
}

/** Lowers and compiles the policies as plain Cedar: no globs, no path types, and `facts` is an attribute like all others. */
export function compilePolicySet({ statements, links }: CedarPolicies): CompiledPolicySet {
  const diagnostics = new Diagnostics()
  const settings = { globs: false, pathTypes: new Set<string>() }
  const policies = lowerPolicies({ statements, links, settings }, diagnostics)
  assert(!diagnostics.hasErrors, 'policies that were read can be lowered')
  return { policies, stages: new WeakMap(), byteAt: createByteOffsets() }
}

/** The store of `entities`, no two of which are the same, and the actions of the schema that they were read by. */
export function createEntityStore(entities: readonly EntityData[], schema?: Schema): EntityStore {
  const all = schema ? [...entities, ...schemaActions(schema)] : entities
  // What is known of a schema is kept by ids that last.
  return { ...internEntities(all, schema?.entityTypes.keys()), schema, sameSchemas: new WeakMap() }
}

/** What all policies say to a request about `entities`. */
export function askPolicySet(
  policies: CompiledPolicySet,
  request: CedarRequest,
  entities: readonly EntityData[],
): PolicySetAnswer {
  const stage = stageOf(policies, NO_STORE)
  const { dictionary, frame, values } = stage
  try {
    const view = viewOf(entities, values)
    frame.entities = view
    take(stage, request)
    return decide(stage, view)
  } finally {
    frame.entities = NO_STORE.view
    dictionary.reset()
  }
}

/**
 * The same about a store, if the call is as most are: then nobody else has to read it. Else nothing, and what was read of
 * the call stands in its parts.
 */
export function askPlainCall(
  policies: CompiledPolicySet,
  store: EntityStore,
  call: PlainCall,
): PolicySetAnswer | undefined {
  const stage = stageOf(policies, store)
  const { dictionary, frame, reader } = stage
  // A getter of the call can call anything; one that asks for a decision would read its own call into the frame.
  if (stage.isReading) throw runeError('R744', 'a call asks for a decision while it is read')
  stage.isReading = true
  try {
    dictionary.trim()
    if (!reader.read(call, frame)) return undefined
  } finally {
    stage.isReading = false
  }
  return decide(stage, store.view)
}

/** The same, for a call that somebody else has read; with a schema, `isValidated` says that it conforms. */
export function askStore(
  policies: CompiledPolicySet,
  store: EntityStore,
  { request, isValidated }: { readonly request: CedarRequest; readonly isValidated: boolean },
): PolicySetAnswer {
  const stage = stageOf(policies, store)
  if (stage.isReading) throw runeError('R744', 'a call asks for a decision while it is read')
  stage.dictionary.trim()
  take(stage, request)
  stage.reader.note(stage.frame, isValidated)
  return decide(stage, store.view)
}

/** Where a policy set is asked about the entities of one store, one request at a time. */
interface Stage {
  readonly set: PolicySet
  readonly dictionary: Overlay
  readonly values: Values
  readonly frame: Frame
  readonly reader: CallReader
  readonly verdicts: Verdicts
  isReading: boolean
}

const NO_STORE = createEntityStore([])

function stageOf({ policies, stages }: CompiledPolicySet, store: EntityStore): Stage {
  let stage = stages.get(store)
  if (stage === undefined) {
    stage = createStage(policies, store)
    stages.set(store, stage)
  }
  return stage
}

function createStage(policies: readonly LoweredPolicy[], { dictionary: stored, view, schema }: EntityStore): Stage {
  const dictionary = new Overlay(stored)
  const values = new Values(dictionary)
  const isLocal = (id: ValueId) => isPassing(id, dictionary)
  const compiled = compilePolicies(policies, values)
  const set = createPolicySet({ policies, values, compiled, stored: view, isLocal })
  dictionary.keep()
  const frame = new Frame(values, view, () => ({ rows: [], error: 'plain Cedar has no facts' }))
  const reader = createCallReader({ values, dictionary, schema })
  return { set, dictionary, values, frame, reader, verdicts: createVerdicts(), isReading: false }
}

function take({ frame, values }: Stage, request: CedarRequest): void {
  frame.principal = values.intern(request.principal)
  frame.action = values.intern(request.action)
  frame.resource = values.intern(request.resource)
  frame.context = values.intern(request.context)
}

/** What the policies say to the request in the frame. */
function decide({ set, frame, verdicts }: Stage, view: ListedEntities): PolicySetAnswer {
  askPolicies(set, frame, verdicts)
  const { satisfiedPermits, satisfiedForbids, errors: failed } = answerOf(set, verdicts)
  const errors = failed.map(({ cause, ...error }) => ({ ...error, help: cause && helpOf(cause, frame, view) }))
  if (satisfiedForbids.length > 0) return { decision: 'deny', reason: satisfiedForbids, errors }
  return { decision: satisfiedPermits.length > 0 ? 'allow' : 'deny', reason: satisfiedPermits, errors }
}

/** The entities of a call; of their attributes and ancestors, only those are interned that a policy asks for. */
function viewOf(entities: readonly EntityData[], values: Values): ListedEntities {
  const byId = new Map(entities.map((entity) => [values.intern(entity.uid), entity]))
  const memos = { attrs: new Map<ValueId, Memo>(), tags: new Map<ValueId, Memo>() }
  const lookup = (field: 'attrs' | 'tags', entity: ValueId, key: ValueId): ValueId => {
    const fields = byId.get(entity)?.[field]
    if (fields === undefined) return NONE
    const memo = remembered(memos[field], entity, (): Memo => new Map())
    return remembered(memo, key, () => internField(fields, values.textOf(key), values))
  }
  const closures = new Map<ValueId, ReadonlySet<ValueId>>()
  const walk = (entity: ValueId): ReadonlySet<ValueId> => {
    const seen = new Set<ValueId>()
    const open = [entity]
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const parent of byId.get(at)?.parents.map((value) => values.intern(value)) ?? []) {
        if (!seen.has(parent)) open.push(parent)
        seen.add(parent)
      }
    }
    return seen
  }
  const ancestors = (entity: ValueId) => remembered(closures, entity, () => walk(entity))
  return {
    exists: (entity) => byId.has(entity),
    attribute: (entity, key) => lookup('attrs', entity, key),
    tag: (entity, key) => lookup('tags', entity, key),
    hasAncestor: (entity, ancestor) => ancestors(entity).has(ancestor),
    ancestors: (entity, into, most) => copyAncestors(ancestors(entity), into, most),
    keys: (entity, of) => {
      const fields = byId.get(entity)?.[of === 'tag' ? 'tags' : 'attrs'] ?? new Map<string, Value>()
      return Array.from(fields.keys(), (key) => values.string(key))
    },
  }
}

/** Key → value, as far as they were asked for. */
type Memo = Map<ValueId, ValueId>

const NONE = -1

function internField(fields: ReadonlyMap<string, Value>, key: string, values: Values): ValueId {
  const value = fields.get(key)
  return value === undefined ? NONE : values.intern(value)
}

function remembered<T>(memo: Map<ValueId, T>, key: ValueId, make: () => T): T {
  let found = memo.get(key)
  if (found === undefined) {
    found = make()
    memo.set(key, found)
  }
  return found
}
