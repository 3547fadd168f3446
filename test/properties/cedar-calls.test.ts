/**
 * Calls of the Cedar API that are nearly right: parts of a request, its context and its entities are dropped, doubled,
 * moved and replaced. Whatever fails for cedar-wasm fails here, and all else has its answer; with a schema and without, and
 * with the entities preparsed.
 */
import { createRequire } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import type * as Wasm from '@cedar-policy/cedar-wasm/nodejs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type AuthorizationAnswer,
  type CheckParseAnswer,
  preparseEntities,
  preparsePolicySet,
  preparseSchema,
  type StatefulAuthorizationCall,
  statefulIsAuthorized,
} from '../../src/cedar.ts'
import { createRandom, type Random, runs } from './random.ts'

const SCHEMA = `type Limits = { soft?: Long, hard: Long };
entity Org enum ["a", "b"];
entity Group in [Group, Org];
entity User in Group { name: String, boss?: User, ips?: Set<ipaddr>, limits?: Limits, "odd key"?: Bool } tags Set<String>;
entity Doc { owner: User, since?: datetime, price?: decimal };
action all; action edit in all; action read in [all] appliesTo {
  principal: [User, Org], resource: Doc, context: { now?: datetime, for?: duration, who?: User, tags?: Set<String>, n?: Long }
};`

const POLICIES = `permit(principal in Group::"g", action in Action::"all", resource) when { resource.owner == principal };
permit(principal in Org::"a", action, resource) unless { context has n && context.n > 3 };
forbid(principal, action, resource) when { principal.ips.contains(ip("10.0.0.1")) };
forbid(principal, action, resource) when { context.now < resource.since || principal.getTag("t").contains("x") };`

const alice = { type: 'User', id: 'alice' }
const extension = (fn: string, arg: string) => ({ __extn: { fn, arg } })
const BASE = {
  principal: alice,
  action: { type: 'Action', id: 'read' },
  resource: { type: 'Doc', id: 'd' },
  context: { now: '2024-01-01', for: extension('duration', '1h'), who: { __entity: alice }, tags: ['x'], n: 3 },
  entities: [
    {
      uid: alice,
      attrs: { name: 'Alice', boss: { type: 'User', id: 'bob' }, ips: ['10.0.0.1', extension('ip', '::1'), '::/0'] },
      parents: [{ type: 'Group', id: 'g' }],
      tags: { t: ['x', '', 'y'] },
    },
    { uid: { __entity: { type: 'User', id: 'bob' } }, attrs: { name: '', limits: { hard: -1 } }, parents: [] },
    { uid: { type: 'Group', id: 'g' }, attrs: {}, parents: [{ type: 'Org', id: 'a' }] },
    {
      uid: { type: 'Doc', id: 'd' },
      attrs: { owner: { __entity: alice }, since: extension('datetime', '2023-01-01'), price: '1.5' },
      parents: [],
    },
    { uid: { type: 'Action', id: 'read' }, attrs: {}, parents: [{ type: 'Action', id: 'all' }] },
  ],
}

const STRAY: readonly unknown[] = [
  null,
  true,
  1,
  '',
  '1.2.3.4',
  '2024-01-01',
  '1d',
  [],
  {},
  alice,
  { __entity: alice },
  { __extn: '1.0' },
  { fn: 'decimal', arg: '1.0' },
  extension('decimal', '1.0'),
  extension('ip', 'x'),
  { __extn: { fn: 'offset', args: ['2024-01-01', '1d'] } },
  { __expr: 'User::"alice"' },
]
const KEYS = [
  'uid',
  'attrs',
  'parents',
  'tags',
  'type',
  'id',
  '__extn',
  '__entity',
  'fn',
  'arg',
  'odd key',
  '__proto__',
]

test('calls that are nearly right succeed and fail as with cedar-wasm', { timeout: 300_000 + runs(60_000) }, () => {
  preparse({ preparsePolicySet, preparseSchema })
  let wasm = preparse(loadWasm())
  let [calls, failures] = [0, 0]
  const numRuns = runs(800)
  const property = fc.property(fc.integer(), (seed) => {
    if (++calls % WASM_CALLS_MAX === 0) wasm = preparse(loadWasm())
    const call = randomCall(createRandom(seed))
    const theirs = outcomeThere(wasm, call)
    if (theirs === 'failure') failures++
    const ours = outcome(statefulIsAuthorized(call))
    expect(outcomeKept(call), JSON.stringify(call)).toBe(ours)
    if (ours === 'failure' && hasPair(call)) return
    expect(ours, JSON.stringify(call)).toBe(theirs)
  })
  fc.assert(property, { numRuns, endOnFailure: true, unbiased: true })
  expect(failures / numRuns).toBeGreaterThan(0.2)
  expect(failures / numRuns).toBeLessThan(0.8)
})

