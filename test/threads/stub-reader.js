/** A thread that asks again and again for what is half there, and counts; `workerData` holds a handle and its counters. */
import { setImmediate } from 'node:timers/promises'
import { workerData } from 'node:worker_threads'
import { attachReader } from '../../dist/src/threads/reader.js'

const { handle, counters } = workerData
const reader = attachReader(handle)
while (Atomics.load(counters.stop, 0) === 0) {
  try {
    const isWhole = reader.query('torn(X)').rows.length === 0 && reader.query('a(X), not b(X)').rows.length === 0
    Atomics.add(isWhole ? counters.whole : counters.torn, 0, 1)
  } catch {
    Atomics.add(counters.failed, 0, 1)
  }
  await setImmediate()
}
reader.close()
