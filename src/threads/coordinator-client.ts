/**
 * The opening thread's end of a coordinator: requests with promises, events, and a new coordinator when one dies. What was
 * accepted is kept here as its net effect, so that a new one goes on from the published image without losing it.
 */
import { EventEmitter } from 'node:events'
import { statSync } from 'node:fs'
import { isSnapshotFile, readSnapshotInPieces } from '../image/snapshot.ts'
import { type Host, nodeHost } from '../syntax/rune-file/host.ts'
import { type Diagnostic, RuneError, runeError } from '../text/diagnostic.ts'
import type { ConfigurationInput } from './build.ts'
import { createCoordinator, type Published } from './coordinator.ts'
import type { CoordinatorEvents } from './coordinator-events.ts'
import { type Link, type LinkEvents, startInline, startThread } from './coordinator-link.ts'
import type { FromCoordinator, OpenOptions, ToCoordinator } from './coordinator-server.ts'
import { type RecordedFile, recordingHost } from './file-list.ts'
import { addToDelta, type Delta, dropFromDelta, emptyDelta, type Update } from './update.ts'

export interface ClientOptions extends Omit<OpenOptions, 'predecessor'> {
  readonly mode: 'thread' | 'inline'
}

interface Pending {
  readonly message: ToCoordinator
  readonly resolve: (published: Published) => void
  readonly reject: (error: Error) => void
  /** Whether the coordinator has it. */
  isSent: boolean
  /** Coordinators that died while they had it. */
  deaths: number
}

type Done = Extract<FromCoordinator, { kind: 'done' }>

/** A request that so many coordinators died of is given up; after one fewer, it is asked alone, so that others live on. */
const DEATHS_MAX = 3
const RESTART_MS_MAX = 5000
/** One that lived so long died of something else than the one before. */
const LIFE_MS_MIN = 10_000

/** A larger snapshot would keep the opening thread busy for more than about a tenth of a second. */
const SMALL_SNAPSHOT_BYTES_MAX = 2 ** 26

