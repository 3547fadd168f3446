/** The threads that are measured, seen from the thread that opened the engine: started, let go at once, heard, ended. */
import { Worker } from 'node:worker_threads'
import type { FromThread, ThreadTask } from './thread.ts'

/** What the threads have in common, and where each begins among the requests. */
export interface ThreadsTask extends Omit<ThreadTask, 'from' | 'barrier'> {
  readonly threads: number
}

export interface Threads {
  /** What each says once it is warm: what reading its clock takes, and where it goes on among the requests. */
  readonly ready: readonly Extract<FromThread, { kind: 'ready' }>[]
  /** Lets all go at once; resolves with what each measured. */
  runSlices(): Promise<Extract<FromThread, { kind: 'slice' }>[]>
  close(): Promise<void>
}

/** Starts the threads; resolves when all are warm. */
export async function startThreads({ threads, ...task }: ThreadsTask): Promise<Threads> {
  const barrier = new Int32Array(new SharedArrayBuffer(4))
  const entry = new URL(import.meta.resolve('#workers/benchmark'))
  const workers = Array.from({ length: threads }, (_, i) => {
    // None walks in the steps of another.
    const from = Math.floor((i * task.order.length) / threads)
    return new Worker(entry, { workerData: { ...task, from, barrier } satisfies ThreadTask, execArgv: [] })
  })
  const heard = () => Promise.all(workers.map(nextMessage))
  const close = async () => void (await Promise.all(workers.map((worker) => worker.terminate())))
  try {
    const ready = await heard()
    return {
      ready: ready.flatMap((message) => (message.kind === 'ready' ? [message] : [])),
      runSlices: async () => {
        const messages = heard()
        Atomics.add(barrier, 0, 1)
        Atomics.notify(barrier, 0)
        return (await messages).flatMap((message) => (message.kind === 'slice' ? [message] : []))
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** The next message of a thread. Rejects if the thread ends instead. */
function nextMessage(worker: Worker): Promise<FromThread> {
  return new Promise((resolve, reject) => {
    const ended = (code: number) => failed(new Error(`a measured thread ended with the code ${code}`))
    const heard = (message: FromThread) => {
      stop()
      resolve(message)
    }
    const failed = (error: unknown) => {
      stop()
      reject(error)
    }
    const stop = () => worker.off('message', heard).off('error', failed).off('exit', ended)
    worker.on('message', heard).on('error', failed).on('exit', ended)
  })
}
