/**
 * A policy set of the Cedar API, ready to decide call after call. It has no image: the constants of its policies live in a
 * dictionary of its own, and what a call brings is forgotten after it. Spec: Cedar's "Authorization", DESIGN section 4.
 */
import { createOverlay, type Overlay } from '../../image/dictionary.ts'
import { copyAncestors } from '../../image/entity-store.ts'
import type { EntityView } from '../../image/entity-view.ts'
import { createValues, type ValueId, type Values } from '../../image/value-ids.ts'
import { lowerPolicies } from '../../program/lower-policies.ts'
import type { CedarCall, CedarPolicies } from '../../syntax/cedar-call.ts'
import type { EntityData } from '../../syntax/json/entity-data.ts'
import { assert } from '../../text/assert.ts'
import { Diagnostics } from '../../text/diagnostic.ts'
import { createByteOffsets } from '../../text/utf8.ts'
import type { Value } from '../../values/value.ts'
import {
  answerOf,
  askPolicies,
  compilePolicies,
  createPolicySet,
  createVerdicts,
  type PolicyAnswer,
  type PolicySet,
} from './authorize.ts'
import { Frame } from './frame.ts'

export interface CompiledPolicySet {
  readonly set: PolicySet
  readonly dictionary: Overlay
  readonly values: Values
  /** Where the errors of its policies stand. */
  readonly byteAt: ReturnType<typeof createByteOffsets>
}

/** Lowers and compiles the policies as plain Cedar: no globs, no path types, and `facts` is an attribute like all others. */
export function compilePolicySet({ statements, links }: CedarPolicies): CompiledPolicySet {
  const diagnostics = new Diagnostics()
  const settings = { globs: false, pathTypes: new Set<string>() }
  const lowered = lowerPolicies({ statements, links, settings }, diagnostics)
  assert(!diagnostics.hasErrors, 'policies that were read can be lowered')
  const dictionary = createOverlay()
  const values = createValues(dictionary)
  const set = createPolicySet({ policies: lowered, values, compiled: compilePolicies(lowered, values) })
  dictionary.keep()
  return { set, dictionary, values, byteAt: createByteOffsets() }
}

/** What all policies say to a call. */
export function askPolicySet({ request, entities, policies }: CedarCall<CompiledPolicySet>): PolicyAnswer {
  const { set, dictionary, values } = policies
  try {
    const frame = new Frame(values, viewOf(entities, values), () => ({ rows: [], error: 'plain Cedar has no facts' }))
    frame.principal = values.intern(request.principal)
    frame.action = values.intern(request.action)
    frame.resource = values.intern(request.resource)
    frame.context = values.intern(request.context)
    const verdicts = createVerdicts()
    askPolicies(set, frame, verdicts)
    return answerOf(set, verdicts)
  } finally {
    dictionary.reset()
  }
}

/** The entities of a call; of their attributes and ancestors, only those are interned that a policy asks for. */
function viewOf(entities: readonly EntityData[], values: Values): EntityView {
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
      for (const parent of byId.get(at)?.parents.map(values.intern) ?? []) {
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