/** Each call that it throws costs an instance of cedar-wasm a piece of its stack. */
const WASM_CALLS_MAX = 2000

/** An instance of its own: the package keeps its state in its module. */
function loadWasm(): typeof Wasm {
  // Node 20's optimiser aborts the process when it inlines calls into wasm.
  setFlagsFromString('--no-turbo-inline-js-wasm-calls')
  const require = createRequire(import.meta.url)
  const path = require.resolve('@cedar-policy/cedar-wasm/nodejs')
  delete require.cache[path]
  return require(path)
}

interface Preparser {
  readonly preparsePolicySet: (id: string, policies: { staticPolicies: string }) => CheckParseAnswer
  readonly preparseSchema: (name: string, schema: string) => CheckParseAnswer
}

function preparse<T extends Preparser>(api: T): T {
  expect(api.preparsePolicySet('calls', { staticPolicies: POLICIES })).toEqual({ type: 'success' })
  expect(api.preparseSchema('calls', SCHEMA)).toEqual({ type: 'success' })
  return api
}

function randomCall(random: Random): StatefulAuthorizationCall {
  const parts = structuredClone(BASE)
  random.list(0, 3, () => change(random, parts))
  return {
    ...parts,
    preparsedPolicySetId: 'calls',
    ...(random.chance(0.7) && { preparsedSchemaName: 'calls' }),
    ...(random.chance(0.3) && { validateRequest: false }),
  } as StatefulAuthorizationCall
}

/** A property or an element, of whatever holds it. */
interface Place {
  readonly holder: Record<string, unknown>
  readonly key: string
}

/** Changes one place of `root`. */
function change(random: Random, root: object): void {
  const places = placesIn(root)
  if (places.length === 0) return
  const { holder, key } = random.pick(places)
  const set = (name: string, value: unknown) =>
    Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true })
  const other = random.pick(places)
  const changes = [
    () => (Array.isArray(holder) ? holder.splice(Number(key), 1) : delete holder[key]),
    () => set(key, structuredClone(other.holder[other.key])),
    () => set(key, structuredClone(random.pick(STRAY))),
    () => (Array.isArray(holder) ? holder.push(holder[Number(key)]) : set(random.pick(KEYS), holder[key])),
    () =>
      set(key, typeof holder[key] === 'string' ? `${holder[key]}${random.pick(['x', ' ', '\0', '0'])}` : [holder[key]]),
  ]
  random.pick(changes)()
}

function placesIn(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return []
  const holder = value as Record<string, unknown>
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...placesIn(holder[key])])
}

/** cedar-wasm takes the list `["User", "alice"]` for `{ type, id }`, and so on, though its format has no such lists. */
function hasPair(value: unknown): boolean {
  return placesIn(value).some(({ holder, key }) => {
    const list = holder[key]
    return key !== 'args' && Array.isArray(list) && list.length === 2 && typeof list[0] === 'string'
  })
}

/** cedar-wasm throws what does not have the shape of a call; a trap is no answer. */
function outcomeThere(wasm: typeof Wasm, call: StatefulAuthorizationCall): string {
  try {
    return outcome(wasm.statefulIsAuthorized(call as unknown as Wasm.StatefulAuthorizationCall))
  } catch (error) {
    if (error instanceof Error && error.name === 'RuntimeError') throw error
    return 'failure'
  }
}

/** The same call about entities that were preparsed, made thrice: what was found out about the first is used by the others. */
function outcomeKept({ entities, ...call }: StatefulAuthorizationCall): string {
  const isRead = call.preparsedSchemaName !== undefined
  const read = preparseEntities('calls', entities as never, isRead ? SCHEMA : undefined)
  if (read.type === 'failure') return 'failure'
  const ask = () => outcome(statefulIsAuthorized({ ...call, preparsedEntitiesId: 'calls' } as never))
  const first = ask()
  for (let time = 0; time < 2; time++) expect(ask(), JSON.stringify(call)).toBe(first)
  return first
}

function outcome(answer: AuthorizationAnswer | Wasm.AuthorizationAnswer): string {
  if (answer.type === 'failure') return 'failure'
  const { decision, diagnostics } = answer.response
  const errors = diagnostics.errors.map(({ policyId }) => policyId)
  return `${decision} by [${[...diagnostics.reason].sort()}], errors [${errors.sort()}]`
}
