/** Tests of what a person sees of a long load, by a clock of the test's own. */
import { expect, test } from 'vitest'
import { showLoading } from '../../src/cli/progress.ts'

/** What is written while a file of 100 MiB is read, 10 MiB in `stepMs`. */
async function written(stepMs: number, isTerminal: boolean, path = 'f.tsv'): Promise<string[]> {
  const lines: string[] = []
  let now = 0
  const err = { isTerminal, write: (text: string) => void lines.push(text) }
  await showLoading({}, { err, elapsedMs: () => now }, async ({ onProgress }) => {
    for (let part = 1; part <= 10; part++) {
      now += stepMs
      onProgress?.({ path, bytesRead: part * 10 * 2 ** 20, bytes: 100 * 2 ** 20 })
    }
  })
  return lines
}

const CLEAR = '\r\x1b[K'

test('a long load says how far it is, and takes it back', async () => {
  expect(await written(400, true)).toEqual([
    ...[30, 40, 50, 60, 70, 80, 90, 100].map((part) => `${CLEAR}loading f.tsv: ${part} of 100 MiB`),
    CLEAR,
  ])
})

test('a line is left for a moment', async () => {
  expect(await written(260, true)).toHaveLength(8)
  expect(await written(110, true)).toHaveLength(2)
})

test('a short load says nothing, and none does where no person looks on', async () => {
  expect(await written(50, true)).toEqual([])
  expect(await written(4000, false)).toEqual([])
})

test('a load that fails takes its line back too', async () => {
  const lines: string[] = []
  let now = 0
  const terminal = { err: { isTerminal: true, write: (text: string) => void lines.push(text) }, elapsedMs: () => now }
  const failing = showLoading({}, terminal, async ({ onProgress }) => {
    now = 2000
    onProgress?.({ path: 'f.tsv', bytesRead: 1, bytes: 2 })
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  expect(lines.at(-1)).toBe(CLEAR)
})

test('a name cannot break the line', async () => {
  const [line] = await written(4000, true, `${'x'.repeat(100)}\n\x1b[31m`)
  expect(line?.slice(CLEAR.length)).not.toMatch(/\p{Cc}/u)
  expect(line?.length).toBeLessThan(90)
})
