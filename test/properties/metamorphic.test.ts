/** Random programs mean the same in another order, under other names, with facts elsewhere, and with rules taken apart. */
import { expect, test } from 'vitest'
import { disagreement, noVariants } from './datalog-agreement.ts'
import { runs } from './random.ts'

const CASES = runs(60)
const FIRST_SEED = Number(process.env.RUNE_SEED ?? Date.now() % 1_000_000_000)

test(`${CASES} random programs from seed ${FIRST_SEED} mean what their variants mean`, {
  timeout: 600_000 + CASES * 100,
}, () => {
  const counts = noVariants()
  for (let seed = FIRST_SEED; seed < FIRST_SEED + CASES; seed++) {
    const problem = disagreement(seed, counts)
    if (problem !== undefined) throw new Error(`seed ${seed}: ${problem}`)
  }
  // Variants that are mostly not compared would prove nothing.
  expect(counts.variants - counts.refused - counts.loose).toBeGreaterThan(CASES)
})
