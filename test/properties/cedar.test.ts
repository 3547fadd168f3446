/**
 * `rune-engine/cedar` against the oracle and against cedar-wasm: decisions, determining and erroring policies of random
 * policy sets, asked in every way that the API has. Integers that cedar-wasm would round are for the oracle alone.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type AuthorizationAnswer,
  type AuthorizationCall,
  isAuthorized,
  preparseEntities,
  preparsePolicySet,
  statefulIsAuthorized,
} from '../../src/cedar.ts'
import { policyToJson } from '../../src/syntax/cedar/est.ts'
import type { Value } from '../../src/values/value.ts'
import { type Answer, authorize, type NamedPolicy } from '../oracle/cedar.ts'
import { callOf, createReference } from './cedar-reference.ts'
import { policyText } from './cedar-text.ts'
import { type CedarCase, generateCedar, policiesOf } from './generate-cedar.ts'
import { plainJson } from './plain-json.ts'
import { createRandom, runs, smallest } from './random.ts'

/** How a case is asked. */
type Ask = (cedarCase: CedarCase) => AuthorizationAnswer

const asText: Ask = (cedarCase) => isAuthorized(ourCall(cedarCase))

const asJson: Ask = (cedarCase) => {
  const { context, entities, ...call } = ourCall(cedarCase)
  return isAuthorized({ ...call, context: jsonText(context), entities: jsonText(entities) })
}

const asObjects: Ask = (cedarCase) => {
  const call = ourCall(cedarCase)
  const objects = (policies: readonly NamedPolicy[]) =>
    Object.fromEntries(policies.map(({ id, policy }) => [id, plainJson(policyToJson(policy)) as object]))
  const policies = {
    ...call.policies,
    staticPolicies: objects(cedarCase.statics),
    templates: objects(cedarCase.templates),
  }
  return isAuthorized({ ...call, policies })
}

/** A policy set must not remember what it was asked before. */
const preparsed: Ask = (cedarCase) => {
  const { policies, ...call } = ourCall(cedarCase)
  const stateful = { ...call, preparsedPolicySetId: 'set' }
  expect(preparsePolicySet('set', policies)).toEqual({ type: 'success' })
  const { policies: _, ...other } = ourCall(generateCedar(cedarCase.world.uids.length))
  statefulIsAuthorized({ ...other, preparsedPolicySetId: 'set' })
  const answer = statefulIsAuthorized(stateful)
  expect(statefulIsAuthorized(stateful)).toEqual(answer)
  return answer
}

/** Neither must a store of entities, nor what was compiled for it. */
const kept: Ask = (cedarCase) => {
  const { policies, entities, ...call } = ourCall(cedarCase)
  const stateful = { ...call, preparsedPolicySetId: 'kept', preparsedEntitiesId: 'kept' }
  expect(preparsePolicySet('kept', policies)).toEqual({ type: 'success' })
  expect(preparseEntities('kept', entities)).toEqual({ type: 'success' })
  const { policies: _, entities: __, ...other } = ourCall(generateCedar(cedarCase.world.uids.length))
  statefulIsAuthorized({ ...stateful, ...other })
  const answer = statefulIsAuthorized(stateful)
  for (let time = 0; time < INTERPRETED; time++) expect(statefulIsAuthorized(stateful)).toEqual(answer)
  return answer
}

/** Afterwards, code is generated. */
const INTERPRETED = 4

const reference = createReference()

test.each([
  ['text', asText],
  ['JSON text', asJson],
  ['objects', asObjects],
  ['a preparsed set', preparsed],
  ['preparsed entities', kept],
])('the Cedar API answers as the oracle and cedar-wasm do, asked with %s', { timeout: timeout() }, (_, ask) => {
  const shares = check(ask, (seed) => generateCedar(seed), [oracle, reference])
  // A generator whose cases all end alike would show nothing.
  expect(shares.allowed).toBeGreaterThan(0.1)
  expect(shares.failing).toBeGreaterThan(0.1)
})

test.each([
  ['as bigint', asText],
  ['in JSON text', asJson],
  ['to be preparsed', kept],
])('the Cedar API answers as the oracle does where integers are huge, given %s', { timeout: timeout() }, (_, ask) => {
  check(ask, withHugeIntegers, [oracle])
})

function timeout(): number {
  return 300_000 + runs(60_000)
}

