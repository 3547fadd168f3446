/** One slice in one thread: what it counts, in which order it asks, and the floor beside it. */
import { expect, test } from 'vitest'
import { createFloor, runFloor } from '../../../src/cli/benchmark/floor.ts'
import { type Loop, runSlice } from '../../../src/cli/benchmark/measure.ts'
import type { Decision } from '../../../src/index.ts'

const DECISIONS = ['permit', 'deny', 'forbid'] as const
const failure = { kind: 'policy', id: 'p', message: 'failed' } as const

/** Of request `i`: one of the three, or nothing for each fifth; each seventh with a policy that failed. */
function decision(i: number): Decision | undefined {
  const decision = DECISIONS[i % 3] ?? 'deny'
  if (i % 5 === 4) return undefined
  return { decision, allowed: decision === 'permit', reasons: [], errors: i % 7 === 0 ? [failure] : [], epoch: 1 }
}

function loopOf(count: number, decide: Loop['decide'] = decision): Loop {
  const requests = Array.from({ length: count }, (_, i) => {
    return { principal: `user-${i % 50}`, action: 'read', resource: { type: 'File', id: `${i}` } }
  })
  return { decide, floor: createFloor(requests), order: Uint32Array.from(requests, (_, i) => i), at: 0 }
}

test('once: each request is decided twice, in blocks and one by one, and each decision is counted', () => {
  const asked: number[] = []
  const loop = loopOf(210, (i) => {
    asked.push(i)
    return decision(i)
  })
  const { decisions, outcomes, blocks, singles, startNs, endNs } = runSlice(loop, undefined)
  const each = Array.from({ length: 210 }, (_, i) => i)
  expect(asked).toEqual([...each, ...each])
  expect(decisions).toBe(210)
  const of = (test: (d: Decision | undefined) => boolean | undefined) =>
    2 * each.filter((i) => test(decision(i))).length
  expect(outcomes).toEqual({
    permit: of((d) => d?.decision === 'permit'),
    deny: of((d) => d?.decision === 'deny'),
    forbid: of((d) => d?.decision === 'forbid'),
    error: of((d) => d === undefined),
    failing: of((d) => d && d.errors.length > 0),
  })
  // Only whole blocks can be compared.
  expect(blocks.total).toBe(3)
  expect(singles.total).toBe(210)
  expect(endNs).toBeGreaterThanOrEqual(startNs)
})

test('for a time: each part lasts it out, and goes on where the last one stopped', () => {
  const loop = loopOf(100)
  const { decisions, outcomes, blocks, singles } = runSlice(loop, { floorMs: 1, blocksMs: 3, singlesMs: 2 })
  const { permit, deny, forbid, error } = outcomes
  expect(decisions).toBe(blocks.total * 64)
  expect(permit + deny + forbid + error).toBe(decisions + singles.total)
  expect(loop.at).toBe((decisions + singles.total) % 100)
})

test('what the engine throws that is no refusal ends the slice', () => {
  const loop = loopOf(10, () => {
    throw new TypeError('broken')
  })
  expect(() => runSlice(loop, undefined)).toThrow('broken')
})

test('the floor finds what it was made of: each third', () => {
  const { floor, order } = loopOf(300)
  expect(runFloor(floor, order, 0, 300)).toBe(100)
  expect(runFloor(floor, order, 299, 2)).toBe(1)
})
