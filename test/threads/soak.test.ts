/**
 * Readers in several threads decide without pause while updates, reloads and entities follow one another: each answer is one
 * of a single state, states never go back, and an update that was confirmed is seen. `RUNE_SOAK_SECONDS` says how long.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import type { Decision } from '../../src/decide/decision.ts'
import type { AuthorizeRequest } from '../../src/decide/request.ts'
import { RuneError } from '../../src/text/diagnostic.ts'
import { CoordinatorClient } from '../../src/threads/coordinator-client.ts'
import { createEvaluatorPool } from '../../src/threads/evaluator-pool.ts'
import { attachReader, type Reader } from '../../src/threads/reader.ts'
import { readUpdate } from '../../src/threads/update.ts'
import { temporaryFolder } from './temporary.ts'

interface World {
  textOf(text: number): string
  updateOf(from: number, to: number): unknown
  request(action?: string): AuthorizeRequest
  readonly WRONG_UPDATES: readonly unknown[]
  readonly Sightings: new () => Sightings
}

interface Sightings {
  readonly byEpoch: Map<number, string>
  readonly decisions: number
  add(decision: Decision, action?: string): void
  at(epoch: number, numbers: string): void
}

interface Report {
  readonly failure?: string
  readonly seen: Map<number, string>
  readonly decisions: number
  readonly retries: number
}

const { textOf, updateOf, request, WRONG_UPDATES, Sightings }: World = await import(
  new URL('./soak-world.js', import.meta.url).href
)
const SECONDS = Number(process.env.RUNE_SOAK_SECONDS ?? 8)
/** Each thread goes round at least so often, however slow the machine is. */
const ROUNDS_MIN = 12

test.each([
  { graceMs: 1000, stallMs: 60 },
  { graceMs: 2, stallMs: 30 },
])(
  'no answer is a mix of states, when memory is taken back after $graceMs ms',
  {
    timeout: SECONDS * 1000 + 300_000,
  },
  async ({ graceMs, stallMs }) => {
    const path = join(temporaryFolder(), 'world.rune')
    writeFileSync(path, textOf(0))
    const client = new CoordinatorClient({ input: { path }, watch: false, mode: 'thread', graceMs })
    const { memory } = await client.open()
    const stop = new Int32Array(new SharedArrayBuffer(4))
    const readers = [true, false].map((yields) => startReader({ memory }, { stop, stallMs, yields, graceMs }))
    const seen = new Sightings()
    const own = attachReader({ memory })
    const until = performance.now() + (SECONDS * 1000) / 2
    const isOver = () => performance.now() > until
    try {
      const [changes, decisions] = await Promise.all([
        change({ client, own, path, seen, isOver }),
        decideBatches(memory, isOver),
      ])
      Atomics.store(stop, 0, 1)
      const reports = await Promise.all(readers)
      for (const { failure } of reports) if (failure !== undefined) throw new Error(failure)
      for (const [epoch, numbers] of [...reports.flatMap((report) => [...report.seen]), ...decisions.byEpoch])
        seen.at(epoch, numbers)
      const counts = {
        ...changes,
        decisions: reports.map((report) => report.decisions),
        retries: reports.map((report) => report.retries),
        batches: decisions.decisions,
        epochs: seen.byEpoch.size,
      }
      console.log(JSON.stringify({ graceMs, ...counts }))
      expect(Math.min(...counts.decisions, counts.updates, counts.batches)).toBeGreaterThan(10)
      expect(counts.reloads).toBeGreaterThan(0)
    } finally {
      Atomics.store(stop, 0, 1)
      own.close()
      await client.close()
    }
  },
)

function startReader(
  handle: unknown,
  { graceMs, ...options }: { stop: Int32Array; stallMs: number; yields: boolean; graceMs: number },
): Promise<Report> {
  const workerData = { handle, ...options, toleratesReplaced: graceMs < 100 }
  const worker = new Worker(new URL('./soak-reader.js', import.meta.url), { workerData })
  return new Promise((resolve, reject) => {
    worker.on('message', resolve)
    worker.on('error', reject)
  })
}

interface Changing {
  readonly client: CoordinatorClient
  readonly own: Reader
  readonly path: string
  readonly seen: Sightings
  readonly isOver: () => boolean
}

/** Updates one after the other and in bursts, reloads, and updates that fail; what was confirmed is seen at once. */
async function change({ client, own, path, seen, isOver }: Changing): Promise<{ updates: number; reloads: number }> {
  let [update, text] = [0, 0]
  const look = () => {
    const decision = own.authorize(request())
    seen.add(decision)
    return decision.epoch
  }
  for (let round = 0; round < ROUNDS_MIN || !isOver(); round++) {
    const burst = Array.from({ length: round % 4 === 0 ? 8 : 1 }, () => {
      const read = readUpdate(updateOf(update, ++update), own.program())
      return client.update(read)
    })
    const wrong =
      round % 10 === 3
        ? WRONG_UPDATES.map((input) => refused(async () => client.update(readUpdate(input, own.program()))))
        : []
    if (round % 5 === 1) {
      writeFileSync(path, textOf(++text))
      burst.push(client.reload())
    }
    const published = await Promise.all(burst)
    // The coordinator may publish a compaction at any time, so what counts is the epoch of the decision.
    const seenAt = look()
    expect(seenAt).toBeGreaterThanOrEqual(Math.max(...published.map(({ epoch }) => epoch)))
    expect(seen.byEpoch.get(seenAt)).toBe(`${text} ${update}`)
    await Promise.all(wrong)
    look()
    if (round % 20 === 9) {
      writeFileSync(path, `${textOf(text)}\n[data]\n`)
      await refused(() => client.reload())
      look()
    }
  }
  return { updates: update, reloads: text }
}

async function refused(work: () => Promise<unknown>): Promise<void> {
  await expect(work()).rejects.toBeInstanceOf(RuneError)
}

async function decideBatches(memory: unknown, isOver: () => boolean): Promise<Sightings> {
  const pool = await createEvaluatorPool({ workerData: { handle: { memory } }, threads: 1 })
  const all = new Sightings()
  try {
    for (let round = 0; round < ROUNDS_MIN || !isOver(); round++) {
      const decisions = await pool.authorizeBatch(Array.from({ length: 100 }, () => request()))
      for (const decision of decisions) if (!isReplaced(decision)) all.add(decision)
    }
  } finally {
    await pool.close()
  }
  return all
}

function isReplaced({ allowed, errors }: Decision): boolean {
  return !allowed && errors.some(({ message }) => message.includes('R603') || message.includes('again and again'))
}
