/**
 * A reader of an image: what can be asked of an engine in any thread that has its handle. Everything that it throws for input
 * that it refuses is a `RuneError`. Spec: DESIGN section 4.
 */
import { types } from 'node:util'
import type { Decision } from './decide/decision.ts'
import { CACHE_BYTES } from './decide/decision-cache.ts'
import type { Explanation } from './decide/explain.ts'
import { PreparedRequest } from './decide/prepared.ts'
import type { Profile } from './decide/profile.ts'
import type { QueryResult } from './decide/query.ts'
import type { AuthorizeRequest, EntityInput } from './decide/request.ts'
import type { WhichActions, WhichPrincipals, WhichResources } from './decide/which.ts'
import type { Inspection } from './fixpoint/inspect.ts'
import { listArgument, objectArgument, propertyOf, refuseArgument, textArgument } from './text/argument.ts'
import { attachReader, type CacheReport, type Handle, type Reader } from './threads/reader.ts'

/** How a reader decides. */
export interface ReaderOptions {
  /**
   * Whether decisions are kept for equal requests, until the state is another one; or how many bytes the table of them may
   * take, of each thread that decides. Absent: 4 MiB.
   */
  readonly cache?: boolean | number
}

/** How a profile is taken. */
export interface ProfileOptions {
  /** Milliseconds; absent: 2,000. */
  readonly durationMs?: number
}

/** What a page has besides what was found. */
interface PageEnd {
  /** For the next page; absent on the last one. A page may be short, or empty, and not be the last. */
  readonly cursor?: string
  readonly epoch: number
}

/** Entity literals, in an order that depends on nothing but them. */
export interface ResourcesPage extends PageEnd {
  readonly resources: readonly string[]
}

export interface PrincipalsPage extends PageEnd {
  readonly principals: readonly string[]
}

export interface ActionsPage extends PageEnd {
  readonly actions: readonly string[]
}

/** Decides in this thread from an image that another thread may change meanwhile; each answer is made from one epoch of it. */
export class RuneReader {
  /** @internal */
  protected readonly reader: Reader
  readonly #handle: Handle

  /** @internal */
  constructor(handle: Handle, { cache }: ReaderOptions = {}) {
    this.reader = attachReader(handle, cacheBytes(cache))
    this.#handle = handle
  }

  /** Decides a request. Throws a `RuneError` for a request that is malformed or reaches a limit; such a request is never permitted. */
  authorize(request: AuthorizeRequest): Decision {
    return this.reader.authorize(request)
  }

  /**
   * Reads a request that will be decided many times; what it is made of is copied. Throws a `RuneError` as `authorize` does
   * for one that is malformed.
   */
  prepareRequest(request: AuthorizeRequest): PreparedRequest {
    return this.reader.prepareRequest(request)
  }

  /** As `authorize`, in the state of today. Throws a `RuneError` where the request is malformed in it, or reaches a limit. */
  authorizePrepared(prepared: PreparedRequest): Decision {
    if (prepared instanceof PreparedRequest) return this.reader.authorizePrepared(prepared)
    throw refuseArgument('the request was not prepared', 'pass what `prepareRequest` yielded')
  }

  /**
   * Numbers that stand for entities in `authorizeColumns` of this reader, one for each of `entities` as they would stand at
   * `place` of a request; equal ones have the same number, which stays good until the reader is closed. At most 2^24.
   */
  entityHandles(place: 'principal' | 'action' | 'resource', entities: readonly EntityInput[]): Uint32Array {
    if (!PLACES.includes(place)) throw refuseArgument('the place is none of `principal`, `action` and `resource`')
    if (!Array.isArray(entities)) throw refuseArgument('the entities are no list')
    return this.reader.entityHandles(place, entities)
  }

  /**
   * Decides a request without context for each row of columns of `entityHandles`, all as long as `out`, and writes there what
   * it comes to: 0 deny, 1 permit, 2 forbid, 3 where the request is refused. Rows are decided by and by, up to 1,024 in one
   * epoch. Throws a `RuneError` for what is no such column.
   */
  authorizeColumns(principals: Uint32Array, actions: Uint32Array, resources: Uint32Array, out: Uint8Array): void {
    const columns = [principals, actions, resources]
    // `instanceof` would take what has no elements.
    if (!columns.every((column) => types.isUint32Array(column)) || !types.isUint8Array(out)) {
      throw refuseArgument('the columns are three `Uint32Array`s and a `Uint8Array` for the decisions')
    }
    if (columns.some(({ length }) => length !== out.length)) throw refuseArgument('the columns differ in length')
    this.reader.authorizeColumns({ principals, actions, resources, out })
  }

