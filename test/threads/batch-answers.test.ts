/** Decisions through a region. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Decision } from '../../src/decide/decision.ts'
import { decodeAnswers, encodeAnswers } from '../../src/threads/batch-answers.ts'
import { writeRegion } from '../../src/threads/batch-region.ts'
import { runs, strings } from '../values/arbitrary.ts'

const texts = fc.oneof(strings, fc.constantFrom('\ud800', '\udc00', '\n'))
const decisions: fc.Arbitrary<Decision> = fc
  .record({
    decision: fc.constantFrom('permit' as const, 'deny' as const, 'forbid' as const),
    reasons: fc.array(texts, { maxLength: 3 }),
    errors: fc.array(
      fc.record(
        { kind: fc.constantFrom('policy' as const, 'request' as const), id: texts, message: texts, line: fc.nat() },
        { requiredKeys: ['kind', 'id', 'message'] },
      ),
      { maxLength: 2 },
    ),
    epoch: fc.oneof(fc.nat(2), fc.maxSafeNat()),
  })
  .map((decision) => ({ ...decision, allowed: decision.decision === 'permit' }))

describe('decisions', () => {
  test('arrive as they were, frozen, and equal ones are one', () => {
    fc.assert(
      fc.property(fc.array(decisions), (sent) => {
        const arrived = decodeAnswers(encodeAnswers(sent), sent.length)
        expect(arrived).toEqual(sent)
        expect(new Set(arrived).size).toBe(new Set(sent.map((decision) => JSON.stringify(decision))).size)
        expect(arrived.every((d) => [d, d.reasons, d.errors].every(Object.isFrozen))).toBe(true)
      }),
      runs(300),
    )
  })

  test('of another batch, or that are none, are not taken', () => {
    const decision: Decision = { decision: 'permit', allowed: true, reasons: [], errors: [], epoch: 1 }
    const region = encodeAnswers([decision, decision])
    expect(() => decodeAnswers(region, 1)).toThrow('another batch')
    expect(() => decodeAnswers(region.slice(0, 24), 2)).toThrow('region')
    const foreign = { ...decision, decision: 'allow' } as unknown as Decision
    expect(() => decodeAnswers(encodeAnswers([foreign]), 1)).toThrow('no decision')
    const unanswered = writeRegion({ items: 1, columns: [0], texts: [] })
    expect(() => decodeAnswers(unanswered, 1)).toThrow('without an answer')
  })
})