function check(ask: Ask, generate: (seed: number) => CedarCase, judges: readonly ((one: CedarCase) => Answer)[]) {
  let [allowed, failing] = [0, 0]
  const numRuns = runs(80)
  const property = fc.property(fc.integer(), (seed) => {
    const cedarCase = generate(seed)
    const answer = answerOf(ask(cedarCase))
    if (answer.decision === 'allow') allowed++
    if (answer.errors.size > 0) failing++
    for (const judge of judges) {
      const differs = (one: CedarCase) => !agree(answerOf(ask(one)), judge(one))
      if (!agree(answer, judge(cedarCase))) disagree(cedarCase, differs, (one) => [answerOf(ask(one)), judge(one)])
    }
  })
  fc.assert(property, { numRuns, endOnFailure: true, unbiased: true })
  return { allowed: allowed / numRuns, failing: failing / numRuns }
}

function oracle(cedarCase: CedarCase): Answer {
  return authorize({ policies: policiesOf(cedarCase), request: cedarCase.request, entities: cedarCase.world.entities })
}

function agree(a: Answer, b: Answer): boolean {
  const equal = (some: ReadonlySet<string>, others: ReadonlySet<string>) =>
    some.size === others.size && [...some].every((id) => others.has(id))
  return a.decision === b.decision && equal(a.reason, b.reason) && equal(a.errors, b.errors)
}

/** Fails with the policies that it takes to differ. */
function disagree(
  cedarCase: CedarCase,
  differs: (one: CedarCase) => boolean,
  answers: (one: CedarCase) => [Answer, Answer],
): void {
  const statics = smallest(cedarCase.statics, (fewer) => differs({ ...cedarCase, statics: fewer }))
  const links = smallest(cedarCase.links, (fewer) => differs({ ...cedarCase, statics, links: fewer }))
  const small = { ...cedarCase, statics, links }
  const text = policiesOf(small).map(({ id, policy }) => `// ${id}\n${policyText(policy)}`)
  const [ours, theirs] = answers(small)
  expect(ours, text.join('\n')).toEqual(theirs)
}

function answerOf(answer: AuthorizationAnswer): Answer {
  if (answer.type === 'failure') throw new Error(JSON.stringify(answer.errors))
  const { decision, diagnostics } = answer.response
  return {
    decision,
    reason: new Set(diagnostics.reason),
    errors: new Set(diagnostics.errors.map(({ policyId }) => policyId)),
  }
}

/** cedar-wasm's types are ours but for integers. */
function ourCall(cedarCase: CedarCase): AuthorizationCall {
  return callOf(cedarCase) as AuthorizationCall
}

/** A case whose data holds integers near the ends of 64 bits and around 2^53. */
function withHugeIntegers(seed: number): CedarCase {
  const cedarCase = generateCedar(seed)
  const random = createRandom(seed)
  const huge = (value: Value): Value => {
    if (typeof value === 'bigint') return random.pick(HUGE)
    if (typeof value !== 'object') return value
    if (value.kind === 'set') return { kind: 'set', elements: value.elements.map(huge) }
    return value.kind === 'record' ? { kind: 'record', fields: fields(value.fields) } : value
  }
  const fields = (some: ReadonlyMap<string, Value>) => new Map([...some].map(([key, value]) => [key, huge(value)]))
  const entities = new Map(
    [...cedarCase.world.entities].map(([key, one]) => [
      key,
      { ...one, attrs: fields(one.attrs), tags: fields(one.tags) },
    ]),
  )
  return {
    ...cedarCase,
    world: { ...cedarCase.world, entities },
    request: { ...cedarCase.request, context: fields(cedarCase.request.context) },
  }
}

const HUGE = [
  7n,
  2n ** 53n,
  2n ** 53n + 1n,
  -(2n ** 53n) - 1n,
  2n ** 62n,
  2n ** 63n - 1n,
  2n ** 63n - 2n,
  -(2n ** 63n),
  -(2n ** 63n) + 1n,
] as const

function jsonText(json: unknown): string {
  if (typeof json === 'bigint') return `${json}`
  if (Array.isArray(json)) return `[${json.map(jsonText).join(', ')}]`
  if (typeof json !== 'object' || json === null) return JSON.stringify(json)
  return `{${Object.entries(json)
    .map(([key, value]) => `${JSON.stringify(key)}: ${jsonText(value)}`)
    .join(', ')}}`
}
