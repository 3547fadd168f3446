/** The measured threads: all go at once, as often as they are let go, and what goes wrong in one is heard. */
import { expect, test } from 'vitest'
import { startThreads } from '../../../src/cli/benchmark/threads.ts'
import { Rune } from '../../../src/index.ts'

const TASK = {
  mode: 'cached' as const,
  requests: [{ principal: 'User::"ana"', action: 'read', resource: 'File::"a"' }],
  order: Uint32Array.of(0, 0, 0),
  times: undefined,
  warmupMs: 0,
  repetitions: 3,
}

test('each thread runs a slice each time, and goes on where it stopped', async () => {
  const rune = await Rune.fromText('version = "rune/1.0"\n[policies]\npermit(principal, action, resource);\n')
  const threads = await startThreads({ ...TASK, handle: rune.handle(), threads: 3 })
  expect(threads.ready.map(({ from }) => from)).toEqual([0, 1, 2])
  for (let i = 1; i <= TASK.repetitions; i++) {
    const heard = await threads.runSlices()
    expect(heard.map(({ slice }) => slice.outcomes.permit)).toEqual([6, 6, 6])
    // Since they were ready.
    expect(heard.map(({ cache }) => (cache?.hits ?? 0) + (cache?.misses ?? 0))).toEqual([6 * i, 6 * i, 6 * i])
  }
  await threads.close()
  await rune.close()
})

test('a thread that cannot attach ends the start', async () => {
  await expect(startThreads({ ...TASK, handle: { memory: 1 }, threads: 2 })).rejects.toThrow()
})
