/**
 * One thread that is measured: attaches to the image, warms up, and runs a slice each time the barrier opens. Owns the
 * protocol between the measured threads and the one that opened the engine:
 * 1. A thread that is warm sends `ready`, and waits at the barrier: one number, how many slices were started.
 * 2. When all are ready, the number is raised, and all start at once.
 * 3. A thread that has finished a slice sends it, with what its cache and garbage collector did since it was ready, and waits
 *    again. After the last one it ends by itself.
 */
import { PerformanceObserver } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import type { MessagePort } from 'node:worker_threads'
import type { AuthorizeRequest, Handle } from '../../index.ts'
import { type CacheCounts, type Mode, openContender } from './engine.ts'
import { createFloor } from './floor.ts'
import { clockNs, type Loop, runSlice, type Slice, type SliceTimes } from './measure.ts'

/** What a thread is given to do; it can be sent there. */
export interface ThreadTask {
  readonly handle: Handle
  readonly mode: Mode
  readonly requests: readonly AuthorizeRequest[]
  readonly order: Uint32Array
  /** Where in `order` it begins. */
  readonly from: number
  readonly times: SliceTimes | undefined
  readonly warmupMs: number
  readonly repetitions: number
  /** In shared memory. */
  readonly barrier: Int32Array
}

export type FromThread =
  | { readonly kind: 'ready'; readonly clockNs: number; readonly from: number }
  | { readonly kind: 'slice'; readonly slice: Slice; readonly cache: CacheCounts | undefined; readonly gc: GcPauses }

/** Pauses of the garbage collector. */
export interface GcPauses {
  readonly count: number
  readonly totalMs: number
  readonly maxMs: number
}

/** The whole life of the thread. */
export async function runThread(task: ThreadTask, port: MessagePort): Promise<void> {
  const send = (message: FromThread) => port.postMessage(message)
  const { handle, mode, requests, order, from, times, warmupMs, barrier } = task
  const contender = openContender(handle, mode, requests)
  const loop: Loop = { decide: contender.decide, floor: createFloor(requests), order, at: from % order.length }
  if (warmupMs > 0) runSlice(loop, sliceTimes(warmupMs))
  const gc = observeGc()
  const before = contender.cache()
  send({ kind: 'ready', clockNs: clockNs(), from: loop.at })
  for (let i = 0; i < task.repetitions; i++) {
    Atomics.wait(barrier, 0, i)
    const slice = runSlice(loop, times)
    // What the garbage collector did is told in the next turn.
    await setImmediate()
    send({ kind: 'slice', slice, cache: cacheSince(contender.cache(), before), gc: gc.pauses() })
  }
  gc.stop()
  contender.close()
}

/** How a slice is divided: most of it measures throughput. */
export function sliceTimes(ms: number): SliceTimes {
  return { floorMs: 0.15 * ms, blocksMs: 0.6 * ms, singlesMs: 0.25 * ms }
}

/** Listens to the garbage collector of this thread. */
export function observeGc(): { pauses: () => GcPauses; stop: () => void } {
  let [count, totalMs, maxMs] = [0, 0, 0]
  const note = (pauses: readonly { readonly duration: number }[]) => {
    for (const { duration } of pauses) {
      count++
      totalMs += duration
      maxMs = Math.max(maxMs, duration)
    }
  }
  const observer = new PerformanceObserver((list) => note(list.getEntries()))
  observer.observe({ entryTypes: ['gc'] })
  return {
    pauses: () => {
      note(observer.takeRecords())
      return { count, totalMs, maxMs }
    },
    stop: () => observer.disconnect(),
  }
}

function cacheSince(now: CacheCounts | undefined, before: CacheCounts | undefined): CacheCounts | undefined {
  if (!now || !before) return undefined
  return {
    hits: now.hits - before.hits,
    misses: now.misses - before.misses,
    evictions: now.evictions - before.evictions,
    uncacheable: now.uncacheable - before.uncacheable,
    bytes: now.bytes,
  }
}
