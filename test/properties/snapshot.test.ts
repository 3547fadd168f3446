/**
 * Snapshots of random programs and policies: what is opened from one answers, counts and warns as what is opened from its
 * text, before and after updates.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type AuthorizeRequest, compile, Rune, RuneError, renderDiagnostics } from '../../src/index.ts'
import type { EntityUid } from '../../src/values/value.ts'
import type { Request } from '../oracle/cedar.ts'
import { entityJson, fieldsJson, policyText, valueJson } from './cedar-text.ts'
import { generateCedar } from './generate-cedar.ts'
import { type DatalogCase, generateDatalog, runeText } from './generate-datalog.ts'
import { runs } from './random.ts'

const CASES = runs(40)
const FIRST_SEED = Number(process.env.RUNE_SEED ?? Date.now() % 1_000_000_000)

const folder = mkdtempSync(join(tmpdir(), 'rune-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const snapshot = join(folder, 'case.img')

/** Opens a text as it is and through a snapshot; nothing where it cannot be opened. */
async function openBoth(text: string): Promise<readonly Rune[]> {
  try {
    const input = { text, path: join(folder, 'case.rune') }
    const { warnings } = await compile(input, snapshot)
    const fromText = await Rune.fromText(text, { path: input.path, coordinator: 'inline' })
    const opened = await Rune.open(snapshot, { coordinator: 'inline' })
    const rendered = [warnings, fromText.warnings, opened.warnings].map((all) =>
      renderDiagnostics(all, { color: false }),
    )
    expect(new Set(rendered).size).toBe(1)
    expect(opened.counts).toEqual(fromText.counts)
    return [fromText, opened]
  } catch (error) {
    if (error instanceof RuneError) return []
    throw error
  }
}

/** What `ask` answers, or how it fails. */
function outcome(ask: () => unknown): unknown {
  try {
    return ask()
  } catch (error) {
    if (error instanceof RuneError) return error.message
    throw error
  }
}

const queriesOf = ({ predicates }: DatalogCase): string[] =>
  predicates.map(({ name, kinds }) => `${name}(${kinds.map((_, i) => `V${i}`).join(', ')})`)

const requestOf = (request: Request | undefined): AuthorizeRequest => {
  const id = ({ type, id }: EntityUid) => ({ type, id })
  if (request === undefined) return { principal: 'U::"a"', action: 'A::"b"', resource: 'R::"c"' }
  const { principal, action, resource, context } = request
  return { principal: id(principal), action: id(action), resource: id(resource), context: fieldsJson(context) }
}

/** A decision and its explanation, of which one fails only where the other does. */
function decisionOf(rune: Rune, request: AuthorizeRequest): unknown[] {
  const decision = outcome(() => ({ ...rune.authorize(request), epoch: 0 }))
  const explanation = outcome(() => ({ ...rune.explain(request), decision }))
  expect(typeof explanation).toBe(typeof decision)
  return [decision, explanation]
}

function answers(rune: Rune, of: DatalogCase): unknown[] {
  return [
    ...decisionOf(rune, requestOf(of.request)),
    ...queriesOf(of).map((query) => outcome(() => rune.query(query).toJson())),
  ]
}

test(`${CASES} random programs from seed ${FIRST_SEED} answer from a snapshot as from their text`, {
  timeout: 600_000 + CASES * 100,
}, async () => {
  let [opened, updated] = [0, 0]
  for (let seed = FIRST_SEED; seed < FIRST_SEED + CASES; seed++) {
    const of = generateDatalog(seed)
    const engines = await openBoth(runeText(of))
    if (engines.length === 0) continue
    opened++
    const [before, after] = engines.map((rune) => answers(rune, of))
    expect(after, `seed ${seed}`).toEqual(before)
    const changes = of.data.filter((_, i) => (seed + i) % 3 === 0)
    const update = { remove: rowsOf(changes) }
    const told = await Promise.all(engines.map((rune) => rune.update(update).then(String, String)))
    expect(told[1], `seed ${seed}`).toBe(told[0])
    if (told[0] === '2') updated++
    const [changed, changedAfter] = engines.map((rune) => answers(rune, of))
    expect(changedAfter, `seed ${seed}, updated`).toEqual(changed)
    // What was removed stays removed, whatever the sources are read from.
    await Promise.all(engines.map((rune) => rune.reload()))
    const [reloaded, reloadedAfter] = engines.map((rune) => answers(rune, of))
    expect(reloadedAfter, `seed ${seed}, reloaded`).toEqual(reloaded)
    await Promise.all(engines.map((rune) => rune.close()))
  }
  expect(opened).toBeGreaterThan(0.6 * CASES)
  expect(updated).toBeGreaterThan(0.2 * CASES)
})

function rowsOf(facts: DatalogCase['data']): Record<string, unknown[]> {
  const rows: Record<string, unknown[]> = {}
  for (const { predicate, row } of facts) {
    rows[predicate] = [...(rows[predicate] ?? []), row.map((value) => valueJson(value))]
  }
  return rows
}

test(`${CASES} random policy sets from seed ${FIRST_SEED} decide from a snapshot as from their text`, {
  timeout: 600_000 + CASES * 100,
}, async () => {
  let opened = 0
  for (let seed = FIRST_SEED; seed < FIRST_SEED + CASES; seed++) {
    const { statics, world, request } = generateCedar(seed)
    writeFileSync(join(folder, 'entities.json'), JSON.stringify([...world.entities.values()].map(entityJson)))
    const policies = statics.map(({ policy }) => policyText(policy)).join('\n')
    const engines = await openBoth(
      `version = "rune/1.0"\n[options]\nentities = "entities.json"\n[policies]\n${policies}\n`,
    )
    if (engines.length === 0) continue
    opened++
    const [before, after] = engines.map((rune) => decisionOf(rune, requestOf(request)))
    expect(after, `seed ${seed}`).toEqual(before)
    await Promise.all(engines.map((rune) => rune.close()))
  }
  expect(opened).toBeGreaterThan(0.6 * CASES)
})
