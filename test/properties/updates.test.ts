/**
 * Updates, reloads, edited texts, compactions and successors of a coordinator, in any order: readers see what a fresh start
 * from a text with the resulting facts and entities would show them, and an update that fails leaves all as it was.
 */
import { expect, test } from 'vitest'
import { runs } from './random.ts'
import { createTrial } from './updates-trial.ts'

const CASES = runs(15)
const FIRST_SEED = Number(process.env.RUNE_SEED ?? Date.now() % 1_000_000_000)

test(`${CASES} histories from seed ${FIRST_SEED} end as fresh starts do`, { timeout: 600_000 + CASES * 200 }, () => {
  const counts = { built: 0, changed: 0, refused: 0 }
  for (let seed = FIRST_SEED; seed < FIRST_SEED + CASES; seed++) {
    const trial = createTrial(seed)
    if (trial === undefined) continue
    counts.built++
    for (let step = 0; step < 8; step++) {
      const what = trial.step()
      counts[what.outcome]++
      const problem = trial.problem()
      if (problem !== undefined) throw new Error(`seed ${seed}, step ${step}: ${problem}\n${trial.history.join('\n')}`)
    }
  }
  expect(counts.built).toBeGreaterThan(0.6 * CASES)
  expect(counts.changed).toBeGreaterThan(3 * CASES)
})
