/**
 * How the engine is asked, mode by mode: what is measured, and nothing of how. Owns which calls of the public API the modes
 * stand for.
 */
import {
  type AuthorizeRequest,
  type CacheReport,
  type Decision,
  type Handle,
  type OpenOptions,
  type PreparedRequest,
  Rune,
  RuneError,
  type RuneReader,
} from '../../index.ts'

/** `batch` is asked by the thread that opened the engine, of its pool. */
export type Mode = 'cached' | 'uncached' | 'mixed' | 'prepared' | 'batch'

/** Decides the request of that number; nothing for one that is refused or reaches a limit. */
export type Decide = (index: number) => Decision | undefined

/** What a cache of decisions did. */
export type CacheCounts = CacheReport

/** A reader as a thread asks it. */
export interface Contender {
  readonly decide: Decide
  /** What it did since it was opened; nothing where there is no cache. */
  readonly cache: () => CacheCounts | undefined
  readonly close: () => void
}

/** In bytes; small, so that requests that come again late are out of it by then. */
const MIXED_CACHE_BYTES = 2 ** 20

/** How the engine is opened for a mode. */
export function engineOptions({ mode, threads }: { readonly mode: Mode; readonly threads: number }): OpenOptions {
  return { coordinator: 'thread', threads, cache: cacheOf(mode) }
}

/** Attaches to the image, and prepares what the mode has prepared. */
export function openContender(handle: Handle, mode: Mode, requests: readonly AuthorizeRequest[]): Contender {
  const reader = Rune.attach(handle, { cache: cacheOf(mode) })
  return {
    decide: mode === 'prepared' ? decidePrepared(reader, requests) : decideRequests(reader, requests),
    cache: () => (mode === 'uncached' ? undefined : reader.cacheStats()),
    close: () => void reader.close(),
  }
}

function cacheOf(mode: Mode): boolean | number {
  return mode === 'mixed' ? MIXED_CACHE_BYTES : mode !== 'uncached'
}

function decideRequests(reader: RuneReader, requests: readonly AuthorizeRequest[]): Decide {
  return (index) => {
    try {
      const request = requests[index]
      return request && reader.authorize(request)
    } catch (error) {
      return refusal(error)
    }
  }
}

/** A request that cannot be prepared is an error each time. */
function decidePrepared(reader: RuneReader, requests: readonly AuthorizeRequest[]): Decide {
  const prepared = requests.map((request): PreparedRequest | undefined => {
    try {
      return reader.prepareRequest(request)
    } catch (error) {
      return refusal(error)
    }
  })
  return (index) => {
    try {
      const request = prepared[index]
      return request && reader.authorizePrepared(request)
    } catch (error) {
      return refusal(error)
    }
  }
}

function refusal(error: unknown): undefined {
  if (!(error instanceof RuneError)) throw error
}