  /** How many requests were found in the cache and how many were not, since the reader was opened. */
  cacheStats(): CacheReport {
    return this.reader.cacheStats()
  }

  /**
   * Decides requests in this thread, all in one epoch; the decisions are those of `authorize`, in the order of the requests. A
   * request that fails is denied, and its `errors` say why. Takes the time of them all: `authorizeBatch` blocks nobody.
   */
  authorizeMany(requests: readonly AuthorizeRequest[]): Decision[] {
    return this.reader.authorizeMany(listArgument(requests, 'the requests'))
  }

  /**
   * The stored entities of a type for which `authorize` would permit the action, page by page. A page is of one epoch; its
   * cursor says where the next one goes on, in whatever epoch: what is stored all the time is seen once. Throws a `RuneError`
   * for a question that is malformed.
   */
  whichResources(asked: WhichResources): ResourcesPage {
    const { found, ...rest } = this.reader.whichResources(asked)
    return { resources: found, ...rest }
  }

  /** The stored entities of a type that `authorize` would permit the action, as `whichResources` pages them. */
  whichPrincipals(asked: WhichPrincipals): PrincipalsPage {
    const { found, ...rest } = this.reader.whichPrincipals(asked)
    return { principals: found, ...rest }
  }

  /**
   * The known actions that `authorize` would permit, as `whichResources` pages them: those of the schema, else those that are
   * stored or that policies and rules name.
   */
  whichActions(asked: WhichActions): ActionsPage {
    const { found, ...rest } = this.reader.whichActions(asked)
    return { actions: found, ...rest }
  }

  /**
   * Decides a request and says why: which policies and rules made the decision, and what the clauses of policies came to; of a
   * deny, the permits that came nearest. Takes longer than a decision, and throws where that does.
   */
  explain(request: AuthorizeRequest): Explanation {
    return this.reader.explain(request)
  }

  /** The rows for which a body holds, such as `can(alice, P), not blocked(P)`: one column for each variable, rows in a fixed order. */
  query(text: string): QueryResult {
    return this.reader.query(textArgument(text, 'the query'))
  }

  /**
   * What is in the image: each predicate with its rows, what they take and why they are kept so; each rule with its join orders.
   * Costs about as much as compiling all rules, and the indexes that evaluation makes for itself.
   */
  inspect(): Inspection {
    return this.reader.inspect()
  }

  /**
   * What policies and rules cost for these requests: decides each once to count, and then again and again to time, without a
   * cache and in one epoch. Keeps this thread busy for about `durationMs`, or as long as it takes to time each request once.
   */
  profile(requests: readonly AuthorizeRequest[], options: ProfileOptions = {}): Profile {
    const given = objectArgument(options, 'what stands beside the requests')
    const durationMs = propertyOf(given, 'durationMs', 'the option `durationMs`') ?? PROFILE_MS
    if (typeof durationMs === 'number' && durationMs >= 0 && durationMs <= PROFILE_MS_MAX) {
      return this.reader.profile(listArgument(requests, 'the requests'), durationMs)
    }
    throw refuseArgument(`the option \`durationMs\` is no number from 0 to ${PROFILE_MS_MAX}`)
  }

  /** The newest epoch: what the next answer is made from. */
  get epoch(): number {
    return this.reader.epoch()
  }

  /** What stands for the image in other threads: send it there, and call `Rune.attach` with it. */
  handle(): Handle {
    return this.#handle
  }

  /** Decides nothing any more. */
  async close(): Promise<void> {
    this.reader.close()
  }
}

const PROFILE_MS = 2000
const PROFILE_MS_MAX = 3_600_000

const PLACES = ['principal', 'action', 'resource']

/** What a reader's table may take. Throws a `RuneError` where the option says nothing of it. */
export function cacheBytes(cache: boolean | number = true): number {
  if (typeof cache === 'boolean') return cache ? CACHE_BYTES : 0
  if (Number.isInteger(cache) && cache >= 0 && cache <= CACHE_BYTES_MAX) return cache
  throw refuseArgument(`the option \`cache\` is neither true, false, nor a number of bytes up to ${CACHE_BYTES_MAX}`)
}

const CACHE_BYTES_MAX = 2 ** 30
