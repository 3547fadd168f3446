/**
 * The evaluator pool: threads that decide the requests of batches. Owns the order of chunks and what becomes of those whose
 * evaluator died; piscina owns the threads. Requests and answers travel through regions that are written once
 * (`batch-region.ts`), and the image through its handle. Spec: DESIGN sections 1, 2 and 4.
 *
 * What becomes of a chunk:
 * 1. It is cut off a batch when there is room for it: batches take turns, and `CHUNKS_PER_THREAD` chunks a thread are under
 *    way, so that a thread has its next at hand and no more memory is taken than that.
 * 2. Its answers take their places in the batch, which resolves with its last chunk.
 * 3. If it fails (its evaluator died), it is tried once more, with nothing beside it: so what kills evaluators takes no
 *    other chunk with it a second time. Nobody writes to a region that was sent, so the same one is sent again.
 * 4. If it fails again, its requests are denied.
 */
import type { Piscina } from 'piscina'
import type { Decision } from '../decide/decision.ts'
import { errorsOfRequest, failedDecision } from '../decide/failed-request.ts'
import type { AuthorizeRequest } from '../decide/request.ts'
import { runeError } from '../text/diagnostic.ts'
import { decodeAnswers } from './batch-answers.ts'
import { CHUNK_REQUESTS_MAX, encodeRequests } from './batch-requests.ts'

export interface PoolOptions {
  /** What evaluators are given to attach with; any value that can be cloned. */
  readonly workerData: unknown
  readonly threads: number
  /** The module that each thread runs; it exports `evaluate`. */
  readonly entry?: URL
}

/** Starts the threads. They end with `close`, or with the process, which they do not keep alive. */
export async function createEvaluatorPool(options: PoolOptions): Promise<EvaluatorPool> {
  const { workerData, threads, entry = new URL(import.meta.resolve('#workers/evaluator')) } = options
  // Loaded here: who decides in one thread needs none of it.
  const { Piscina } = await import('piscina')
  const pool = new Piscina({
    filename: entry.href,
    name: 'evaluate',
    workerData,
    minThreads: threads,
    maxThreads: threads,
    concurrentTasksPerWorker: CHUNKS_PER_THREAD,
    recordTiming: false,
    // As for the coordinator's thread.
    execArgv: [],
  })
  return new EvaluatorPool(pool)
}

const CHUNKS_PER_THREAD = 2

/** So many requests make a message worth its cost; smaller batches are one chunk. */
const CHUNK_REQUESTS_MIN = 64

const BATCH_REQUESTS_MAX = 1 << 24

/** So long does the sending thread encode before other events have their turn. */
const TURN_MS = 2

interface Batch {
  readonly requests: readonly AuthorizeRequest[]
  readonly decisions: Decision[]
  /** The first request that is in no chunk. */
  next: number
  undecided: number
  readonly resolve: (decisions: Decision[]) => void
  readonly reject: (error: Error) => void
}

interface Chunk {
  readonly batch: Batch
  readonly start: number
  readonly items: number
  readonly region: SharedArrayBuffer
}

/** A running pool. */
export class EvaluatorPool {
  readonly #pool: Piscina<SharedArrayBuffer, SharedArrayBuffer>
  /** Every batch that is not decided. */
  readonly #open = new Set<Batch>()
  /** Those with requests in no chunk; the first has the next turn. */
  readonly #waiting: Batch[] = []
  /** Chunks under way, each as what fails it. */
  readonly #sent = new Set<(error: Error) => void>()
  /** Chunks that failed once. The first may be under way again. */
  readonly #failed: Chunk[] = []
  #threadError = new Error('no thread starts')
  #fillsSoon = false
  #closed: Promise<void> | undefined

