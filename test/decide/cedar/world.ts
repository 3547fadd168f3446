/**
 * What the tests of Cedar's evaluation share: policies from text, entities in memory, facts from a table, and a frame of
 * interned values over all of that.
 */

import { expect } from 'vitest'
import {
  answerOf,
  askPolicies,
  compilePolicies,
  createPolicySet,
  createVerdicts,
  type PolicyAnswer,
} from '../../../src/decide/cedar/authorize.ts'
import { Frame } from '../../../src/decide/cedar/frame.ts'
import { ImageDictionary } from '../../../src/image/dictionary.ts'
import { copyAncestors } from '../../../src/image/entity-store.ts'
import type { EntityView } from '../../../src/image/entity-view.ts'
import { Overlay } from '../../../src/image/overlay.ts'
import { type ValueId, Values } from '../../../src/image/value-ids.ts'
import { type Demand, FREE } from '../../../src/program/demand.ts'
import { lowerPolicies, type PolicyInput } from '../../../src/program/lower-policies.ts'
import type { LoweredPolicy } from '../../../src/program/lowered.ts'
import type { Column, Predicate } from '../../../src/program/program.ts'
import { parsePolicies } from '../../../src/syntax/cedar/parse.ts'
import { Diagnostics } from '../../../src/text/diagnostic.ts'
import { parseEntityUid } from '../../../src/values/entity-uid.ts'
import type { EntityUid, Value } from '../../../src/values/value.ts'
import type { Entity, Request } from '../../oracle/cedar.ts'

/** A predicate and its facts; `fails` says why it cannot be evaluated. */
export interface Facts {
  readonly name: string
  readonly columns: readonly Partial<Column>[]
  readonly rows?: readonly (readonly Value[])[]
  readonly fails?: string
}

export interface World {
  readonly entities?: readonly Entity[]
  readonly request?: Partial<Request>
  readonly facts?: readonly Facts[]
}

/** The uid of a literal. */
export function uid(literal: string): EntityUid {
  const found = parseEntityUid(literal)
  if (found === undefined) throw new Error(`no entity literal: ${literal}`)
  return found
}

/** An entity by its literal. */
export function entity(
  literal: string,
  parts: { in?: readonly string[]; attrs?: Record<string, Value>; tags?: Record<string, Value> } = {},
): Entity {
  const { attrs = {}, tags = {} } = parts
  const parents = (parts.in ?? []).map(uid)
  return { uid: uid(literal), attrs: new Map(Object.entries(attrs)), tags: new Map(Object.entries(tags)), parents }
}

/** The predicates of `facts`; their ids are their places. */
export function predicatesOf(facts: readonly Facts[]): Predicate[] {
  return facts.map(({ name, columns }, i) => ({
    id: FIRST_ID + i,
    name,
    arity: columns.length,
    columns: columns.map((column) => ({ type: 'any', ...column })),
    scope: 'static',
    evaluation: 'materialized',
    readsEntities: false,
  }))
}

/** Behind the built-in predicates. */
const FIRST_ID = 100

/** The policies of `text`, named `p0`, `p1`, …, lowered. */
export function lowerText(
  text: string,
  input: Partial<PolicyInput> = {},
  diagnostics = new Diagnostics(),
): LoweredPolicy[] {
  const policies = parsePolicies({ source: { path: '<test>', text } }, diagnostics)
  const statements = policies.map((policy, i) => ({ id: `p${i}`, policy }))
  const settings = { globs: false, pathTypes: new Set<string>() }
  return lowerPolicies({ statements, links: [], settings, ...input }, diagnostics)
}

/** Closures that are asked all, as the truth; then each policy looked up, and generated code. */
const WAYS = [
  { interpreted: 1, few: Number.POSITIVE_INFINITY },
  { interpreted: 1, few: 0 },
  { interpreted: 0, few: Number.POSITIVE_INFINITY },
  { interpreted: 0, few: 0 },
]

/** What the policies say in `world`, however they are asked. The request's values are not in the image. */
export function answer(policies: readonly LoweredPolicy[], world: World): PolicyAnswer {
  const dictionary = new ImageDictionary()
  const values = new Values(dictionary)
  const compiled = compilePolicies(policies, values)
  const [first, ...others] = WAYS.map((way) => {
    const set = createPolicySet({ policies, values, compiled, ...way })
    const verdicts = createVerdicts()
    askPolicies(set, frameOf(world, new Values(new Overlay(dictionary))), verdicts)
    const { errors, ...answered } = answerOf(set, verdicts)
    // The ids of a cause are those of the overlay.
    return { ...answered, errors: errors.map((error) => ({ ...error, cause: undefined })) }
  })
  for (const other of others) expect(other).toEqual(first)
  return first!
}

/** The frame of a world's request. */
export function frameOf({ entities = [], request = {}, facts = [] }: World, values: Values): Frame {
  const variable = (literal: EntityUid | undefined, usual: string) => values.intern(literal ?? uid(usual))
  const frame = new Frame(values, viewOf(entities, values), demandOf(facts, values))
  frame.principal = variable(request.principal, 'U::"a"')
  frame.action = variable(request.action, 'Action::"v"')
  frame.resource = variable(request.resource, 'R::"missing"')
  frame.context = values.intern({ kind: 'record', fields: request.context ?? new Map() })
  return frame
}

function viewOf(entities: readonly Entity[], values: Values): EntityView {
  const stored = new Map(entities.map((one) => [values.intern(one.uid), one]))
  const fields = (map: ReadonlyMap<string, Value> | undefined, key: ValueId): ValueId => {
    const value = map?.get(values.textOf(key))
    return value === undefined ? -1 : values.intern(value)
  }
  const ancestors = (from: ValueId): Set<ValueId> => {
    const seen = new Set<ValueId>()
    const open = [from]
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const parent of stored.get(at)?.parents.map((value) => values.intern(value)) ?? []) {
        if (!seen.has(parent)) open.push(parent)
        seen.add(parent)
      }
    }
    return seen
  }
  return {
    exists: (one) => stored.has(one),
    attribute: (one, key) => fields(stored.get(one)?.attrs, key),
    tag: (one, key) => fields(stored.get(one)?.tags, key),
    hasAncestor: (one, ancestor) => ancestors(one).has(ancestor),
    ancestors: (one, into, most) => copyAncestors(ancestors(one), into, most),
  }
}

function demandOf(facts: readonly Facts[], values: Values): Demand {
  return (predicate, pattern) => {
    const found = facts[predicate - FIRST_ID]
    if (found?.fails !== undefined) return { rows: [], error: found.fails }
    const rows = (found?.rows ?? []).map((row) => row.map((value) => values.intern(value)))
    return { rows: rows.filter((row) => pattern.every((id, i) => id === FREE || id === row[i])) }
  }
}
