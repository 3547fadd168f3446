/**
 * A whole measurement: threads started and warmed up, slices taken, and what happened beside them heard. Owns the order of
 * things; what is measured is in `measure.ts`, what it comes to in `result.ts`.
 */
import { availableParallelism, cpus, loadavg } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import type { Rune } from '../../index.ts'
import { BATCH_MAX, createBatches } from './batch.ts'
import { disturb } from './disturb.ts'
import type { CacheCounts } from './engine.ts'
import { clockNs, type Slice, type SliceTimes, sumOutcomes } from './measure.ts'
import { createDraw } from './random.ts'
import { onceEach, orderOf } from './requests.ts'
import { type BenchmarkResult, type Machine, type Measured, type Memory, resultOf } from './result.ts'
import type { Settings } from './settings.ts'
import type { Subject } from './subject.ts'
import { type GcPauses, observeGc, sliceTimes } from './thread.ts'
import { startThreads } from './threads.ts'

/** Measures. `onProgress` hears how many repetitions are done. */
export async function runBenchmark(
  subject: Subject,
  settings: Settings,
  onProgress: (done: number) => void,
): Promise<BenchmarkResult> {
  const { rune, name, requests, common, update } = subject
  const machine = machineOf()
  const memory = await memoryOf(rune)
  if (settings.updateRate !== undefined) {
    // Where updates are refused, nothing is measured.
    await rune.update(update(0))
    await rune.update(update(1))
  }
  const draw = createDraw(settings.seed + 2)
  const order =
    settings.sliceMs === undefined
      ? onceEach(draw, requests.length)
      : orderOf(draw, { common, total: requests.length }, settings)
  const measuring = await prepare(subject, settings, order)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const endDisturbing = disturb(rune, { ...settings, update })
  const start = performance.now()
  delay.enable()
  const slices: Slice[][] = []
  let disturbed: ReturnType<typeof endDisturbing>
  try {
    for (let i = 0; i < settings.repetitions; i++) {
      onProgress(i)
      slices.push(await measuring.runSlices())
    }
  } finally {
    delay.disable()
    disturbed = endDisturbing()
    disturbed.catch(() => {})
    await measuring.close()
  }
  const measuredMs = performance.now() - start
  const { reloads, updates } = await disturbed
  const { batch, clock, caches, pauses } = measuring
  const [p50Ms, p99Ms, maxMs] = [delay.percentile(50) / 1e6, delay.percentile(99) / 1e6, delay.max / 1e6]
  const measured: Measured = {
    name,
    settings,
    machine,
    memory,
    requests: { distinct: requests.length, asked: askedOf(order, measuring.from, slices) },
    slices,
    ...(batch !== undefined && { batch }),
    clockNs: clock,
    caches: caches(),
    pauses: pauses(),
    measuredMs,
    eventLoop: { p50Ms, p99Ms, maxMs },
    reloads,
    updates,
  }
  return resultOf(measured)
}

/** What is ready to be measured. */
interface Measuring {
  readonly batch?: number
  readonly clock: number
  /** Where in the order each thread begins. */
  readonly from: readonly number[]
  runSlices(): Promise<Slice[]>
  caches(): (CacheCounts | undefined)[]
  pauses(): GcPauses[]
  close(): Promise<void>
}

async function prepare(subject: Subject, settings: Settings, order: Uint32Array): Promise<Measuring> {
  const times = settings.sliceMs === undefined ? undefined : sliceTimes(settings.sliceMs)
  if (settings.mode === 'batch') return await prepareBatches(subject, settings, { order, times })
  const { mode, threads, warmupMs, repetitions } = settings
  const { rune, requests } = subject
  const task = { handle: rune.handle(), mode, threads, requests, order, times, warmupMs, repetitions }
  const { ready, runSlices, close } = await startThreads(task)
  let last: Awaited<ReturnType<typeof runSlices>> = []
  return {
    clock: Math.max(...ready.map((thread) => thread.clockNs)),
    from: ready.map(({ from }) => from),
    runSlices: async () => {
      last = await runSlices()
      return last.map(({ slice }) => slice)
    },
    caches: () => last.map(({ cache }) => cache),
    pauses: () => last.map(({ gc }) => gc),
    close,
  }
}

async function prepareBatches(
  { rune, requests }: Subject,
  { warmupMs }: Settings,
  { order, times }: { readonly order: Uint32Array; readonly times: SliceTimes | undefined },
): Promise<Measuring> {
  const batches = createBatches(rune, { requests, order, times })
  if (warmupMs > 0) await batches.run(sliceTimes(warmupMs))
  const gc = observeGc()
  return {
    batch: Math.min(BATCH_MAX, order.length),
    clock: clockNs(),
    from: [batches.at()],
    runSlices: async () => {
      const slice = await batches.run()
      await setImmediate()
      return [slice]
    },
    caches: () => [],
    pauses: () => [gc.pauses()],
    close: async () => gc.stop(),
  }
}

/** How many distinct requests were asked, warming up aside. */
function askedOf(order: Uint32Array, from: readonly number[], slices: readonly (readonly Slice[])[]): number {
  const asked = new Set<number>()
  for (const [thread, start] of from.entries()) {
    const { permit, deny, forbid, error } = sumOutcomes(slices.flatMap((threads) => threads[thread]?.outcomes ?? []))
    const count = Math.min(order.length, permit + deny + forbid + error)
    for (let i = 0; i < count; i++) asked.add(order[(start + i) % order.length] ?? 0)
  }
  return asked.size
}

/** The machine as it is now. */
export function machineOf(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    load: loadavg()[0] ?? 0,
  }
}

/** What facts take. The first update tells how large the arena is, even if it changes nothing. */
async function memoryOf(rune: Rune): Promise<Memory> {
  let arenaBytes = 0
  const note = (published: { readonly arenaBytes: number }) => {
    arenaBytes = published.arenaBytes
  }
  rune.on('update', note)
  await rune.update({})
  rune.off('update', note)
  const { predicates } = rune.inspect()
  const sum = (of: (predicate: (typeof predicates)[number]) => number) => predicates.reduce((all, p) => all + of(p), 0)
  return { rows: sum(({ rows }) => rows), rowBytes: sum(({ bytes }) => bytes), arenaBytes }
}
