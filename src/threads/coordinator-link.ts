/**
 * Where a coordinator runs: in a thread of its own, or in the thread that opened the engine. Both take and give the same
 * messages, in order.
 */
import { parentPort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { assert } from '../text/assert.ts'
import { createCoordinatorServer, type FromCoordinator, type ToCoordinator } from './coordinator-server.ts'

export interface Link {
  post(message: ToCoordinator): void
  /** Whether the process waits for this coordinator; at first it does not. */
  keepAlive(isWaiting: boolean): void
  close(): Promise<void>
  /** Ends the coordinator without anybody's asking, as a crash does. */
  crash(): void
}

export interface LinkEvents {
  readonly onMessage: (message: FromCoordinator) => void
  /** The coordinator is gone, though nobody closed the link; nothing more comes from it. */
  readonly onEnd: (error: unknown) => void
}

/** Starts a coordinator in a thread of its own. */
export function startThread({ onMessage, onEnd }: LinkEvents): Link {
  const worker = new Worker(new URL(import.meta.resolve('#workers/coordinator')), {
    name: 'rune-coordinator',
    // Not those of the process: with `node --input-type=module -e …` no thread would start.
    execArgv: [],
    // Measured: it works as fast as with V8's 48, and the process takes 30 MB less.
    resourceLimits: { maxYoungGenerationSizeMb: 6 },
  })
  let failure: unknown
  let isClosing = false
  worker.on('message', onMessage)
  worker.on('error', (error) => {
    failure = error
  })
  worker.on('exit', (code) => {
    if (!isClosing) onEnd(failure ?? new Error(`the thread ended with code ${code}`))
  })
  worker.unref()
  return {
    post: (message) => worker.postMessage(message),
    keepAlive: (isWaiting) => (isWaiting ? worker.ref() : worker.unref()),
    close: async () => {
      isClosing = true
      await worker.terminate()
    },
    crash: () => void worker.terminate(),
  }
}

/** What the thread of a coordinator does. */
export function runThread(): void {
  const port = parentPort
  assert(port, 'a coordinator is started by the thread that opens an engine')
  const server = createCoordinatorServer((message) => port.postMessage(message))
  port.on('message', (first: ToCoordinator) => {
    const messages = [first]
    // What has come meanwhile is taken along, so that updates under load share an epoch.
    for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) messages.push(next.message)
    server.receive(messages)
  })
}

/** Starts a coordinator in this thread. */
export function startInline({ onMessage, onEnd }: LinkEvents): Link {
  const waiting: ToCoordinator[] = []
  let isClosed = false
  // In a turn of its own, as from a thread: what a listener throws is its own, and no death of the coordinator.
  const server = createCoordinatorServer((message) => {
    queueMicrotask(() => {
      if (!isClosed) onMessage(message)
    })
  })
  const end = (error: unknown) => {
    isClosed = true
    server.close()
    onEnd(error)
  }
  const run = () => {
    if (isClosed) return
    try {
      server.receive(waiting.splice(0))
    } catch (error) {
      end(error)
    }
  }
  return {
    post: (message) => {
      if (waiting.push(message) === 1) queueMicrotask(run)
    },
    keepAlive: () => undefined,
    close: async () => {
      isClosed = true
      server.close()
    },
    crash: () => end(new Error('ended')),
  }
}
