/**
 * Requests that a schema refuses, and near to them those that it takes: principals, actions, resources, contexts and entities
 * that are wrong in one way, in combinations of two. Cedar-wasm and the Cedar API, whether entities are preparsed or not,
 * take the same ones, and say the same about all of these: decisions, reasons, and errors with their words and places.
 */
import { createRequire } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import type * as Wasm from '@cedar-policy/cedar-wasm/nodejs'
import { expect, test } from 'vitest'
import {
  type AuthorizationAnswer,
  type DetailedError,
  preparseEntities,
  preparsePolicySet,
  preparseSchema,
  type StatefulAuthorizationCall,
  statefulIsAuthorized,
} from '../../src/cedar.ts'
import { createRandom, runs } from './random.ts'

const SCHEMA = `namespace N {
  entity Org enum ["a", "b"];
  entity Group in [Group, Org];
  entity User in Group { name: String, boss?: User, org?: Org } tags Long;
  entity Doc, Other;
  action all; action edit in all;
  action read in [all] appliesTo {
    principal: [User, Org], resource: [Doc, Group],
    context: { now?: datetime, n: Long, who?: User, org?: Org, act?: Action, r?: { a: Long, b?: String }, s?: Set<Long>, users?: Set<User> }
  };
  action "a \\"quoted\\" name" appliesTo { principal: [User], resource: [Doc] };
}
entity Bare;
action bare appliesTo { principal: Bare, resource: [Bare, N::User] };`

const POLICIES = {
  staticPolicies: `permit(principal, action in N::Action::"all", resource);
permit(principal in N::Org::"a", action, resource) when { context.n > 0 };
forbid(principal, action, resource) when { principal.name == "q" };
permit(principal, action, resource) when { principal.hasTag("a") && principal.getTag("b") == 1 };
permit(principal, action, resource) when { context.who == principal || context.n + 9223372036854775807 > 1 };
permit(principal is N::User, action, resource) when { resource has foo.bar || {a: 1}.b };
permit(principal, action, resource) when { [1].contains(context) || ip("z").isIpv4() };`,
  templates: { t: 'permit(principal == ?principal, action, resource) when { principal.none };' },
  templateLinks: [{ templateId: 't', newId: 'a "link"', values: { '?principal': uid('N::User', 'x') } }],
}

function uid(type: string, id: string) {
  return { type, id }
}

function entity(uid: object, parts: object = {}): object {
  return { uid, attrs: {}, parents: [], ...parts }
}

const reference = (type: string, id: string) => ({ __entity: uid(type, id) })
const [x, alice] = [uid('N::User', 'x'), { name: 'x' }]

const ACTORS: readonly unknown[] = [
  x,
  uid('N::User', ''),
  uid('N::User', 'é😀\0'),
  uid('N::Org', 'a'),
  uid('N::Org', 'z'),
  uid('N::Doc', 'd'),
  uid('N::Group', 'g'),
  uid('N::None', 'd'),
  uid('User', 'x'),
  uid('N::Action', 'read'),
  uid('N::Action', 'none'),
  uid('Bare', 'b'),
  uid('__cedar::U', 'x'),
  { __entity: x },
  { __entity: x, type: 'N::Doc', id: 'd' },
  { ...x, more: 1 },
]
const ACTIONS: readonly unknown[] = [
  uid('N::Action', 'read'),
  uid('N::Action', 'edit'),
  uid('N::Action', 'all'),
  uid('N::Action', 'none'),
  uid('N::Action', 'a "quoted" name'),
  uid('Action', 'read'),
  uid('Action', 'bare'),
  x,
]
const CONTEXTS: readonly unknown[] = [
  {},
  { n: 1, now: '2024-01-01' },
  { n: 1, now: 'then' },
  { n: 1, now: { __extn: { fn: 'datetime', arg: '2024-01-01' } } },
  { n: 1, now: { __extn: { fn: 'decimal', arg: '1.0' } } },
  { n: 'x' },
  { n: true },
  { n: 1.5 },
  { n: null },
  { n: 1, more: 1 },
  { n: 1, who: x },
  { n: 1, who: reference('N::User', 'q') },
  { n: 1, who: reference('N::Doc', 'q') },
  { n: 1, who: 'x' },
  { n: 1, org: reference('N::Org', 'a') },
  { n: 1, org: reference('N::Org', 'z') },
  { n: 1, act: reference('N::Action', 'read') },
  { n: 1, act: reference('N::Action', 'none') },
  { n: 1, r: { a: 1 } },
  { n: 1, r: {} },
  { n: 1, r: { a: 1, c: 1 } },
  { n: 1, r: { a: 1, b: 2 } },
  { n: 1, s: [1, 2, 1] },
  { n: 1, s: [1, 'x'] },
  { n: 1, s: 1 },
  { n: 1, users: [x] },
  { n: 1, users: [reference('N::User', 'q'), reference('N::Doc', 'q')] },
  [],
]
const STORES: readonly (readonly object[])[] = [
  [],
  [entity(x, { attrs: alice, parents: [uid('N::Group', 'g')], tags: { a: 1 } })],
  [entity(x)],
  [entity(x, { attrs: { ...alice, boss: reference('N::Doc', 'q') } })],
  [entity(x, { attrs: { ...alice, org: reference('N::Org', 'z') } })],
  [entity(x, { attrs: alice, parents: [uid('N::Doc', 'd')] })],
  [entity(x, { attrs: alice, parents: [uid('N::Org', 'a')] })],
  [entity(x, { attrs: alice, tags: { a: 'y' } })],
  [entity(uid('N::Org', 'a'))],
  [entity(uid('N::Org', 'z'))],
  [entity(uid('N::Org', 'a'), { attrs: { x: 1 } })],
  [entity(uid('N::Org', 'a'), { parents: [uid('N::Org', 'b')] })],
  [entity(uid('N::Group', 'g'), { parents: [uid('N::Org', 'z')] })],
  [entity(uid('N::Action', 'read'))],
  [entity(uid('N::Action', 'read'), { parents: [uid('N::Action', 'all')] })],
  [entity(uid('N::Action', 'all'))],
  [entity(uid('N::Action', 'none'))],
  [entity(uid('N::None', 'n'))],
]
const WAYS = [
  {},
  { preparsedSchemaName: 'requests' },
  { preparsedSchemaName: 'requests', validateRequest: false },
] as const

