/**
 * A reader: decides in its own thread, synchronously, from the shared image. Every answer is made from one epoch; if the
 * memory of that epoch was taken back meanwhile, the answer is thrown away and made again from the newest one. Nothing here
 * waits for the coordinator. Spec: DESIGN section 1; the protocol is in `native-layout/README.md`.
 */
import { createDecider, type Decider } from '../decide/decider.ts'
import type { Decision } from '../decide/decision.ts'
import { CACHE_BYTES, type CacheStats, DecisionCache } from '../decide/decision-cache.ts'
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
import { createMachine, type Machine } from '../fixpoint/machine.ts'
import { createSolver, type Solver } from '../fixpoint/solve.ts'
import { type Arena, attachArena } from '../image/arena.ts'
import { createOverlay, type Overlay } from '../image/dictionary.ts'
import { decodeProgram, noUnits } from '../image/program-bytes.ts'
import { createReaderImage, type ReaderImage } from '../image/reader-image.ts'
import { createValues } from '../image/value-ids.ts'
import type { ReaderProgram } from '../program/program.ts'
import { propertyOf } from '../text/argument.ts'
import { type RuneError, runeError } from '../text/diagnostic.ts'
import { profileRequests } from './profile.ts'
import { begin, createRuleEvaluation } from './rule-evaluation.ts'

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

/** What of a program is turned to evaluations. */
interface Evaluating {
  readonly program: ReaderProgram
  readonly programNumber: number
  readonly decider: Decider
  readonly solver: Solver
  readonly overlay: Overlay
  readonly machine: Machine
  readonly cache: DecisionCache | undefined
}

/** How long a thread may have been idle while the writer still waits for it. */
const REST_AFTER_MS = 5
/** How often an answer is made anew. */
const TRIES_MAX = 8

/** So many rows of columns are decided at a time. */
const CHUNK_ROWS = 1024

/** A reader of the image in `arena`. */
export function createReader(arena: Arena, cacheBytes: number = CACHE_BYTES): Reader {
  const image = createReaderImage(arena)
  const caching: Caching = { bytesMax: cacheBytes, stats: { hits: 0, misses: 0, evictions: 0, uncacheable: 0 } }
  const { run, decideOne, close } = createRunner(image, createFollower(image, caching))
  const handles = createEntityHandles()
  const target = ({ program }: Evaluating): RequestTarget => ({ program, image: image.image })
  return {
    authorize: (request) => decideOne(request),
    authorizeMany: (requests) => run((at) => requests.map((request) => authorizeOne(at.decider, request, image.epoch))),
    whichResources: (asked) => run((at) => ({ ...at.decider.which.entities(asked, 'resource'), epoch: image.epoch })),
    whichPrincipals: (asked) => run((at) => ({ ...at.decider.which.entities(asked, 'principal'), epoch: image.epoch })),
    whichActions: (asked) => run((at) => ({ ...at.decider.which.actions(asked), epoch: image.epoch })),
    decide: (check) => run((at) => at.decider.decide(check(target(at)))),
    prepareRequest: (request) => run((at) => at.decider.prepare(request)),
    authorizePrepared: (prepared) => decideOne(prepared.request, prepared),
    entityHandles: (place, entities) => run((at) => handles.of(place, entities, at.decider.target)),
    authorizeColumns: (columns) => {
      const rows = columns.out.length
      for (let from = 0; from < rows; from += CHUNK_ROWS) {
        const to = Math.min(rows, from + CHUNK_ROWS)
        try {
          run((at) => at.decider.decideColumns(columns, handles, from, to))
        } catch (error) {
          // What was written may be of torn words.
          columns.out.fill(NOT_DECIDED, from)
          throw error
        }
      }
    },
    cacheStats: () => ({ ...caching.stats, bytes: run((at) => at.cache?.bytes ?? 0) }),
    explain: (request) => run((at) => at.decider.explain(checkRequest(request, target(at)))),
    query: (text) => run((at) => answered(text, at)),
    inspect: () => run((at) => inspected(at, image)),
    profile: (requests, durationMs) => run((at) => profileRequests(requests, durationMs, at, image)),
    program: () => run(({ program }) => program),
    epoch: () => run(() => image.epoch),
    close,
  }
}

