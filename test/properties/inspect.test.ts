/** Random programs: whatever can be opened can be inspected, and its numbers are those of its rows. */
import { expect, test } from 'vitest'
import { Rune, RuneError } from '../../src/index.ts'
import { generateDatalog, runeText } from './generate-datalog.ts'
import { runs } from './random.ts'

const CASES = runs(60)
const FIRST_SEED = Number(process.env.RUNE_SEED ?? Date.now() % 1_000_000_000)

test(`${CASES} random programs from seed ${FIRST_SEED} can be inspected`, {
  timeout: 300_000 + CASES * 500,
}, async () => {
  let opened = 0
  for (let seed = FIRST_SEED; seed < FIRST_SEED + CASES; seed++) {
    const rune = await open(runeText(generateDatalog(seed)))
    if (!rune) continue
    opened++
    const { predicates } = rune.inspect()
    expect(rune.inspect().predicates, `seed ${seed}`).toEqual(predicates)
    for (const { rows, facts, derived, rules, evaluation, derivation } of predicates) {
      const run = rules.filter(({ never }) => never === undefined)
      expect(facts + derived, `seed ${seed}`).toBe(rows)
      expect(derivation !== undefined, `seed ${seed}`).toBe(evaluation.kind === 'static' && run.length > 0)
      for (const { orders } of run) expect(orders.length, `seed ${seed}`).toBeGreaterThan(0)
    }
    await rune.close()
  }
  expect(opened).toBeGreaterThan(0.5 * CASES)
})

async function open(text: string): Promise<Rune | undefined> {
  try {
    return await Rune.fromText(text, { coordinator: 'inline' })
  } catch (error) {
    if (error instanceof RuneError) return undefined
    throw error
  }
}
