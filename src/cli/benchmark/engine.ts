/**
 * How the engine is asked, mode by mode: what is measured, and nothing of how. Owns which calls of the public API the modes
 * stand for.
 */
import { type AuthorizeRequest, type Decision, type Handle, type OpenOptions, Rune, RuneError } from '../../index.ts'

/** `batch` is asked by the thread that opened the engine, of its pool. */
export type Mode = 'cached' | 'uncached' | 'mixed' | 'prepared' | 'batch'

/** Decides the request of that number; nothing for one that is refused or reaches a limit. */
export type Decide = (index: number) => Decision | undefined

/** What a cache of decisions did. */
export interface CacheCounts {
  readonly hits: number
  readonly misses: number
  readonly evictions: number
  readonly uncacheable: number
  /** Of its table. */
  readonly bytes: number
}

/** A reader as a thread asks it. */
export interface Contender {
  readonly decide: Decide
  /** What it did since it was opened; nothing where there is no cache. */
  readonly cache: () => CacheCounts | undefined
  readonly close: () => void
}

/** In bytes; small, so that requests that come again late are out of it by then. */
export const MIXED_CACHE_BYTES = 2 ** 20

/** How the engine is opened for a mode. */
export function engineOptions({ threads }: { readonly mode: Mode; readonly threads: number }): OpenOptions {
  return { coordinator: 'thread', threads }
}

/** Attaches to the image, and prepares what the mode has prepared. */
export function openContender(handle: Handle, _mode: Mode, requests: readonly AuthorizeRequest[]): Contender {
  const reader = Rune.attach(handle)
  return {
    decide: refusing((index) => {
      const request = requests[index]
      return request && reader.authorize(request)
    }),
    cache: () => undefined,
    close: () => void reader.close(),
  }
}

function refusing(decide: Decide): Decide {
  return (index) => {
    try {
      return decide(index)
    } catch (error) {
      if (error instanceof RuneError) return undefined
      throw error
    }
  }
}
