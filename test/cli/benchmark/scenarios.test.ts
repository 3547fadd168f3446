/** The scenarios: each opens, its requests come out as it claims, its updates apply, and a seed says it all. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createDraw } from '../../../src/cli/benchmark/random.ts'
import type { Outcome, Scenario } from '../../../src/cli/benchmark/scenario.ts'
import { SCENARIOS } from '../../../src/cli/benchmark/scenarios.ts'
import { Rune } from '../../../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'rune-scenarios-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function open({ files }: Scenario): Promise<Rune> {
  const place = mkdtempSync(join(folder, 'scenario-'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(place, name), text)
  return await Rune.open(join(place, 'main.rune'), { coordinator: 'inline' })
}

describe.each([...SCENARIOS])('%s', (_name, make) => {
  test.each([1, 2, 3])('its requests come out as it claims, with the seed %i', async (seed) => {
    const scenario = make(createDraw(seed), 0.05)
    const rune = await open(scenario)
    const draw = createDraw(seed)
    const counts: Partial<Record<Outcome, number>> = {}
    for (let i = 0; i < 500; i++) {
      const { decision } = rune.authorize(scenario.request(draw))
      counts[decision] = (counts[decision] ?? 0) + 1
    }
    await rune.close()
    expect(Object.keys(counts).sort()).toEqual([...scenario.outcomes].sort())
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(5)
  })

  test('its updates apply, and take back what they did', async () => {
    const scenario = make(createDraw(1), 0.05)
    const rune = await open(scenario)
    for (let i = 0; i < 4; i++) expect(await rune.update(scenario.update(i))).toBeGreaterThan(1)
    await rune.close()
  })

  test('the same seed makes the same, and another one something else', () => {
    const textOf = (seed: number) => {
      const { files, request } = make(createDraw(seed), 0.05)
      const draw = createDraw(seed)
      return JSON.stringify([files, Array.from({ length: 20 }, () => request(draw))])
    }
    expect(textOf(1)).toBe(textOf(1))
    expect(textOf(1)).not.toBe(textOf(2))
  })
})
