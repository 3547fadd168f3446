/**
 * A reader: decides in its own thread, synchronously, from the shared image. Every answer is made from one epoch; if the
 * memory of that epoch was taken back meanwhile, the answer is thrown away and made again from the newest one. Nothing here
 * waits for the coordinator. Spec: DESIGN section 1; the protocol is in `native-layout/README.md`.
 */
import type { Decider } from '../decide/decider.ts'
import type { Decision } from '../decide/decision.ts'
import { CACHE_BYTES, type CacheStats } from '../decide/decision-cache.ts'
import { createEntityHandles } from '../decide/entity-handles.ts'
import { NOT_DECIDED, type RequestColumns } from '../decide/entrances.ts'
import type { Explanation } from '../decide/explain.ts'
import { errorsOfRequest, failedDecision } from '../decide/failed-request.ts'
import type { PreparedRequest } from '../decide/prepared.ts'
import type { Profile } from '../decide/profile.ts'
import { type QueryResult, queryOf, resultOf } from '../decide/query.ts'
import {
  type AuthorizeRequest,
  type CheckedRequest,
  checkRequest,
  type EntityInput,
  type Place,
  type RequestTarget,
} from '../decide/request.ts'
import type { Page, WhichActions, WhichPrincipals, WhichResources } from '../decide/which.ts'
import { type Inspection, inspect } from '../fixpoint/inspect.ts'
import { type Arena, attachArena } from '../image/arena.ts'
import { createReaderImage, type ReaderImage } from '../image/reader-image.ts'
import type { ReaderProgram } from '../program/program.ts'
import { propertyOf } from '../text/argument.ts'
import { type RuneError, runeError } from '../text/diagnostic.ts'
import { type Caching, type Evaluating, Follower } from './follower.ts'
import { profileRequests } from './profile.ts'
import { begin } from './rule-evaluation.ts'

export interface Reader {
  /** Decides a request. Throws a `RuneError` for one that is malformed or reaches a limit; such a request is never permitted. */
  authorize(request: AuthorizeRequest): Decision
  /** Decides all in one epoch; what is refused is denied, and its `errors` say why. */
  authorizeMany(requests: readonly AuthorizeRequest[]): Decision[]
  whichResources(asked: WhichResources): Page & InEpoch
  whichPrincipals(asked: WhichPrincipals): Page & InEpoch
  whichActions(asked: WhichActions): Page & InEpoch
  /** Decides what `check` makes of a request of some other form. */
  decide(check: (target: RequestTarget) => CheckedRequest): Decision
  prepareRequest(request: AuthorizeRequest): PreparedRequest
  authorizePrepared(prepared: PreparedRequest): Decision
  /** Numbers of entities for `authorizeColumns`. */
  entityHandles(place: Place, entities: readonly EntityInput[]): Uint32Array
  /** Decides a row of `columns` after the other; a few of them are of one epoch, all need not be. */
  authorizeColumns(columns: RequestColumns): void
  cacheStats(): CacheReport
  explain(request: AuthorizeRequest): Explanation
  query(text: string): QueryResult
  inspect(): Inspection
  /** Profiles decisions of `requests` for about so many milliseconds, all in one epoch. */
  profile(requests: readonly AuthorizeRequest[], durationMs: number): Profile
  /** The program of the newest epoch. */
  program(): ReaderProgram
  /** The newest epoch. */
  epoch(): number
  /** Gives back what the writer keeps for this reader. */
  close(): void
}

/** What became of the requests of a reader. */
export interface CacheReport extends Readonly<CacheStats> {
  /** What the table takes at the moment, without the decisions. */
  readonly bytes: number
}

/** A reader of the image that `handle` stands for, whose cache takes no more than `cacheBytes`. Throws a `RuneError` if it is no handle. */
export function attachReader(handle: unknown, cacheBytes: number = CACHE_BYTES): Reader {
  return createReader(attachArena(memoryOf(handle)), cacheBytes)
}

/** What an answer was made from. */
export interface InEpoch {
  readonly epoch: number
}

/** What stands for an image in other threads of the process; it can be sent there as it is. */
export interface Handle {
  readonly memory: unknown
}

function memoryOf(handle: unknown): unknown {
  return typeof handle === 'object' && handle !== null ? propertyOf(handle, 'memory', 'the handle') : undefined
}

/** How long a thread may have been idle while the writer still waits for it. */
const REST_AFTER_MS = 5
/** How often an answer is made anew. */
const TRIES_MAX = 8

/** So many rows of columns are decided at a time. */
const CHUNK_ROWS = 1024

/** A reader of the image in `arena`. */
export function createReader(arena: Arena, cacheBytes: number = CACHE_BYTES): Reader {
  return new ImageReader(createReaderImage(arena), cacheBytes)
}

class ImageReader implements Reader {
  readonly #image: ReaderImage
  readonly #caching: Caching
  readonly #follower: Follower
  readonly #handles = createEntityHandles()
  #isClosed = false
  #isBusy = false
  #isResting = false

  constructor(image: ReaderImage, cacheBytes: number) {
    this.#image = image
    this.#caching = { bytesMax: cacheBytes, stats: { hits: 0, misses: 0, evictions: 0, uncacheable: 0 } }
    this.#follower = new Follower(image, this.#caching)
  }

  authorize(request: AuthorizeRequest): Decision {
    return this.#decideOne(request)
  }

  authorizeMany(requests: readonly AuthorizeRequest[]): Decision[] {
    return this.#run(({ decider }) => requests.map((request) => authorizeOne(decider, request, this.#image.epoch)))
  }

  whichResources(asked: WhichResources): Page & InEpoch {
    return this.#run(({ decider }) => this.#inEpoch(decider.which.entities(asked, 'resource')))
  }