export class CoordinatorClient {
  readonly events = new EventEmitter<CoordinatorEvents>()
  readonly #options: ClientOptions
  readonly #pending = new Map<number, Pending>()
  #delta: Delta = emptyDelta()
  #link: Link
  #memory: unknown
  #ids = 0
  /** Whether one request is asked at a time. */
  #isCareful = false
  #updateEpoch = 0
  #restarts = 0
  #startedAt = 0
  /** Until another coordinator is started. */
  #restart: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: ClientOptions) {
    this.#options = options
    this.#link = this.#start()
  }

  /** Opens the sources; resolves with what was published, and the memory that readers attach to. */
  async open(): Promise<{ readonly published: Published; readonly memory: unknown }> {
    const { mode, ...options } = this.#options
    const recording = recordingHost(nodeHost)
    if (mode === 'thread' && isSmallSnapshot(options.input, recording.host)) {
      return this.#openHere(options.input.path, recording.files())
    }
    const published = await this.#request({ kind: 'open', id: ++this.#ids, options })
    return { published, memory: this.#memory }
  }

  /** What updates changed, of those that were answered. */
  get delta(): Delta {
    return this.#delta
  }

  async update(update: Update): Promise<Published> {
    return await this.#request({ kind: 'update', id: ++this.#ids, update })
  }

  async reload(): Promise<Published> {
    return await this.#request({ kind: 'reload', id: ++this.#ids })
  }

  /** Ends the coordinator; what waits is rejected. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const { reject } of this.#pending.values()) reject(runeError('R740', 'the engine is closed'))
    this.#pending.clear()
    await this.#link.close()
  }

  /** Ends the coordinator as a crash does. @internal */
  crash(): void {
    this.#link.crash()
  }

  /** A small snapshot is read sooner than a thread starts, which takes over what this one has published when it is up. */
  async #openHere(path: string, files: readonly RecordedFile[]): ReturnType<CoordinatorClient['open']> {
    const { mode: _, ...options } = this.#options
    const snapshot = { bytes: await readSnapshotInPieces(path), files }
    if (this.#isClosed) throw runeError('R740', 'the engine is closed')
    const first = createCoordinator({ ...options, snapshot })
    const published = first.load()
    const { warnings = [], counts } = published
    const { memory } = first
    const loaded = { warnings, ...(counts && { counts }), files: first.files() }
    this.#memory = memory
    const predecessor = { memory, delta: this.#delta, loaded }
    this.#link.post({ kind: 'open', id: ++this.#ids, options: { ...options, predecessor } })
    return { published, memory }
  }

  #request(message: ToCoordinator): Promise<Published> {
    if (this.#isClosed) return Promise.reject(runeError('R740', 'the engine is closed'))
    return new Promise((resolve, reject) => {
      const pending = { message, resolve, reject, isSent: false, deaths: 0 }
      this.#pending.set(message.id, pending)
      this.#link.keepAlive(true)
      this.#restart?.ref()
      if (!this.#isCareful) this.#send(pending)
    })
  }

  #send(pending: Pending): void {
    pending.isSent = true
    this.#link.post(pending.message)
  }

  /** Sends what waits: all, or the first one alone while coordinators may die of one of them. */
  #sendWaiting(): void {
    const waiting = [...this.#pending.values()]
    this.#isCareful = waiting.some(({ deaths }) => deaths === DEATHS_MAX - 1)
    for (const pending of this.#isCareful ? waiting.slice(0, 1) : waiting) if (!pending.isSent) this.#send(pending)
  }

  #start(): Link {
    this.#startedAt = performance.now()
    const start = this.#options.mode === 'inline' ? startInline : startThread
    const events: LinkEvents = { onMessage: (message) => this.#take(message), onEnd: (error) => this.#replace(error) }
    return start(events)
  }

  #take(message: FromCoordinator): void {
    if (message.kind === 'reloaded') {
      this.#delta = message.refitted ?? this.#delta
      this.events.emit('reload', message.published)
    } else if (message.kind === 'reload-failed') this.events.emit('reload-error', new RuneError(message.diagnostics))
    else if (message.kind === 'failed') {
      const pending = this.#takePending(message.id)
      if (pending) this.#fail(pending, message.diagnostics)
    } else this.#succeed(message)
  }

  #takePending(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    if (pending && this.#pending.size === 0) this.#link.keepAlive(false)
    if (this.#isCareful) this.#sendWaiting()
    return pending
  }

  #succeed({ ids, published, memory, forgotten = [], refitted }: Done): void {
    if (memory !== undefined) this.#memory = memory
    this.#delta = refitted ?? this.#delta
    const done = ids.flatMap((id) => this.#takePending(id) ?? [])
    for (const { message } of done) if (message.kind === 'update') addToDelta(this.#delta, message.update)
    dropFromDelta(this.#delta, forgotten)
    for (const { resolve } of done) resolve(published)
    const kind = done[0]?.message.kind
    if (kind === 'reload') this.events.emit('reload', published)
    if (kind !== 'update' || this.#updateEpoch === published.epoch) return
    this.#updateEpoch = published.epoch
    this.events.emit('update', published)
  }

  #fail({ message, reject }: Pending, diagnostics: readonly Diagnostic[]): void {
    const error = new RuneError(diagnostics)
    reject(error)
    if (message.kind === 'reload') this.events.emit('reload-error', error)
  }

  /** Starts another coordinator, which goes on from what was published and takes what the dead one did not answer. */
  #replace(cause: unknown): void {
    if (this.#isClosed) return
    const error = runeError('R605', 'the coordinator ended, and another one is started')
    error.cause = cause
    for (const [id, pending] of this.#pending) {
      if (!pending.isSent || ++pending.deaths < DEATHS_MAX) continue
      this.#pending.delete(id)
      pending.reject(error)
    }
    if (performance.now() - this.#startedAt > LIFE_MS_MIN) this.#restarts = 0
    const wait = this.#restarts === 0 ? 0 : Math.min(RESTART_MS_MAX, 50 * 2 ** this.#restarts)
    this.#restarts++
    this.#restart = setTimeout(() => this.#goOn(), wait)
    if (this.#pending.size === 0) this.#restart.unref()
    // Without a listener, an emitter throws what it is told as an error.
    if (this.events.listenerCount('error') > 0) this.events.emit('error', error)
  }

  #goOn(): void {
    this.#restart = undefined
    if (this.#isClosed) return
    this.#link = this.#start()
    const { mode: _, ...options } = this.#options
    if (this.#memory !== undefined) {
      const predecessor = { memory: this.#memory, delta: this.#delta }
      this.#link.post({ kind: 'open', id: ++this.#ids, options: { ...options, predecessor } })
    }
    for (const pending of this.#pending.values()) pending.isSent = false
    this.#sendWaiting()
    this.#link.keepAlive(this.#pending.size > 0)
  }
}

function isSmallSnapshot(input: ConfigurationInput, host: Host): input is { readonly path: string } {
  if ('text' in input || !isSnapshotFile(input.path, host.readFile)) return false
  return (statSync(input.path, { throwIfNoEntry: false })?.size ?? 0) <= SMALL_SNAPSHOT_BYTES_MAX
}
