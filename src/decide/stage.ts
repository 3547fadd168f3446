/**
 * The frame of a decision and the facts of its request: a stage is set for one request at a time, for policies and rules
 * alike. Spec: LANGUAGE sections 4 and 5.
 */
import type { Overlay } from '../image/dictionary.ts'
import { entitiesWith, type RequestEntity, type StoredEntities } from '../image/entity-store.ts'
import type { Image } from '../image/image.ts'
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

/** Where requests are asked about, one at a time. */
export interface Stage {
  readonly frame: Frame
  readonly demand: Demand
  /** Makes room for another request, and forgets what earlier ones brought if there is much of it. */
  start(): void
  /** Makes room for another request. */
  renew(): void
  /** Puts a request into the frame. */
  take(checked: CheckedRequest): void
  /** Puts another entity in the place of one of the request, which brings none. */
  replace(place: 'principal' | 'resource', entity: ValueId): void
  /** How many steps rules have taken for the request. */
  spent(): number
  /** Makes the facts of the request ready for rules. */
  begin(): void
}

/** A stage over `image`, whose entities are `stored`. */
export function createStage({ program, image, overlay, values, rules }: StageOptions, stored: StoredEntities): Stage {
  let hasBegun = false
  let brought: ReadonlyMap<ValueId, RequestEntity> | undefined
  const begin = () => {
    hasBegun = true
    const isPath = program.settings.pathTypes.has(values.textOf(values.entityType(frame.resource)))
    rules.begin({
      rows: (predicate) => requestRows(frame, brought ?? NO_ENTITIES, predicate, values, isPath),
      bringsEntities: brought !== undefined,
    })
  }
  // Most requests ask for no facts, and then nothing is made ready for it.
  const demand: Demand = (predicate, pattern) => {
    if (!hasBegun) begin()
    return rules.demand(predicate, pattern)
  }
  const holds: Holds = (predicate, row) => (brought === undefined ? rules.holds(predicate, row) : undefined)
  const frame = new Frame(values, stored, demand, holds)
  const renew = () => {
    hasBegun = false
    brought = undefined
    frame.entities = stored
  }
  return {
    frame,
    demand,
    begin,
    replace: (place, entity) => {
      frame[place] = entity
      hasBegun = false
    },
    spent: () => (hasBegun ? rules.spent() : 0),
    renew,
    start: () => {
      overlay.trim()
      renew()
    },
    take: (checked) => {
      frame.principal = values.intern(checked.principal)
      frame.action = values.intern(checked.action)
      frame.resource = values.intern(checked.resource)
      frame.context = values.intern({ kind: 'record', fields: checked.context })
      if (!checked.entities) return
      brought = internEntities(checked.entities, values)
      frame.entities = entitiesWith(stored, brought)
      refuseNewAncestors(image, brought, stored, values)
    },
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
    entities.set(values.intern(uid), { attrs: fields(attrs), tags: fields(tags), parents: parents.map(values.intern) })
  }
  return entities
}
