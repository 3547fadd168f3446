/**
 * How requests come to a decision: as objects, prepared, or as rows of columns; each looks for a decision that was kept
 * before anything is decided. What a decision is made from is the business of `decider.ts`. Spec: DESIGN section 4.
 */
import type { Overlay } from '../image/dictionary.ts'
import type { Values } from '../image/value-ids.ts'
import type { ReaderProgram } from '../program/program.ts'
import { RuneError } from '../text/diagnostic.ts'
import type { Frame } from './cedar/frame.ts'
import type { Decision } from './decision.ts'
import { type CacheStats, codeOf, type DecisionCache } from './decision-cache.ts'
import { type EntityHandles, type HandleTarget, NO_ENTITY } from './entity-handles.ts'
import { PreparedRequest, type RequestIds } from './prepared.ts'
import type { AuthorizeRequest, CheckedRequest } from './request.ts'
import type { RequestReader } from './request-reader.ts'

export interface Entrances {
  /** Decides a request of the API. Throws a `RuneError` for one that is malformed. */
  authorize(request: AuthorizeRequest): Decision
  /** Reads a request that will be decided again and again. Throws a `RuneError` for one that is malformed. */
  prepare(request: AuthorizeRequest): PreparedRequest
  authorizePrepared(prepared: PreparedRequest): Decision
  /** What handles name the entities for. */
  readonly target: HandleTarget
  /** Decides the rows `[from, to)` of `columns`. */
  decideColumns(columns: RequestColumns, handles: EntityHandles, from: number, to: number): void
  readonly trace: Trace
}

/** How the last decision came about. */
export interface Trace {
  /** Nothing was read of the image, so that nothing which was read can be torn. */
  isRemembered: boolean
}

/** Requests without context, a row each: numbers of entities, and what was decided of them, as `codeOf` says. */
export interface RequestColumns {
  readonly principals: Uint32Array
  readonly actions: Uint32Array
  readonly resources: Uint32Array
  readonly out: Uint8Array
}

/** In `out`: the row was not decided, for one of its numbers, the schema or a limit refused it. */
export const NOT_DECIDED = 3

export interface EntrancesOptions {
  readonly program: ReaderProgram
  readonly overlay: Overlay
  readonly values: Values
  readonly cache: DecisionCache | undefined
  readonly stats: CacheStats
  readonly trace: Trace
  readonly reader: RequestReader
  readonly frame: Frame
  /** Makes room for another request. */
  readonly renew: () => void
  /** Puts a request into the frame. */
  readonly take: (checked: CheckedRequest) => void
  /** Decides the request in the frame. */
  readonly decide: () => Decision
}

export function createEntrances(options: EntrancesOptions): Entrances {
  const { overlay, stats, trace, reader, frame, renew, take, decide } = options
  const decideCached = createCached(options)
  const decideBringing = (): Decision => {
    stats.uncacheable++
    return decide()
  }
  const decideChecked = (checked: CheckedRequest): Decision => {
    renew()
    take(checked)
    return checked.entities === undefined ? decideCached() : decideBringing()
  }
  const authorize = (request: AuthorizeRequest): Decision => {
    overlay.trim()
    const checked = reader.read(request, frame)
    return checked === undefined ? decideCached() : decideChecked(checked)
  }
  const target: HandleTarget = { settings: options.program.settings, values: options.values, overlay }
  return {
    authorize,
    trace,
    target,
    ...createPrepared({ ...options, target, decideCached, decideBringing }),
    ...createColumns({ ...options, target, decideCached, decideBringing }),
  }
}

/** Decides what is in the frame, which brings no entities, unless that is known. */
function createCached({ cache, overlay, trace, frame, renew, decide }: EntrancesOptions): () => Decision {
  const decideAndKeep = (): Decision => {
    trace.isRemembered = false
    renew()
    const decision = decide()
    cache?.keep(frame, decision)
    return decision
  }
  return () => {
    const entry = cache === undefined ? -1 : cache.find(frame, overlay.generation)
    return cache !== undefined && entry >= 0 ? cache.decisionAt(entry) : decideAndKeep()
  }
}