/** Runs work on the newest epoch, again where what it read may be torn. */
function createRunner(image: ReaderImage, follow: () => Evaluating) {
  const rest = restWhenIdle(image)
  let closed = false
  let isBusy = false
  const attempt = <T>(work: (evaluating: Evaluating) => T): T => {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      try {
        const result = work(follow())
        if (image.isIntact()) return result
      } catch (error) {
        // What was read may be torn, and then an error says nothing.
        if (image.isIntact()) throw error
      }
    }
    throw replaced()
  }
  const run = <T>(work: (evaluating: Evaluating) => T): T => {
    if (closed || isBusy) refuseWork(closed)
    isBusy = true
    try {
      return attempt(work)
    } finally {
      isBusy = false
      rest()
    }
  }
  // As `run`, spelled out: what all decisions go through may call nothing but what can be inlined (`bench/engine.ts`).
  const decideOne = (request: AuthorizeRequest, prepared?: PreparedRequest): Decision => {
    if (closed || isBusy) refuseWork(closed)
    isBusy = true
    try {
      for (let tries = 0; tries < TRIES_MAX; tries++) {
        try {
          const { decider } = follow()
          const decision = prepared === undefined ? decider.authorize(request) : decider.authorizePrepared(prepared)
          if (decider.trace.isRemembered || image.isIntact()) return decision
        } catch (error) {
          if (image.isIntact()) throw error
        }
      }
    } finally {
      isBusy = false
      rest()
    }
    throw replaced()
  }
  const close = () => {
    closed = true
    image.close()
  }
  return { run, decideOne, close }
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
    return decider.authorize(request)
  } catch (thrown) {
    return failedDecision(errorsOfRequest(thrown, 'internal error'), epoch)
  }
}

function inspected({ program, overlay, machine }: Evaluating, { image, epoch }: ReaderImage): Inspection {
  overlay.reset()
  return inspect(program, { ...image, values: machine.values }, epoch)
}

/** Turns to the newest epoch whenever it is called, and compiles what is new in it. */
function createFollower(image: ReaderImage, caching: Caching): () => Evaluating {
  let compile = createCompiler(image, caching)
  let compiledOf = image.image
  let at: Evaluating | undefined
  return () => {
    const isNew = image.turn()
    if (!isNew && at !== undefined && compiledOf === image.image) return at
    at = undefined
    if (compiledOf !== image.image) {
      // Of what may be torn nothing is kept, not even what was compiled or decoded.
      compile = createCompiler(image, caching)
      compiledOf = image.image
    }
    return (at = compile(isNew))
  }
}

interface Caching {
  /** 0 for no cache. */
  readonly bytesMax: number
  readonly stats: CacheStats
}

/** Compiles what is new in an epoch; what it has made is good for one `image.image`. */
function createCompiler(image: ReaderImage, { bytesMax, stats }: Caching): (isNew: boolean) => Evaluating {
  const overlay = createOverlay(image.image.dictionary)
  const machine = createMachine(createValues(overlay))
  const known = noUnits()
  const cache = bytesMax > 0 ? new DecisionCache(bytesMax, stats) : undefined
  let compiled = new WeakMap()
  let solver: Solver | undefined
  let at: Evaluating | undefined
  let dictionaryNumber = -1
  let predicates: { readonly of?: ReaderProgram['predicates']; readonly signature: string } = { signature: '' }
  const rebuild = () => {
    const program = decodeProgram((from, to) => image.programBytes(from, to), known)
    const isNewDictionary = dictionaryNumber !== image.dictionaryNumber
    const nowPredicates =
      predicates.of === program.predicates ? predicates : { of: program.predicates, signature: signatureOf(program) }
    if (isNewDictionary) compiled = new WeakMap()
    if (solver) solver.use(program, !isNewDictionary && nowPredicates.signature === predicates.signature)
    else solver = createSolver(program, image.image, machine)
    const used = solver
    const decider = createDecider({
      program,
      image: image.image,
      overlay,
      values: machine.values,
      rules: createRuleEvaluation({ program, machine, solver: used, constants: image.image.values }),
      turned: image,
      compiled,
      cache,
      stats,
    })
    ;[dictionaryNumber, predicates] = [image.dictionaryNumber, nowPredicates]
    return { program, programNumber: image.programNumber, decider, solver: used, overlay, machine, cache }
  }
  return (isNew) => {
    if (at && !isNew) return at
    cache?.turn()
    at?.decider.turn()
    if (!at || at.programNumber !== image.programNumber || dictionaryNumber !== image.dictionaryNumber) {
      // Of what fails half-way nothing is kept.
      at = undefined
      at = rebuild()
    }
    return at
  }
}

/** What compiled rules rely on besides the rules themselves. */
function signatureOf({ predicates }: ReaderProgram): string {
  return predicates
    .map(({ name, arity, evaluation, readsEntities, best }) => [
      name,
      arity,
      evaluation,
      readsEntities,
      best?.column,
      best?.order,
    ])
    .join(';')
}

/** A function to call after each answer: some milliseconds later the writer is told that this thread is idle. */
function restWhenIdle(image: ReaderImage): () => void {
  let isArmed = false
  return () => {
    if (isArmed) return
    isArmed = true
    setTimeout(() => {
      isArmed = false
      image.rest()
    }, REST_AFTER_MS).unref()
  }
}
