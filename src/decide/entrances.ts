/**
 * How requests come to a decision: as objects, prepared, or as rows of columns; each looks for a decision that was kept
 * before anything is decided. What a decision is made from is the business of `decider.ts`. Spec: DESIGN section 4.
 */
import type { Overlay } from '../image/overlay.ts'
import type { ValueId, Values } from '../image/value-ids.ts'
import type { ReaderProgram } from '../program/program.ts'
import { RuneError } from '../text/diagnostic.ts'
import type { Frame } from './cedar/frame.ts'
import type { Decision } from './decision.ts'
import { type CacheStats, codeOf, type DecisionCache } from './decision-cache.ts'
import { type EntityHandles, type HandleTarget, NO_ENTITY } from './entity-handles.ts'
import { PreparedRequest } from './prepared.ts'
import type { AuthorizeRequest, CheckedRequest } from './request.ts'
import type { RequestReader } from './request-reader.ts'
import type { Stage } from './stage.ts'

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
  readonly turned: { readonly epoch: number }
  readonly trace: Trace
  readonly reader: RequestReader
  readonly stage: Stage
  readonly decider: { decideStaged(): Decision }
}

export class Entrances {
  /** What handles name the entities for. */
  readonly target: HandleTarget
  readonly trace: Trace
  readonly #overlay: Overlay
  readonly #cache: DecisionCache | undefined
  /** As `#cache`, where what is known to it can be handed out as it is: what does not conform to a schema is refused each time. */
  readonly #columnCache: DecisionCache | undefined
  readonly #stats: CacheStats
  readonly #turned: EntrancesOptions['turned']
  readonly #reader: RequestReader
  readonly #stage: Stage
  readonly #frame: Frame
  readonly #decider: EntrancesOptions['decider']

  constructor(options: EntrancesOptions) {
    const { program, values, overlay, cache, stats, turned, trace, reader, stage, decider } = options
    this.target = { settings: program.settings, values, overlay }
    this.trace = trace
    this.#overlay = overlay
    this.#cache = cache
    this.#columnCache = program.schema === undefined ? cache : undefined
    this.#stats = stats
    this.#turned = turned
    this.#reader = reader
    this.#stage = stage
    this.#frame = stage.frame
    this.#decider = decider
  }

  /** Decides a request of the API. Throws a `RuneError` for one that is malformed. */
  authorize(request: AuthorizeRequest): Decision {
    this.#overlay.trim()
    const checked = this.#reader.read(request, this.#frame)
    return checked === undefined ? this.#decideCached() : this.#decideChecked(checked)
  }

  /** Reads a request that will be decided again and again. Throws a `RuneError` for one that is malformed. */
  prepare(request: AuthorizeRequest): PreparedRequest {
    this.#overlay.trim()
    const prepared = new PreparedRequest(request)
    this.#learnIds(prepared)
    return prepared
  }

  authorizePrepared(prepared: PreparedRequest): Decision {
    this.#overlay.trim()
    const { of, generation, decision } = prepared.kept
    if (of !== this.target || generation !== this.#overlay.generation) return this.#decideAnew(prepared)
    if (decision === undefined || decision.epoch !== this.#turned.epoch) return this.#decideIds(prepared)
    this.#stats.hits++
    this.trace.isRemembered = true
    return decision
  }

  /** Decides the rows `[from, to)` of `columns`. */
  decideColumns(
    { principals, actions, resources, out }: RequestColumns,
    handles: EntityHandles,
    from: number,
    to: number,
  ): void {
    const [overlay, cache] = [this.#overlay, this.#columnCache]
    overlay.trim()
    const ids = handles.idsFor(this.target)
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
      const code = cache === undefined ? -1 : cache.codeOf(principal, action, resource, overlay.generation)
      if (code >= 0) hits++
      out[row] = code >= 0 ? code : this.#decideRow(principal, action, resource)
    }
    this.#stats.hits += hits
  }

  #decideRow(principal: ValueId, action: ValueId, resource: ValueId): number {
    const frame = this.#frame
    frame.principal = principal
    frame.action = action
    frame.resource = resource
    frame.clearContext()
    try {
      return this.#reader.conforms(frame) ? codeOf(this.#decideCached()) : NOT_DECIDED
    } catch (error) {
      if (error instanceof RuneError) return NOT_DECIDED
      throw error
    }
  }

  #decideChecked(checked: CheckedRequest): Decision {
    this.#stage.renew()
    this.#stage.take(checked)
    return checked.entities === undefined ? this.#decideCached() : this.#decideBringing()
  }

  /** Decides what is in the frame, which brings no entities, unless that is known. */
  #decideCached(): Decision {
    return this.#cache?.find(this.#frame, this.#overlay.generation) ?? this.#decideAndKeep()
  }

  #decideAndKeep(): Decision {
    this.trace.isRemembered = false
    this.#stage.renew()
    const decision = this.#decider.decideStaged()
    this.#cache?.keep(this.#frame, decision)
    return decision
  }

  /** Decides what is in the frame, which brings some. */
  #decideBringing(): Decision {
    this.#stats.uncacheable++
    return this.#decider.decideStaged()
  }

  /** Puts the request into the frame, and says whether it has ids then: one that brings entities has none. */
  #learnIds({ request, kept }: PreparedRequest): boolean {
    const frame = this.#frame
    kept.of = undefined
    kept.decision = undefined
    const checked = this.#reader.read(request, frame)
    this.#stage.renew()
    if (checked !== undefined) this.#stage.take(checked)
    if (checked?.entities) return false
    kept.generation = this.#overlay.generation
    kept.principal = frame.principal
    kept.action = frame.action
    kept.resource = frame.resource
    kept.context = frame.contextIds()
    kept.of = this.target
    return true
  }

  #decideIds({ kept }: PreparedRequest): Decision {
    this.trace.isRemembered = false
    const frame = this.#frame
    frame.principal = kept.principal
    frame.action = kept.action
    frame.resource = kept.resource
    frame.useContext(kept.context)
    const decision = this.#decideCached()
    if (this.#cache !== undefined && decision.errors.length === 0) kept.decision = decision
    return decision
  }

  /** The ids of a prepared request hold no more, or it has none. */
  #decideAnew(prepared: PreparedRequest): Decision {
    this.trace.isRemembered = false
    return this.#learnIds(prepared) ? this.#decideIds(prepared) : this.#decideBringing()
  }
}
