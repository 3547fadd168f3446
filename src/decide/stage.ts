/**
 * The frame of a decision and the facts of its request: a stage is set for one request at a time, for policies and rules
 * alike. Spec: LANGUAGE sections 4 and 5.
 */

import { entitiesWith, type RequestEntity, type StoredEntities } from '../image/entity-store.ts'
import type { Image } from '../image/image.ts'
import type { Overlay } from '../image/overlay.ts'
import { firstRow, searchBy } from '../image/search.ts'
import type { ValueId, Values } from '../image/value-ids.ts'
import type { Demand, DemandAnswer, Holds } from '../program/demand.ts'
import { BUILTIN, type PredicateId, type ReaderProgram, type Rule } from '../program/program.ts'
import { runeError } from '../text/diagnostic.ts'
import { printEntityUid } from '../values/entity-uid.ts'
import type { Value } from '../values/value.ts'
import { Frame } from './cedar/frame.ts'
import type { Run } from './nearest-rules.ts'
import type { CheckedRequest } from './request.ts'
import { requestRows } from './request-facts.ts'

/** What answers for rules; implemented by the fixpoint's solver. */
export interface RuleEvaluation {
  /** Takes the facts of a request; all answers are for it until the next. */
  begin(facts: { rows(predicate: PredicateId): readonly (readonly ValueId[])[]; bringsEntities: boolean }): void
  readonly demand: Demand
  /** As long as a request brings no entities. */
  readonly holds: Holds
  /** All rows of the head of a rule that need not belong to the program. In one that failed, `FREE` is what is not known. */
  derive(rule: Rule): { readonly rows: DemandAnswer['rows']; readonly errors: DemandAnswer['rows'] }
  /** What a rule derives by itself. */
  readonly run: Run
  /** How many steps were taken since `begin`. */
  spent(): number
}

export interface StageOptions {
  readonly program: ReaderProgram
  readonly image: Image
  /** The dictionary of the request at hand, and the values over it. */
  readonly overlay: Overlay
  readonly values: Values
  readonly rules: RuleEvaluation
}

/** Where requests are asked about, one at a time; over an image whose entities are `stored`. */
export class Stage {
  readonly frame: Frame
  readonly demand: Demand
  readonly #options: StageOptions
  readonly #stored: StoredEntities
  #hasBegun = false
  #brought: ReadonlyMap<ValueId, RequestEntity> | undefined

  constructor(options: StageOptions, stored: StoredEntities) {
    const { values, rules } = options
    this.#options = options
    this.#stored = stored
    // Most requests ask for no facts, and then nothing is made ready for it.
    this.demand = (predicate, pattern) => {
      if (!this.#hasBegun) this.begin()
      return rules.demand(predicate, pattern)
    }
    const holds: Holds = (predicate, row) => (this.#brought === undefined ? rules.holds(predicate, row) : undefined)
    this.frame = new Frame(values, stored, this.demand, holds)
  }

  /** Makes room for another request, and forgets what earlier ones brought if there is much of it. */
  start(): void {
    this.#options.overlay.trim()
    this.renew()
  }

  /** Makes room for another request. */
  renew(): void {
    this.#hasBegun = false
    this.#brought = undefined
    this.frame.entities = this.#stored
  }

  /** Puts a request into the frame. */
  take(checked: CheckedRequest): void {
    const { image, values } = this.#options
    const { frame } = this
    frame.principal = values.intern(checked.principal)
    frame.action = values.intern(checked.action)
    frame.resource = values.intern(checked.resource)
    frame.context = values.intern({ kind: 'record', fields: checked.context })
    if (!checked.entities) return
    this.#brought = internEntities(checked.entities, values)
    frame.entities = entitiesWith(this.#stored, this.#brought)
    refuseNewAncestors(image, this.#brought, this.#stored, values)
  }

  /** Puts another entity in the place of one of the request, which brings none. */
  replace(place: 'principal' | 'resource', entity: ValueId): void {
    this.frame[place] = entity
    this.#hasBegun = false
  }

  /** How many steps rules have taken for the request. */
  spent(): number {
    return this.#hasBegun ? this.#options.rules.spent() : 0
  }

  /** Makes the facts of the request ready for rules. */
  begin(): void {
    const { program, values, rules } = this.#options
    const { frame } = this
    const brought = this.#brought
    this.#hasBegun = true
    const isPath = program.settings.pathTypes.has(values.textOf(values.entityType(frame.resource)))
    rules.begin({
      rows: (predicate) => requestRows(frame, brought ?? NO_ENTITIES, predicate, values, isPath),
      bringsEntities: brought !== undefined,
    })
  }
}

const NO_ENTITIES: ReadonlyMap<ValueId, RequestEntity> = new Map()

/**
 * What stored entities are in is known, and no request may add to it: an entity that stands as a parent in the store can be
 * brought, but not with parents of its own. So no cycle can close over the store either.
 */
function refuseNewAncestors(
  image: Image,
  brought: ReadonlyMap<ValueId, RequestEntity>,
  stored: StoredEntities,
  values: Values,
): void {
  const parents = image.relations[BUILTIN.entityParent]!
  for (const [uid, entity] of brought) {
    if (entity.parents.length === 0 || stored.exists(uid)) continue
    if (firstRow(searchBy(parents, [1]), [uid], parents.count) < 0) continue
    const message = `entities: \`${printEntityUid(values.uidOf(uid))}\` has parents, and stored entities are in it`
    throw runeError('R743', message, { help: 'a request can add entities, and change nothing that the store knows' })
  }
}

function internEntities(given: NonNullable<CheckedRequest['entities']>, values: Values): Map<ValueId, RequestEntity> {
  const fields = (all: ReadonlyMap<string, Value>) =>
    new Map([...all].map(([key, value]) => [values.string(key), values.intern(value)]))
  const entities = new Map<ValueId, RequestEntity>()
  for (const { uid, attrs, tags, parents } of given) {
    entities.set(values.intern(uid), {
      attrs: fields(attrs),
      tags: fields(tags),
      parents: parents.map((value) => values.intern(value)),
    })
  }
  return entities
}
