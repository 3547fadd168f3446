/** What happens beside the measurement, if it is asked for: the configuration is read anew, facts and entities change. */
import { setTimeout } from 'node:timers/promises'
import type { Rune, UpdateInput } from '../../index.ts'
import { addTime, createHistogram, type Histogram } from './histogram.ts'

export interface Disturbing {
  /** Milliseconds from one reload to the next; absent: none. */
  readonly reloadEveryMs?: number
  /** Updates a second; absent: none. */
  readonly updateRate?: number
  /** An update; one with an odd number takes back what the one before it did. */
  readonly update: (i: number) => UpdateInput
}

/** How long each took to be in force. */
export interface Disturbances {
  readonly reloads: Histogram
  readonly updates: Histogram
}

/** Starts it; what it yields ends it, and rejects if a reload or an update failed. */
export function disturb(rune: Rune, disturbing: Disturbing): () => Promise<Disturbances> {
  const { reloadEveryMs, updateRate, update } = disturbing
  const end = new AbortController()
  const { signal } = end
  const done: Disturbances = { reloads: createHistogram(), updates: createHistogram() }
  const work = Promise.all([
    reloadEveryMs === undefined
      ? undefined
      : keepReloading(rune, { everyMs: reloadEveryMs, signal, times: done.reloads }),
    updateRate === undefined
      ? undefined
      : keepUpdating(rune, { rate: updateRate, update, signal, times: done.updates }),
  ])
  // It is reported by whoever ends this.
  work.catch(() => {})
  return async () => {
    end.abort()
    await work
    return done
  }
}

interface Beside {
  readonly signal: AbortSignal
  readonly times: Histogram
}

async function keepReloading(rune: Rune, { everyMs, signal, times }: Beside & { everyMs: number }): Promise<void> {
  while (await pause(everyMs, signal)) await timed(times, () => rune.reload())
}

/** As many as are due are sent together. */
async function keepUpdating(
  rune: Rune,
  { rate, update, signal, times }: Beside & { rate: number; update: Disturbing['update'] },
): Promise<void> {
  const start = performance.now()
  let sent = 0
  while (await pause(1000 / rate, signal)) {
    const due = Math.floor(((performance.now() - start) / 1000) * rate) - sent
    const from = sent
    sent += due
    await Promise.all(Array.from({ length: due }, (_, i) => timed(times, () => rune.update(update(from + i)))))
  }
}

async function timed(times: Histogram, work: () => Promise<unknown>): Promise<void> {
  const start = performance.now()
  await work()
  addTime(times, (performance.now() - start) * 1e6)
}

/** Waits; false where there is nothing to wait for any more. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await setTimeout(Math.max(1, ms), undefined, { signal })
    return !signal.aborted
  } catch {
    return false
  }
}