  whichPrincipals(asked: WhichPrincipals): Page & InEpoch {
    return this.#run(({ decider }) => this.#inEpoch(decider.which.entities(asked, 'principal')))
  }

  whichActions(asked: WhichActions): Page & InEpoch {
    return this.#run(({ decider }) => this.#inEpoch(decider.which.actions(asked)))
  }

  decide(check: (target: RequestTarget) => CheckedRequest): Decision {
    return this.#run(({ decider, program }) => decider.decide(check(this.#target(program))))
  }

  prepareRequest(request: AuthorizeRequest): PreparedRequest {
    return this.#run(({ decider }) => decider.entrances.prepare(request))
  }

  authorizePrepared(prepared: PreparedRequest): Decision {
    return this.#decideOne(prepared.request, prepared)
  }

  entityHandles(place: Place, entities: readonly EntityInput[]): Uint32Array {
    return this.#run(({ decider }) => this.#handles.of(place, entities, decider.entrances.target))
  }

  authorizeColumns(columns: RequestColumns): void {
    const rows = columns.out.length
    for (let from = 0; from < rows; from += CHUNK_ROWS) {
      const to = Math.min(rows, from + CHUNK_ROWS)
      try {
        this.#run(({ decider }) => decider.entrances.decideColumns(columns, this.#handles, from, to))
      } catch (error) {
        // What was written may be of torn words.
        columns.out.fill(NOT_DECIDED, from)
        throw error
      }
    }
  }

  cacheStats(): CacheReport {
    return { ...this.#caching.stats, bytes: this.#run(({ cache }) => cache?.bytes ?? 0) }
  }

  explain(request: AuthorizeRequest): Explanation {
    return this.#run(({ decider, program }) => decider.explain(checkRequest(request, this.#target(program))))
  }

  query(text: string): QueryResult {
    return this.#run((at) => answered(text, at))
  }

  inspect(): Inspection {
    return this.#run((at) => inspected(at, this.#image))
  }

  profile(requests: readonly AuthorizeRequest[], durationMs: number): Profile {
    return this.#run((at) => profileRequests(requests, durationMs, at, this.#image))
  }

  program(): ReaderProgram {
    return this.#run(({ program }) => program)
  }

  epoch(): number {
    return this.#run(() => this.#image.epoch)
  }

  close(): void {
    this.#isClosed = true
    this.#image.close()
  }

  #target(program: ReaderProgram): RequestTarget {
    return { program, image: this.#image.image }
  }

  #inEpoch(page: Page): Page & InEpoch {
    return { ...page, epoch: this.#image.epoch }
  }

  /** Runs work on the newest epoch, again where what it read may be torn. */
  #run<T>(work: (evaluating: Evaluating) => T): T {
    if (this.#isClosed || this.#isBusy) refuseWork(this.#isClosed)
    this.#isBusy = true
    try {
      for (let tries = 0; tries < TRIES_MAX; tries++) {
        try {
          const result = work(this.#follower.turn())
          if (this.#image.isIntact()) return result
        } catch (error) {
          // What was read may be torn, and then an error says nothing.
          if (this.#image.isIntact()) throw error
        }
      }
    } finally {
      this.#isBusy = false
      this.#restSoon()
    }
    throw replaced()
  }

  // As `#run`, spelled out: what all decisions go through may call nothing but what can be inlined (`bench/engine.ts`).
  #decideOne(request: AuthorizeRequest, prepared?: PreparedRequest): Decision {
    if (this.#isClosed || this.#isBusy) refuseWork(this.#isClosed)
    this.#isBusy = true
    try {
      for (let tries = 0; tries < TRIES_MAX; tries++) {
        try {
          const { entrances } = this.#follower.turn()
          const decision = prepared === undefined ? entrances.authorize(request) : entrances.authorizePrepared(prepared)
          if (entrances.trace.isRemembered || this.#image.isIntact()) return decision
        } catch (error) {
          if (this.#image.isIntact()) throw error
        }
      }
    } finally {
      this.#isBusy = false
      this.#restSoon()
    }
    throw replaced()
  }

  /** Some milliseconds later the writer is told that this thread is idle. */
  #restSoon(): void {
    if (!this.#isResting) this.#arm()
  }

  #arm(): void {
    this.#isResting = true
    setTimeout(() => {
      this.#isResting = false
      this.#image.rest()
    }, REST_AFTER_MS).unref()
  }
}

function refuseWork(closed: boolean): never {
  if (closed) throw runeError('R740', 'the engine is closed')
  // A getter of a request can call anything; one that asks for a decision would turn this one to another epoch.
  throw runeError('R744', 'a request asks for a decision while it is read')
}

function replaced(): RuneError {
  return runeError('R603', 'the state of the engine was replaced again and again while the request was evaluated')
}

function answered(text: string, { program, solver, overlay, machine }: Evaluating): QueryResult {
  const query = queryOf(program, text)
  overlay.reset()
  begin(machine, solver, program)
  const { rows, errors } = solver.run(query.rule, machine.values)
  const [failed] = errors
  if (failed) {
    const at = query.rule.span && { span: query.rule.span }
    throw runeError('R402', `the query fails: ${failed.message}`, at)
  }
  return resultOf(query, rows, machine.values)
}

function authorizeOne(decider: Decider, request: AuthorizeRequest, epoch: number): Decision {
  try {
    return decider.entrances.authorize(request)
  } catch (thrown) {
    return failedDecision(errorsOfRequest(thrown, 'internal error'), epoch)
  }
}

function inspected({ program, overlay, machine }: Evaluating, { image, epoch }: ReaderImage): Inspection {
  overlay.reset()
  return inspect(program, { ...image, values: machine.values }, epoch)
}
