/**
 * A thread entry whose evaluator obeys: the action of a request says what becomes of it, and what is permitted says for
 * whom. `workerData` holds counters that all threads share.
 */
import { workerData } from 'node:worker_threads'
import { evaluateBatch } from '../../dist/src/threads/evaluate-batch.js'

const ACTIONS = {
  exit: () => process.exit(3),
  exitOnce: () => Atomics.add(workerData.deaths, 0, 1) === 0 && process.exit(3),
  hang: () => {
    Atomics.add(workerData.hangs, 0, 1)
    for (;;);
  },
  delay: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.random() * 4),
  throw: () => {
    throw new Error('thrown')
  },
}

if (workerData === 'exit') process.exit(4)
if (workerData === 'throw') throw new Error('cannot attach')

const reader = {
  epoch: () => 9,
  authorize({ principal, action }) {
    ACTIONS[action]?.()
    return { decision: 'permit', allowed: true, reasons: [principal], errors: [], epoch: 9 }
  },
}

/** Called by the pool. */
export function evaluate(region) {
  const answers = evaluateBatch(region, reader)
  if (workerData.fails) throw new Error('the task failed')
  return answers
}
