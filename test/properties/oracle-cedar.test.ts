/** The Cedar oracle against cedar-wasm: decisions, determining and erroring policies of random cases. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { authorize } from '../oracle/cedar.ts'
import { createReference } from './cedar-reference.ts'
import { policyText } from './cedar-text.ts'
import { type CedarCase, generateCedar, policiesOf } from './generate-cedar.ts'
import { runs, smallest } from './random.ts'

const reference = createReference()

test('the Cedar oracle answers as cedar-wasm does', { timeout: 300_000 + runs(60_000) }, () => {
  let [allowed, failing] = [0, 0]
  const property = fc.property(fc.integer(), (seed) => {
    const cedarCase = generateCedar(seed)
    const answer = answerOf(cedarCase)
    if (answer.decision === 'allow') allowed++
    if (answer.errors.size > 0) failing++
    if (!agrees(cedarCase)) disagree(cedarCase)
  })
  const numRuns = runs(600)
  fc.assert(property, { numRuns, endOnFailure: true })
  // A generator whose cases all end alike would show nothing.
  expect(allowed / numRuns).toBeGreaterThan(0.2)
  expect(failing / numRuns).toBeGreaterThan(0.15)
})

function answerOf(cedarCase: CedarCase) {
  return authorize({ policies: policiesOf(cedarCase), request: cedarCase.request, entities: cedarCase.world.entities })
}

function agrees(cedarCase: CedarCase): boolean {
  const [ours, theirs] = [answerOf(cedarCase), reference(cedarCase)]
  const equal = (a: ReadonlySet<string>, b: ReadonlySet<string>) => a.size === b.size && [...a].every((id) => b.has(id))
  return ours.decision === theirs.decision && equal(ours.reason, theirs.reason) && equal(ours.errors, theirs.errors)
}

/** Fails with the policies that it takes to disagree. */
function disagree(cedarCase: CedarCase): void {
  const statics = smallest(cedarCase.statics, (fewer) => !agrees({ ...cedarCase, statics: fewer }))
  const links = smallest(cedarCase.links, (fewer) => !agrees({ ...cedarCase, statics, links: fewer }))
  const small = { ...cedarCase, statics, links }
  const text = policiesOf(small).map(({ id, policy }) => `// ${id}\n${policyText(policy)}`)
  expect(answerOf(small), text.join('\n')).toEqual(reference(small))
}
