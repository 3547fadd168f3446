import fc from 'fast-check'
import { expect, test } from 'vitest'
import { authorize } from '../oracle/cedar.ts'
import { createReference } from './cedar-reference.ts'
import { generateCedar, policiesOf } from './generate-cedar.ts'
import { runs } from './random.ts'

test('the Cedar oracle answers as cedar-wasm does', () => {
  const reference = createReference()
  let [allowed, failing] = [0, 0]
  const property = fc.property(fc.integer(), (seed) => {
    const cedarCase = generateCedar(seed)
    const { world, request } = cedarCase
    const answer = authorize({ policies: policiesOf(cedarCase), request, entities: world.entities })
    if (answer.decision === 'allow') allowed++
    if (answer.errors.size > 0) failing++
    expect(answer).toEqual(reference(cedarCase))
  })
  const numRuns = runs(1000)
  fc.assert(property, { numRuns, endOnFailure: true })
  // A generator whose cases all end alike would show nothing.
  expect(allowed / numRuns).toBeGreaterThan(0.25)
  expect(failing / numRuns).toBeGreaterThan(0.15)
})
