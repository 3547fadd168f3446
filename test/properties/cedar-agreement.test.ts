/** Random policy sets that are asked many requests are answered as by cedar-wasm: a few of those of `npm run fuzz -- cedar`. */
import { expect, test } from 'vitest'
import { openCedarSubject } from './cedar-agreement.ts'
import { runs } from './random.ts'

const SETS = runs(25)
const FIRST_SEED = Number(process.env.RUNE_SEED ?? Date.now() % 1_000_000_000)

test(`${SETS} random policy sets from seed ${FIRST_SEED} are answered as by cedar-wasm`, {
  timeout: 120_000 + SETS * 4000,
}, async () => {
  const { attempt, counts } = openCedarSubject()
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SETS; seed++) {
    const problem = await attempt(seed)
    if (problem !== undefined) throw new Error(`seed ${seed}: ${problem}`)
  }
  // Requests that end alike would prove little.
  expect(counts.allowed).toBeGreaterThan(counts.requests * 0.05)
  expect(counts.ofEngine).toBeGreaterThan(counts.requests * 0.3)
})
