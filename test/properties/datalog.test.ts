/** Random programs: the engine derives what the naive oracle derives, and fails where it fails. */
import { expect, test } from 'vitest'
import { difference, noCounts, shrink } from './datalog-difference.ts'
import { generateDatalog } from './generate-datalog.ts'
import { runs } from './random.ts'

const CASES = runs(150)
const FIRST_SEED = Number(process.env.RUNE_SEED ?? Date.now() % 1_000_000_000)

test(`${CASES} random programs from seed ${FIRST_SEED} agree with the oracle`, {
  timeout: 600_000 + CASES * 100,
}, async () => {
  const counts = noCounts()
  for (let seed = FIRST_SEED; seed < FIRST_SEED + CASES; seed++) {
    const problem = await difference(generateDatalog(seed), counts)
    if (problem !== undefined) throw new Error(`seed ${seed}: ${problem}\nmade smaller: ${await shrink(seed, problem)}`)
  }
  // A generator whose programs are mostly refused would prove nothing.
  expect(counts.built - counts.endless).toBeGreaterThan(0.7 * CASES)
})