  constructor(pool: Piscina) {
    this.#pool = pool
    pool.on('error', (error: Error) => {
      this.#threadError = error
    })
    // Piscina replaces a thread that dies, but not one that never started: what it has queued would wait for ever.
    pool.on('workerDestroy', () => setImmediate(() => this.#failIfNoThread()))
  }

  /**
   * Decides requests in the pool's threads; decisions are in their order. A request that fails is denied, and `errors` say
   * why. Requests must not change until then. Rejects with a `RuneError` what is no batch, and all batches at `close`.
   */
  async authorizeBatch(requests: readonly AuthorizeRequest[]): Promise<Decision[]> {
    if (this.#closed) throw closedError()
    if (!Array.isArray(requests)) throw runeError('R741', 'a batch is a list of requests')
    const { length } = requests
    if (length > BATCH_REQUESTS_MAX) throw runeError('R741', `a batch holds at most ${BATCH_REQUESTS_MAX} requests`)
    if (length === 0) return []
    return new Promise((resolve, reject) => {
      const decisions = new Array<Decision>(length)
      const batch = { requests: requests.slice(), decisions, next: 0, undecided: length, resolve, reject }
      this.#open.add(batch)
      this.#waiting.push(batch)
      this.#fill()
    })
  }

  /** Ends the threads, whatever they do, and rejects the batches that are not decided. */
  close(): Promise<void> {
    this.#closed ??= this.#pool.destroy()
    for (const batch of this.#open) batch.reject(closedError())
    this.#open.clear()
    return this.#closed
  }

  /** Sends what there is room for; the rest of what takes long, in later turns of the event loop. */
  #fill(): void {
    if (this.#fillsSoon) return
    const start = performance.now()
    for (let chunk = this.#nextChunk(); chunk !== undefined; chunk = this.#nextChunk()) {
      void this.#send(chunk)
      if (performance.now() - start < TURN_MS) continue
      this.#fillSoon()
      break
    }
  }

  #fillSoon(): void {
    if (this.#fillsSoon) return
    this.#fillsSoon = true
    setImmediate(() => {
      this.#fillsSoon = false
      this.#fill()
    })
  }

  #nextChunk(): Chunk | undefined {
    let chunk: Chunk | undefined
    // Encoding runs getters of the caller's, which can do anything, such as close the pool.
    while (chunk === undefined && !this.#closed) {
      // Step 3
      if (this.#failed.length > 0) return this.#sent.size === 0 ? this.#failed[0] : undefined
      // Step 1
      const batch = this.#sent.size < CHUNKS_PER_THREAD * this.#pool.maxThreads ? this.#waiting.shift() : undefined
      if (batch === undefined) return undefined
      chunk = this.#cut(batch)
      if (batch.next < batch.requests.length) this.#waiting.push(batch)
    }
    return this.#closed ? undefined : chunk
  }

  /** Cuts a chunk off a batch; denies its requests, and returns none, where there is no memory for it. */
  #cut(batch: Batch): Chunk | undefined {
    const { requests, next: start } = batch
    const share = Math.ceil(requests.length / (CHUNKS_PER_THREAD * this.#pool.maxThreads))
    const size = Math.min(Math.max(share, CHUNK_REQUESTS_MIN), CHUNK_REQUESTS_MAX)
    const end = Math.min(start + size, requests.length)
    try {
      const { region, items } = encodeRequests(requests, start, end)
      batch.next = start + items
      return { batch, start, items, region }
    } catch (error) {
      batch.next = end
      this.#settle({ batch, start }, denials(end - start, error))
      return undefined
    }
  }

  async #send(chunk: Chunk): Promise<void> {
    const isRetry = chunk === this.#failed[0]
    let fail: (error: Error) => void = () => undefined
    const failure = new Promise<never>((_, reject) => {
      fail = reject
    })
    this.#sent.add(fail)
    try {
      const answers = await Promise.race([this.#pool.run(chunk.region), failure])
      this.#settle(chunk, decodeAnswers(answers, chunk.items))
    } catch (error) {
      // Step 4
      if (isRetry) this.#settle(chunk, denials(chunk.items, error))
      else this.#failed.push(chunk)
    }
    this.#sent.delete(fail)
    if (isRetry) this.#failed.shift()
    this.#fillSoon()
  }

  /** Step 2. */
  #settle({ batch, start }: Pick<Chunk, 'batch' | 'start'>, decisions: readonly Decision[]): void {
    for (const [i, decision] of decisions.entries()) batch.decisions[start + i] = decision
    batch.undecided -= decisions.length
    if (batch.undecided > 0) return
    this.#open.delete(batch)
    batch.resolve(batch.decisions)
  }

  #failIfNoThread(): void {
    if (this.#pool.threads.length > 0) return
    for (const fail of this.#sent) fail(this.#threadError)
  }
}

function closedError(): Error {
  return runeError('R740', 'the engine is closed')
}

function denials(items: number, error: unknown): Decision[] {
  const denial = failedDecision(errorsOfRequest(error, 'no evaluator could decide the request'), 0)
  return new Array(items).fill(denial)
}