/** Of all combinations so many are asked about; `RUNE_FUZZ=4` asks about all. */
const PART = runs(250) / 1000
const SEED = Number(process.env['RUNE_SEED'] ?? Date.now() % 1_000_000_000)

test(`requests and entities that are wrong in two ways at most are taken and refused as by cedar-wasm, seed ${SEED}`, () => {
  const random = createRandom(SEED)
  const wasm = loadWasm()
  for (const api of [{ preparsePolicySet, preparseSchema }, wasm]) {
    expect(api.preparsePolicySet('requests', POLICIES as never)).toEqual({ type: 'success' })
    expect(api.preparseSchema('requests', SCHEMA)).toEqual({ type: 'success' })
  }
  const parts = { principal: ACTORS, action: ACTIONS, resource: ACTORS, context: CONTEXTS, entities: STORES }
  const right = {
    principal: x,
    action: ACTIONS[0],
    resource: uid('N::Doc', 'd'),
    context: { n: 1 },
    entities: STORES[1],
  }
  const outcomes = new Map<string, number>()
  for (const [first, second] of pairs(Object.entries(parts))) {
    for (const one of first[1]) {
      for (const other of second[1]) {
        for (const way of WAYS) {
          if (!random.chance(PART)) continue
          const call = { ...right, [first[0]]: one, [second[0]]: other, preparsedPolicySetId: 'requests', ...way }
          const theirs = outcome(() => wasm.statefulIsAuthorized(call as unknown as Wasm.StatefulAuthorizationCall))
          const shown = JSON.stringify(call)
          expect(
            outcome(() => statefulIsAuthorized(call as unknown as StatefulAuthorizationCall)),
            shown,
          ).toEqual(theirs)
          for (const kept of outcomesKept(call)) expect(kept, shown).toEqual(theirs)
          outcomes.set(theirs.decision, (outcomes.get(theirs.decision) ?? 0) + 1)
        }
      }
    }
  }
  for (const decision of ['allow', 'deny', 'failure']) expect(outcomes.get(decision)).toBeGreaterThan(500 * PART)
})

function* pairs<T>(all: readonly T[]): Iterable<readonly [T, T]> {
  for (const [i, one] of all.entries()) for (const other of all.slice(i + 1)) yield [one, other]
}

/** With entities that are preparsed, twice. */
function outcomesKept({ entities, ...call }: { readonly entities: unknown; readonly preparsedSchemaName?: string }) {
  const schema = call.preparsedSchemaName === undefined ? undefined : SCHEMA
  if (preparseEntities('requests', entities as never, schema).type === 'failure') return [{ decision: 'failure' }]
  const ask = () => outcome(() => statefulIsAuthorized({ ...call, preparsedEntitiesId: 'requests' } as never))
  return [ask(), ask()]
}

interface Outcome {
  readonly decision: string
  readonly reason?: readonly string[]
  readonly errors?: readonly object[]
}

/** Cedar-wasm throws what does not have the shape of a call. */
function outcome(ask: () => AuthorizationAnswer | Wasm.AuthorizationAnswer): Outcome {
  let answer: AuthorizationAnswer | Wasm.AuthorizationAnswer
  try {
    answer = ask()
  } catch {
    return { decision: 'failure' }
  }
  if (answer.type === 'failure') return { decision: 'failure' }
  expect(answer.warnings).toEqual([])
  const { decision, diagnostics } = answer.response
  const errors = diagnostics.errors
    .map(({ policyId, error }) => ({ policyId, ...shapeOf(error as DetailedError) }))
    .sort((a, b) => (a.policyId < b.policyId ? -1 : 1))
  return { decision, reason: [...diagnostics.reason].sort(), errors }
}

/** Without the end of its place: a call of a method ends elsewhere there. */
function shapeOf({ sourceLocations = [], ...error }: DetailedError) {
  return { ...error, places: sourceLocations.map(({ label, start }) => ({ label, start })) }
}

function loadWasm(): typeof Wasm {
  // Node 20's optimiser aborts the process when it inlines calls into wasm.
  setFlagsFromString('--no-turbo-inline-js-wasm-calls')
  return createRequire(import.meta.url)('@cedar-policy/cedar-wasm/nodejs')
}
