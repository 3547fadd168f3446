/**
 * Explanations of random policies: they decide as decisions do, each clause and each part of it comes to what the oracle makes
 * of its text, the values are those that the oracle finds, and what nothing permits says why not.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type Cause, type Clause, type ClausePart, type Explanation, Rune } from '../../src/index.ts'
import { parsePolicies } from '../../src/syntax/cedar/parse.ts'
import { Diagnostics } from '../../src/text/diagnostic.ts'
import type { Value } from '../../src/values/value.ts'
import { type Environment, evaluate, isSatisfied, type NamedPolicy } from '../oracle/cedar.ts'
import { CedarError } from '../oracle/cedar-extensions.ts'
import { configurationOf, requestJson } from './cedar-agreement.ts'
import { callOf } from './cedar-reference.ts'
import { type CedarCase, generateCedar, policiesOf, randomRequest } from './generate-cedar.ts'
import { createRandom, runs } from './random.ts'

const CASES = runs(50)
const FIRST_SEED = Number(process.env.RUNE_SEED ?? Date.now() % 1_000_000_000)
const REQUESTS = 6

const folder = mkdtempSync(join(tmpdir(), 'rune-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** How often each kind of statement was made and held; a generator that makes few shows little. */
const counts = { clauses: 0, parts: 0, values: 0, absent: 0, whyNot: 0, failed: 0 }

test(`${CASES} random policy sets from seed ${FIRST_SEED} are explained as the oracle would`, {
  timeout: 600_000 + CASES * 100,
}, async () => {
  const entities = join(folder, 'entities.json')
  for (let seed = FIRST_SEED; seed < FIRST_SEED + CASES; seed++) {
    const one = generateCedar(seed)
    writeFileSync(entities, JSON.stringify(callOf(one).entities))
    const rune = await Rune.fromText(configurationOf(one, entities), { coordinator: 'inline' })
    const random = createRandom(~seed)
    for (let i = 0; i < REQUESTS; i++) {
      const request = i === 0 ? one.request : randomRequest(random, one.world)
      const explanation = rune.explain(requestJson(request))
      expect(explanation.decision, `seed ${seed}`).toEqual(rune.authorize(requestJson(request)))
      check(one, explanation, { ...request, entities: one.world.entities }, `seed ${seed}, request ${i}`)
    }
    await rune.close()
  }
  expect(counts.clauses).toBeGreaterThan(CASES * REQUESTS)
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(0.1 * CASES)
})

function check(one: CedarCase, { decision, because, whyNot }: Explanation, world: Environment, where: string): void {
  const policies = new Map(policiesOf(one).map((policy) => [policy.id, policy]))
  for (const cause of because) {
    const outcomes = cause.clauses?.map(({ outcome }) => outcome) ?? []
    expect(
      outcomes.every((outcome, i) => outcome === 'true' || i === outcomes.length - 1),
      where,
    ).toBe(true)
    expect(outcomes.at(-1) ?? 'true', where).toBe(cause.outcome === 'failed' ? 'failed' : 'true')
    if (cause.outcome === 'failed') counts.failed++
    checkPolicy(cause, policies, world, where)
  }
  const permits = one.statics.concat(linksOf(policies)).filter(({ policy }) => policy.effect === 'permit')
  const others = because.filter(({ effect }) => effect === 'permit')
  const isOpen = decision.decision === 'deny' && others.every(({ outcome }) => outcome === 'failed')
  expect(whyNot !== undefined, where).toBe(isOpen)
  if (!whyNot) return
  expect(whyNot.permits.length + whyNot.more + others.length, where).toBe(permits.length)
  for (const cause of whyNot.permits) {
    counts.whyNot++
    expect(cause.effect, where).toBe('permit')
    expect(cause.clauses?.filter(({ outcome }) => outcome === 'false').length, where).toBeGreaterThan(0)
    checkPolicy(cause, policies, world, where)
  }
}

function linksOf(policies: ReadonlyMap<string, NamedPolicy>): NamedPolicy[] {
  return [...policies.values()].filter(({ slots }) => slots !== undefined)
}

function checkPolicy(
  { id, outcome, clauses = [] }: Cause,
  policies: ReadonlyMap<string, NamedPolicy>,
  world: Environment,
  where: string,
): void {
  const { policy, slots = new Map() } = policies.get(id) as NamedPolicy
  const truth = attempt(() => isSatisfied(policy, slots, world))
  expect(outcome, `${where}, ${id}`).toBe(truth === true ? 'satisfied' : truth === false ? 'unsatisfied' : 'failed')
  for (const clause of clauses) checkClause(clause, world, `${where}, ${id}: ${clause.text}`)
}

function checkClause(clause: Clause, world: Environment, where: string): void {
  counts.clauses++
  const slots = clause.because.flatMap(({ values }) => values.filter(({ text }) => text.startsWith('?')))
  const filled = (text: string) => slots.reduce((all, slot) => all.replace(slot.text, () => slot.value), text)
  expect(clause.because.length, where).toBeGreaterThan(0)
  expect(outcomeOf(filled(clause.text), world) ?? clause.outcome, where).toBe(clause.outcome)
  for (const part of clause.because) {
    counts.parts++
    expect(outcomeOf(filled(part.text), world) ?? part.outcome, `${where}: ${part.text}`).toBe(part.outcome)
    checkValues(part, world, where)
  }
  const { outcome } = clause
  if (outcome === 'failed') expect(clause.because.some((part) => part.outcome === 'failed' && part.message)).toBe(true)
}

function checkValues({ values }: ClausePart, world: Environment, where: string): void {
  for (const { text, value } of values) {
    if (text.startsWith('?') || text.endsWith('…') || value.endsWith('…')) continue
    if (value === 'absent') {
      counts.absent++
      expect(
        attempt(() => oracleValue(text, world)),
        `${where}: ${text}`,
      ).toBe('failed')
    } else {
      counts.values++
      expect(oracleValue(`(${text}) == (${value})`, world), `${where}: ${text} = ${value}`).toBe(true)
    }
  }
}

/** What the oracle makes of a clause or a part of one; of what was cut nothing. */
function outcomeOf(text: string, world: Environment): string | undefined {
  if (text.endsWith('…')) return undefined
  const unless = /^unless\s*{(.*)}$/s.exec(text)
  const truth = attempt(() => oracleValue(unless?.[1] ?? text, world))
  if (typeof truth !== 'boolean') return 'failed'
  return String(unless ? !truth : truth)
}

function oracleValue(text: string, world: Environment): Value {
  const diagnostics = new Diagnostics()
  const source = { path: '<part>', text: `permit(principal, action, resource) when { ${text} };` }
  const body = parsePolicies({ source }, diagnostics)[0]?.conditions[0]?.body
  if (body === undefined || diagnostics.hasErrors) throw new Error(`no expression: ${text}`)
  return evaluate(body, world)
}

function attempt<T>(work: () => T): T | 'failed' {
  try {
    return work()
  } catch (error) {
    if (error instanceof CedarError) return 'failed'
    throw error
  }
}
