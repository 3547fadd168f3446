/** Thread entry of `rune benchmark`: attaches to the image that it is given, and is measured. */
import { parentPort, workerData } from 'node:worker_threads'
import { runThread } from '../src/cli/benchmark/thread.ts'

if (parentPort) await runThread(workerData, parentPort)
