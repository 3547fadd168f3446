/** Thread entry of an evaluator: attaches to the image that it is given, and decides batches. */
import { workerData } from 'node:worker_threads'
import { evaluateBatch } from '../src/threads/evaluate-batch.ts'
import { attachReader } from '../src/threads/reader.ts'

const reader = attachReader(workerData.handle, workerData.cacheBytes)

/** Called by the pool. */
export function evaluate(region: SharedArrayBuffer): SharedArrayBuffer {
  return evaluateBatch(region, reader)
}