interface Shared extends EntrancesOptions {
  readonly target: HandleTarget
  /** Decides what is in the frame, which brings no entities. */
  readonly decideCached: () => Decision
  /** Decides what is in the frame, which brings some. */
  readonly decideBringing: () => Decision
}

function createPrepared(options: Shared): Pick<Entrances, 'prepare' | 'authorizePrepared'> {
  const { target, overlay, cache, stats, trace, reader, frame, renew, take, decideCached, decideBringing } = options
  /** Puts the request into the frame; nothing of one that brings entities. */
  const idsOf = ({ request }: PreparedRequest): RequestIds | undefined => {
    const checked = reader.read(request, frame)
    renew()
    if (checked !== undefined) take(checked)
    if (checked?.entities) return undefined
    const { principal, action, resource } = frame
    const { generation } = overlay
    return { of: target, generation, principal, action, resource, context: frame.contextIds() }
  }
  const decideIds = (prepared: PreparedRequest, ids: RequestIds): Decision => {
    trace.isRemembered = false
    frame.principal = ids.principal
    frame.action = ids.action
    frame.resource = ids.resource
    frame.useContext(ids.context)
    const decision = decideCached()
    if (cache !== undefined && decision.errors.length === 0) {
      prepared.kept.decision = decision
      prepared.kept.stamp = cache.stamp
    }
    return decision
  }
  /** The ids of a prepared request hold no more, or it has none. */
  const decideAnew = (prepared: PreparedRequest): Decision => {
    trace.isRemembered = false
    const ids = idsOf(prepared)
    prepared.kept.decision = undefined
    prepared.kept.ids = ids
    return ids === undefined ? decideBringing() : decideIds(prepared, ids)
  }
  return {
    prepare: (request) => {
      overlay.trim()
      const prepared = new PreparedRequest(request)
      prepared.kept.ids = idsOf(prepared)
      return prepared
    },
    authorizePrepared: (prepared) => {
      overlay.trim()
      const { ids, decision, stamp } = prepared.kept
      if (ids === undefined || ids.of !== target || ids.generation !== overlay.generation) return decideAnew(prepared)
      if (decision === undefined || cache === undefined || stamp !== cache.stamp) {
        return decideIds(prepared, ids)
      }
      stats.hits++
      trace.isRemembered = true
      return decision
    },
  }
}

function createColumns(options: Shared): Pick<Entrances, 'decideColumns'> {
  const { program, target, overlay, cache, stats, reader, frame, decideCached } = options
  const decideRow = (principal: number, action: number, resource: number): number => {
    frame.principal = principal
    frame.action = action
    frame.resource = resource
    frame.clearContext()
    try {
      return reader.conforms(frame) ? codeOf(decideCached()) : NOT_DECIDED
    } catch (error) {
      if (error instanceof RuneError) return NOT_DECIDED
      throw error
    }
  }
  // What does not conform to a schema has to be refused each time.
  const known = program.schema === undefined ? cache : undefined
  return {
    decideColumns: ({ principals, actions, resources, out }, handles, from, to) => {
      overlay.trim()
      const ids = handles.idsFor(target)
      let hits = 0
      for (let row = from; row < to; row++) {
        let principal = ids[principals[row]!] ?? NO_ENTITY
        let action = ids[actions[row]!] ?? NO_ENTITY
        let resource = ids[resources[row]!] ?? NO_ENTITY
        if ((principal | action | resource) < 0) {
          principal = handles.idOf(principals[row]!)
          action = handles.idOf(actions[row]!)
          resource = handles.idOf(resources[row]!)
          if ((principal | action | resource) < 0) {
            out[row] = NOT_DECIDED
            continue
          }
        }
        const entry = known === undefined ? -1 : known.findBare(principal, action, resource, overlay.generation)
        if (known !== undefined && entry >= 0) {
          out[row] = known.codeAt(entry)
          hits++
        } else out[row] = decideRow(principal, action, resource)
      }
      stats.hits += hits
    },
  }
}
