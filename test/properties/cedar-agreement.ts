/**
 * Random policy sets, asked many requests each: the Cedar API, with a schema and without, with entities that are kept and
 * without, and an engine that is opened from the same policies and entities, answer as cedar-wasm does. Decisions, determining
 * and erroring policies are compared.
 *
 * What may differ, all of it, and why:
 * - A policy that is nested 1,000 deep, which some sets hold for a first request: cedar-wasm traps and is started again, and
 *   ours refuse it. What a fresh instance traps at too has no answer to compare with.
 * - Integers of entities and contexts beyond 2^53, which cedar-wasm rounds: data that is generated here has none, policies do.
 * - The words of a refusal: that both refuse is compared.
 */
import { rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import type * as Wasm from '@cedar-policy/cedar-wasm/nodejs'
import {
  type AuthorizationAnswer,
  preparseEntities,
  preparsePolicySet,
  preparseSchema,
  type StatefulAuthorizationCall,
  statefulIsAuthorized,
} from '../../src/cedar.ts'
import { Rune } from '../../src/index.ts'
import type { Policy } from '../../src/syntax/cedar/ast.ts'
import type { NamedPolicy, Request } from '../oracle/cedar.ts'
import { span } from './cedar-expressions.ts'
import { callOf } from './cedar-reference.ts'
import { schemaOf } from './cedar-schema.ts'
import { fieldsJson, policyText, uidText } from './cedar-text.ts'
import { type CedarCase, generateCedar, randomRequest } from './generate-cedar.ts'
import { createRandom, smallest } from './random.ts'

export interface CedarCounts {
  sets: number
  withSchema: number
  /** Asked of cedar-wasm, and of at least one of ours. */
  requests: number
  allowed: number
  /** With a policy that failed. */
  failing: number
  /** Requests that cedar-wasm refuses. */
  refused: number
  /** Requests that were asked of an engine too. */
  ofEngine: number
  /** Of cedar-wasm, after a trap. */
  restarts: number
}

/** A policy set and what it is asked. */
interface CedarSet {
  readonly one: CedarCase
  readonly requests: readonly Request[]
  readonly schema: object | undefined
}

/** What two answers must have in common, as text; `undefined` where there is none. */
type Outcome = string | undefined
type Ask = (request: Request) => Outcome

export interface CedarSubject {
  readonly counts: CedarCounts
  readonly attempt: (seed: number) => Promise<string | undefined>
}

const REQUESTS = 25
const MANY = 200

/** How the set of a seed is answered differently from cedar-wasm; `undefined` where it is not. */
export function openCedarSubject(): CedarSubject {
  const counts = { sets: 0, withSchema: 0, requests: 0, allowed: 0, failing: 0, refused: 0, ofEngine: 0, restarts: 0 }
  const reference: Reference = { counts, wasm: undefined, sets: 0 }
  const attempt = async (seed: number) => {
    const random = createRandom(~seed)
    // Of more than a few policies, an index finds those to ask.
    const one = generateCedar(seed, random.chance(0.06) ? MANY : 9)
    const requests = random.list(REQUESTS, REQUESTS, () => {
      const request = randomRequest(random, one.world)
      // A schema refuses it.
      return random.chance(0.05) ? { ...request, principal: request.action } : request
    })
    const set = { one, requests, schema: random.chance(0.4) ? schemaOf(one.world) : undefined }
    counts.sets++
    if (set.schema) counts.withSchema++
    const tooDeep = random.chance(0.005) ? checkTooDeep(reference, set) : undefined
    return tooDeep ?? (await inMode(random.pick(MODES), () => difference(reference, set)))
  }
  return { counts, attempt }
}

/** Of `RUNE_CODEGEN`: code after a few requests, never, and from the first on. */
const MODES = ['', '0', '1'] as const

/** `work` with code or closures, where the environment does not say which; a difference with which it was. */
async function inMode(mode: string, work: () => Promise<string | undefined>): Promise<string | undefined> {
  const given = process.env['RUNE_CODEGEN']
  process.env['RUNE_CODEGEN'] = given ?? mode
  try {
    const problem = await work()
    return problem && `RUNE_CODEGEN=${given ?? mode} ${problem}`
  } finally {
    if (given === undefined) delete process.env['RUNE_CODEGEN']
  }
}

async function difference(reference: Reference, set: CedarSet): Promise<string | undefined> {
  const { counts } = reference
  const theirs = answersOf(askThere(reference, set), set)
  for (const outcome of theirs) {
    counts.requests++
    if (outcome?.startsWith('allow')) counts.allowed++
    if (outcome?.startsWith('refused')) counts.refused++
    if (outcome !== undefined && !/refused|failed \[\]$/.test(outcome)) counts.failing++
  }
  for (const [way, ask] of Object.entries(WAYS)) {
    const api = firstDifference(theirs, answersOf(ask(set), set))
    if (api !== undefined) return describe(set, api, way, (few) => differsHere(reference, ask, few))
  }
  if (set.schema) return undefined
  const engine = firstDifference(theirs, await askEngine(set))
  counts.ofEngine += theirs.length
  return engine === undefined ? undefined : describe(set, engine, 'an engine', () => false)
}

function answersOf(ask: Ask, { requests }: CedarSet): Outcome[] {
  return requests.map(ask)
}

interface Difference {
  readonly request: number
  readonly theirs: string
  readonly ours: Outcome
}

/** Where cedar-wasm has an answer, and ours is another. */
function firstDifference(theirs: readonly Outcome[], ours: readonly Outcome[]): Difference | undefined {
  const request = theirs.findIndex((outcome, i) => outcome !== undefined && outcome !== ours[i])
  const outcome = theirs[request]
  return outcome === undefined ? undefined : { request, theirs: outcome, ours: ours[request] }
}

function differsHere(reference: Reference, ask: (set: CedarSet) => Ask, set: CedarSet): boolean {
  return firstDifference(answersOf(askThere(reference, set), set), answersOf(ask(set), set)) !== undefined
}

/** Says what is different, with the policies that it takes. */
function describe(
  { one, requests, schema }: CedarSet,
  { request, theirs, ours }: Difference,
  who: string,
  differs: (set: CedarSet) => boolean,
): string {
  const only = requests.slice(request, request + 1)
  const statics = smallest(one.statics, (few) => differs({ one: { ...one, statics: few }, requests: only, schema }))
  const links = smallest(one.links, (few) => differs({ one: { ...one, statics, links: few }, requests: only, schema }))
  const call = JSON.stringify(callOf({ ...one, statics, links, request: only[0] ?? one.request }), undefined, 1)
  return `request ${request}${schema ? ', with a schema' : ''}: cedar-wasm: ${theirs}; ${who}: ${ours}\n${call}`
}

function askHere({ one, schema }: CedarSet): Ask {
  const { policies, ...call } = callOf(one)
  const parsed = [preparsePolicySet('set', policies), ...(schema ? [preparseSchema('schema', schema)] : [])]
  if (parsed.some(({ type }) => type === 'failure')) return () => `refused: ${JSON.stringify(parsed)}`
  const rest = { preparsedPolicySetId: 'set', ...(schema && { preparsedSchemaName: 'schema' }) }
  return (request) => {
    const asked = { ...call, ...requestJson(request), ...rest } as StatefulAuthorizationCall
    return outcomeOf(statefulIsAuthorized(asked))
  }
}

/** With entities that are preparsed; what the first asking of a request leaves behind must not change the second. */
function askKept({ one, schema }: CedarSet): Ask {
  const { policies, entities } = callOf(one)
  const parsed = [
    preparsePolicySet('set', policies),
    preparseEntities('set', entities, schema),
    ...(schema ? [preparseSchema('schema', schema)] : []),
  ]
  if (parsed.some(({ type }) => type === 'failure')) return () => `refused: ${JSON.stringify(parsed)}`
  const names = { preparsedPolicySetId: 'set', preparsedEntitiesId: 'set' }
  const rest = { ...names, ...(schema && { preparsedSchemaName: 'schema' }) }
  return (request) => {
    const ask = () => outcomeOf(statefulIsAuthorized({ ...requestJson(request), ...rest } as StatefulAuthorizationCall))
    const [first, second] = [ask(), ask()]
    return first === second ? first : `${first}, and then ${second}`
  }
}

/** How the Cedar API is asked. */
const WAYS: Readonly<Record<string, (set: CedarSet) => Ask>> = {
  'the Cedar API': askHere,
  'the Cedar API, about entities that are kept': askKept,
}

/** A request as the API takes it. */
export function requestJson({ principal, action, resource, context }: Request) {
  const plain = ({ type, id }: Request['principal']) => ({ type, id })
  return {
    principal: plain(principal),
    action: plain(action),
    resource: plain(resource),
    context: fieldsJson(context) as Wasm.Context,
  }
}

/** Without the reason of a refusal, which each says in its own words. */
function outcomeOf(answer: AuthorizationAnswer | Wasm.AuthorizationAnswer): string {
  if (answer.type === 'failure') return 'refused'
  const { decision, diagnostics } = answer.response
  return outcomeText({
    decision,
    reasons: diagnostics.reason,
    failed: diagnostics.errors.map(({ policyId }) => policyId),
  })
}

function outcomeText(parts: { decision: string; reasons: readonly string[]; failed: readonly string[] }): string {
  return `${parts.decision} by [${[...parts.reasons].sort()}], failed [${[...parts.failed].sort()}]`
}

/** What an engine answers that is opened from the policies as text, and the entities as a file. */
async function askEngine({ one, requests }: CedarSet): Promise<Outcome[]> {
  const path = join(tmpdir(), `rune-fuzz-${process.pid}.json`)
  writeFileSync(path, JSON.stringify(callOf(one).entities))
  const rune = await Rune.fromText(configurationOf(one, path), { coordinator: 'inline' })
  try {
    return requests.map((request) => {
      const { decision, allowed, reasons, errors } = rune.authorize(requestJson(request))
      const failed = errors.map(({ id }) => id)
      return outcomeText({ decision: allowed ? 'allow' : 'deny', reasons: decision === 'deny' ? [] : reasons, failed })
    })
  } finally {
    await rune.close()
    rmSync(path)
  }
}

/** The policies of a case as a `.rune` file that reads its entities from `entities`. */
export function configurationOf(
  { statics, templates, links }: CedarCase,
  entities: string,
  onPolicyError: 'deny' | 'skip' | 'strict' = 'skip',
): string {
  const named = ({ id, policy }: NamedPolicy) => `@id("${id}")\n${policyText({ ...policy, annotations: [] })}`
  const linked = links.map(({ id, template, slots }) => {
    const values = [...slots].map(([slot, uid]) => `"${slot}" = '${uidText(uid)}'`)
    return `[[options.links]]\ntemplate = "${template}"\nid = "${id}"\nvalues = { ${values.join(', ')} }`
  })
  return [
    'version = "rune/1.0"',
    '[options]',
    'globs = false',
    `on_policy_error = "${onPolicyError}"`,
    `entities = ${JSON.stringify(entities)}`,
    ...linked,
    '[policies]',
    ...[...statics, ...templates].map(named),
  ].join('\n')
}

/** cedar-wasm, in an instance that is thrown away after a trap, and now and then since its memory only grows. */
interface Reference {
  readonly counts: CedarCounts
  wasm: typeof Wasm | undefined
  sets: number
}

const SETS_MAX = 2000

/** A request during which a fresh instance traps too has no answer. */
function askThere(reference: Reference, set: CedarSet): Ask {
  if (++reference.sets % SETS_MAX === 0) reference.wasm = undefined
  let ask: Ask | undefined
  const attempt = (request: Request): Outcome => {
    try {
      ask ??= preparse((reference.wasm ??= loadWasm()), set)
      return ask(request)
    } catch (error) {
      if (!(error instanceof Error && ['RuntimeError', 'RangeError'].includes(error.name))) throw error
      reference.counts.restarts++
      reference.wasm = undefined
      ask = undefined
      return undefined
    }
  }
  return (request) => attempt(request) ?? attempt(request)
}

function preparse(wasm: typeof Wasm, { one, schema }: CedarSet): Ask {
  const { policies, ...call } = callOf(one)
  const parsed = [
    wasm.preparsePolicySet('set', policies),
    ...(schema ? [wasm.preparseSchema('schema', schema as Wasm.Schema)] : []),
  ]
  if (parsed.some(({ type }) => type === 'failure')) return () => `refused: ${JSON.stringify(parsed)}`
  const rest = { preparsedPolicySetId: 'set', ...(schema && { preparsedSchemaName: 'schema' }) }
  return (request) => outcomeOf(wasm.statefulIsAuthorized({ ...call, ...requestJson(request), ...rest }))
}

/** An instance of its own: the package keeps its state in its module. */
function loadWasm(): typeof Wasm {
  // Node 20's optimiser aborts the process when it inlines calls into wasm.
  setFlagsFromString('--no-turbo-inline-js-wasm-calls')
  const require = createRequire(import.meta.url)
  const path = require.resolve('@cedar-policy/cedar-wasm/nodejs')
  delete require.cache[path]
  return require(path)
}

/** A policy that nobody can read: cedar-wasm traps, and ours refuse the set; the next question is answered as ever. */
function checkTooDeep(reference: Reference, { one, requests, schema }: CedarSet): string | undefined {
  const deep = { ...one, statics: [...one.statics, { id: 'deep', policy: deepPolicy() }] }
  const set = { one: deep, requests: requests.slice(0, 1), schema }
  const before = reference.counts.restarts
  const [theirs] = answersOf(askThere(reference, set), set)
  const [ours] = answersOf(askHere(set), set)
  const isAsExpected = theirs === undefined && reference.counts.restarts === before + 2 && ours?.startsWith('refused')
  return isAsExpected ? undefined : `a policy that is too deep: cedar-wasm: ${theirs}; the Cedar API: ${ours}`
}

function deepPolicy(): Policy {
  let body: Policy['conditions'][number]['body'] = { kind: 'literal', value: true, span }
  for (let i = 0; i < 1000; i++) body = { kind: 'not', operand: body, span }
  const any = { kind: 'any', span } as const
  const conditions = [{ kind: 'when', body, span } as const]
  return { annotations: [], effect: 'permit', principal: any, action: any, resource: any, conditions, span }
}
