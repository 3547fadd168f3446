/** Random programs of which only a part is derived: decisions and what may be asked are as if all of it were. */
import { expect, test } from 'vitest'
import { OPEN } from '../../src/fixpoint/goal.ts'
import { nodeHost } from '../../src/syntax/rune-file/host.ts'
import { RuneError } from '../../src/text/diagnostic.ts'
import { type Built, build } from '../../src/threads/build.ts'
import { canonicalKey } from '../../src/values/equality.ts'
import { solverOf } from './datalog-answers.ts'
import { type DatalogCase, generateDatalog, runeText } from './generate-datalog.ts'
import { createRandom, runs } from './random.ts'

const CASES = runs(100)
const FIRST_SEED = Number(process.env.RUNE_SEED ?? Date.now() % 1_000_000_000)

/** Rows and errors of each predicate of `names`. */
function answers(built: Built, of: DatalogCase, names: readonly string[]): string[] {
  const { solver, values } = solverOf(built, of)
  const show = (row: readonly number[]) =>
    row.map((id) => (id === OPEN ? '⊤' : canonicalKey(values.valueOf(id)))).join()
  return built.program.predicates.flatMap(({ id, name, arity }) => {
    if (!names.includes(name)) return []
    const { rows, errors } = solver.ask(id, new Array<number>(arity).fill(OPEN))
    return [...rows.map(show), ...errors.map(({ row }) => `fails: ${show(row)}`)].map((text) => `${name}: ${text}`)
  })
}

test(`${CASES} random programs from seed ${FIRST_SEED} say the same where less is derived`, {
  timeout: 120_000 + CASES * 100,
}, () => {
  let less = 0
  for (let seed = FIRST_SEED; seed < FIRST_SEED + CASES; seed++) {
    const of = generateDatalog(seed)
    const text = runeText(of)
    const names = createRandom(seed)
      .some(of.predicates, 0.2)
      .map(({ name }) => name)
    let all: Built
    try {
      all = build({ text })
    } catch (error) {
      if (error instanceof RuneError) continue
      throw error
    }
    const part = build({ text }, nodeHost, { asked: names })
    if (part.program.predicates.some(({ evaluation }) => evaluation === 'not asked')) less++
    const asked = [...names, 'permit', 'forbid']
    expect(answers(part, of, asked).sort(), `seed ${seed}`).toEqual(answers(all, of, asked).sort())
  }
  expect(less).toBeGreaterThan(0.3 * CASES)
})
