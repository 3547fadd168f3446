/**
 * Watching: says when files have changed and are whole again, however they are written: in place, in pieces, by renaming
 * another over them, through links that turn elsewhere, and after they were gone. Events of the file system say when to
 * look, never what happened: only fingerprints do. Owns when to look and how long to wait; reads no file.
 */
import { resolve } from 'node:path'
import { fingerprintOf, hasContent } from './fingerprint.ts'
import { WatchedFolders } from './watched-folders.ts'

/** A file, and its fingerprint when it was read. */
export interface WatchedFile {
  readonly path: string
  readonly fingerprint: string
}

export interface WatchOptions {
  /** How long files have to stay as they are before a change counts. */
  readonly settleMs?: number
  /** The files differ from what was read, or from what they were at the last call. */
  readonly onChange: () => void
  /** There are no events for some files (of the file system's, or no more of them); a change is noticed all the same, later. */
  readonly onError: (error: Error) => void
}

/**
 * Watches a set of files, until it is closed; does not keep the process alive. A look at the files costs some µs a file, is
 * synchronous, and happens at most once within `settleMs`, with a tenth of the time at most, whatever the events.
 */
export class FileWatcher {
  readonly #options: WatchOptions
  readonly #settleMs: number
  readonly #folders = new WatchedFolders(() => this.#lookSoon())
  #paths: readonly string[] = []
  /** Fingerprints of what the caller knows: those that it gave, then those at the last change that it was told. */
  #known: readonly string[] = []
  /** Fingerprints at the last look, and since when they are these. */
  #seen: readonly string[] = []
  #seenAt = 0
  /** Since when they differ from what is known. */
  #changedAt: number | undefined
  /** When the next look may be, for an event. */
  #restUntil = 0
  #timer: NodeJS.Timeout | undefined
  #timerAt = NEVER
  #isFailing = false
  #isClosed = false

  constructor(options: WatchOptions) {
    this.#options = options
    this.#settleMs = options.settleMs ?? SETTLE_MS
  }

  /** Watches these files and no others. What has changed since they were read is a change like any other. */
  watch(files: readonly WatchedFile[]): void {
    if (this.#isClosed) return
    this.#paths = files.map(({ path }) => resolve(path))
    this.#known = files.map(({ fingerprint }) => fingerprint)
    this.#seen = []
    this.#changedAt = undefined
    this.#look()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#folders.close()
  }

  #look(): void {
    const startedAt = performance.now()
    this.#folders.cover(this.#paths)
    const fingerprints = this.#paths.map(fingerprintOf)
    const now = performance.now()
    const restMs = REST * (now - startedAt)
    this.#restUntil = now + Math.max(restMs, this.#settleMs)
    if (!isSame(fingerprints, this.#seen)) {
      this.#seen = fingerprints
      this.#seenAt = now
    }
    this.#reportFailure()
    const dueAt = this.#dueAt(now)
    const isDue = dueAt <= now
    const nextMs = isDue || dueAt === NEVER ? this.#pollMs() : Math.min(dueAt - now, this.#settleMs)
    this.#lookIn(Math.max(nextMs, restMs))
    if (!isDue || this.#isClosed) return
    this.#known = fingerprints
    this.#changedAt = undefined
    this.#options.onChange()
  }

  /** When the change that was seen is to be told. What is empty or missing may be about to be written. */
  #dueAt(now: number): number {
    const changed = this.#seen.filter((fingerprint, i) => fingerprint !== this.#known[i])
    this.#changedAt = changed.length > 0 ? (this.#changedAt ?? now) : undefined
    if (this.#changedAt === undefined) return NEVER
    const patienceMs = Math.max(this.#settleMs, Math.min(this.#settleMs * PATIENCE, PATIENCE_MS_MAX))
    const settleMs = changed.every(hasContent) ? this.#settleMs : patienceMs
    return Math.min(this.#seenAt + settleMs, this.#changedAt + this.#settleMs * WAIT_MAX)
  }

  #pollMs(): number {
    return this.#isFailing ? this.#settleMs * POLL_WITHOUT_EVENTS : POLL_MS
  }

  /** Said once, until there are events again for all files. */
  #reportFailure(): void {
    const { failure } = this.#folders
    const isNew = failure !== undefined && !this.#isFailing
    this.#isFailing = failure !== undefined
    if (isNew) this.#options.onError(failure)
  }

  #lookSoon(): void {
    this.#lookIn(Math.max(0, this.#restUntil - performance.now()))
  }

  #lookIn(ms: number): void {
    const at = performance.now() + ms
    if (this.#isClosed || at >= this.#timerAt) return
    clearTimeout(this.#timer)
    this.#timerAt = at
    this.#timer = setTimeout(() => {
      this.#timerAt = NEVER
      this.#look()
    }, ms).unref()
  }
}

const NEVER = Number.POSITIVE_INFINITY
const SETTLE_MS = 50
/** How many times `settleMs` an empty or missing file has to stay so, and the most that is. */
const PATIENCE = 10
const PATIENCE_MS_MAX = 1000
/** After how many times `settleMs` a change counts although the files go on changing. */
const WAIT_MAX = 40
/** Events may be lost, and network file systems have none. */
const POLL_MS = 2000
const POLL_WITHOUT_EVENTS = 4
/** How many times the duration of a look passes before the next one. */
const REST = 10

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((fingerprint, i) => fingerprint === b[i])
}
