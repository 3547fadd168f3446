/**
 * Which resources a principal may do something with, which principals may, and which actions: for all that is known, what
 * `authorize` would permit, found page by page. What of a request is known is evaluated once (`cedar/residual.ts`,
 * `free-rules.ts`), and entities that nothing can permit are not looked at. Spec: LANGUAGE section 6, "Decision".
 */
import {
  comparePlaces,
  createEntityLists,
  type EntityLists,
  indexAfter,
  placeOf,
  type Source,
} from '../image/entity-lists.ts'
import type { ValueId } from '../image/value-ids.ts'
import { FREE } from '../program/demand.ts'
import { BUILTIN, type PredicateId } from '../program/program.ts'
import { normaliseUid } from '../program/uids.ts'
import { isActionType } from '../syntax/json/entity-data.ts'
import { objectArgument, propertyOf, refuseArgument } from '../text/argument.ts'
import { RuneError } from '../text/diagnostic.ts'
import { isTypeName, printEntityUid } from '../values/entity-uid.ts'
import { printBriefly } from '../values/print.ts'
import { type EntityUid, entityUid } from '../values/value.ts'
import type { PolicySet } from './cedar/authorize.ts'
import type { Candidates, Side } from './cedar/policy-index.ts'
import { createResidual, type Residual } from './cedar/residual.ts'
import { cursorOf, type PageInput, type Paging, readPaging, type Wanted } from './cursor.ts'
import type { Decision } from './decision.ts'
import { askFreely, type FreeAnswer, type Holding } from './free-rules.ts'
import { namedActions } from './known-actions.ts'
import {
  type CheckedRequest,
  checkRest,
  contextText,
  type EntityInput,
  type Place,
  refuseRequest,
  uidOf,
} from './request.ts'
import type { Stage, StageOptions } from './stage.ts'

/** What all questions have in common. */
interface Asked extends PageInput {
  /** As in a request. */
  readonly context?: Readonly<Record<string, unknown>> | string
}

export interface WhichResources extends Asked {
  readonly principal: EntityInput
  readonly action: EntityInput
  /** Absent: the default type of resources. */
  readonly resourceType?: string
}

export interface WhichPrincipals extends Asked {
  readonly action: EntityInput
  readonly resource: EntityInput
  /** Absent: the default type of principals. */
  readonly principalType?: string
}

export interface WhichActions extends Asked {
  readonly principal: EntityInput
  readonly resource: EntityInput
}

/** A part of an answer, made from one epoch. */
export interface Page {
  /** Entity literals, in an order that depends on nothing but them. */
  readonly found: readonly string[]
  /** For the next page; absent on the last one. A page may be short, or empty, and not be the last. */
  readonly cursor?: string
}

export interface Which {
  /** Which principals or resources are permitted. Throws a `RuneError` for a question that is malformed. */
  entities(input: unknown, open: Side): Page
  /** Which actions are. */
  actions(input: unknown): Page
}

export interface WhichOptions extends StageOptions {
  readonly stage: Stage
  readonly policies: PolicySet
  /** Whether rules can permit, and forbid. */
  readonly decides: { readonly permit: boolean; readonly forbid: boolean }
  readonly decide: (request: CheckedRequest) => Decision
}

/** What ends a page besides its limit: entities looked at, policies asked, and steps of rules, together. */
const WORK_MAX = 2 ** 18
/** Values that a page may make; a request that makes more is the last of its page. */
const VALUES_MAX = 2 ** 22

/** Answers over the image of a decider. */
export function createWhich(options: WhichOptions): Which {
  const lists = createEntityLists(options.image)
  const actionsOf = createActions(options, lists)
  return {
    entities: (input, open) => entitiesPage(readAsked(input, open, options), lists, options),
    actions: (input) => actionsPage(input, actionsOf, options),
  }
}

function entitiesPage(asked: AskedEntities, lists: EntityLists, options: WhichOptions): Page {
  const { stage, values, overlay } = options
  const { open, paging, isAskable } = asked
  stage.start()
  stage.take(asked.request)
  const type = values.string(asked.type)
  const search = createSearch(asked, type, options)
  const list = search.listOf(lists)
  const uidAt = (index: number) => values.uidOf(list[index]!)
  return turnPage({
    paging,
    wanted: WANTED[open],
    length: list.length,
    uidAt,
    isPermitted: (index) => search.isPermitted(list[index]!) && isAskable(uidAt(index)),
    isSpent: () => search.work() >= WORK_MAX || overlay.size >= VALUES_MAX,
  })
}

const WANTED: Readonly<Record<Side, Wanted>> = { principal: 'principals', resource: 'resources' }

/** What a page goes through. */
interface Listing {
  readonly paging: Paging
  readonly wanted: Wanted
  readonly length: number
  readonly uidAt: (index: number) => EntityUid
  readonly isPermitted: (index: number) => boolean
  /** Whether this is enough for a page. */
  readonly isSpent: () => boolean
}

/** Looks through a list in its order, from where the page before ended. */
function turnPage({ paging, wanted, length, uidAt, isPermitted, isSpent }: Listing): Page {
  const found: string[] = []
  const placeAt = (index: number) => placeOf(uidAt(index))
  let at = paging.after === undefined ? 0 : indexAfter(length, placeAt, paging.after)
  while (at < length && found.length < paging.limit) {
    if (isPermitted(at)) found.push(printEntityUid(uidAt(at)))
    at++
    if (isSpent()) break
  }
  return { found, ...(at < length && { cursor: cursorOf(placeAt(at - 1), wanted) }) }
}

/** What a caller asks, checked. */
interface AskedEntities {
  readonly paging: Paging
  readonly open: Side
  readonly type: string
  /** With some entity of the type in the open place. */
  readonly request: CheckedRequest
  /** Whether `authorize` would take an entity of the type as it is. */
  readonly isAskable: (uid: EntityUid) => boolean
}

function readAsked(input: unknown, open: Side, { program, image }: WhichOptions): AskedEntities {
  const given = questionOf(input)
  const { settings, schema } = program
  const uidFor = (place: Place) => uidOf(propertyOf(given, place, `\`${place}\``), place, settings)
  const paging = readPaging(given, WANTED[open])
  const type = typeOf(given, open, settings)
  const ids = schema?.entityTypes.get(type)?.enum
  const some = entityUid(type, ids?.[0] ?? '')
  const request = checkRest(
    {
      principal: open === 'principal' ? some : uidFor('principal'),
      action: uidFor('action'),
      resource: open === 'resource' ? some : uidFor('resource'),
      context: propertyOf(given, 'context', '`context`'),
      entities: undefined,
    },
    { program, image },
  )
  const isAskable = (uid: EntityUid) =>
    (ids === undefined || ids.includes(uid.id)) && normaliseUid(uid, settings.pathTypes) === uid
  return { paging, open, type, request, isAskable }
}

function questionOf(input: unknown): object {
  const given = objectArgument(input, 'the question')
  if (propertyOf(given, 'entities', '`entities`') === undefined) return given
  throw refuseArgument('a question brings no `entities`', 'it is about what is stored')
}

function typeOf(given: object, open: Side, settings: WhichOptions['program']['settings']): string {
  const name = `${open}Type`
  const fallback = open === 'resource' ? settings.defaultResourceType : settings.defaultPrincipalType
  const type = propertyOf(given, name, `\`${name}\``) ?? fallback
  if (typeof type === 'string' && isTypeName(type)) return type
  if (type === undefined) throw refuseRequest(`there is no \`${name}\`, and no \`default_${open}_type\``)
  const what = typeof type === 'string' ? `\`${printBriefly(type)}\`` : 'what it is'
  throw refuseRequest(`${name}: ${what} is no name of a type`)
}

/** The policies and rules of a request with an open place. */
interface Search {
  listOf(lists: EntityLists): Uint32Array
  isPermitted(entity: ValueId): boolean
  /** What it took so far. */
  work(): number
}

function createSearch({ open, type: typeName, request }: AskedEntities, type: ValueId, options: WhichOptions): Search {
  const { stage, policies, program, decides, values } = options
  const { frame } = stage
  const { onPolicyError } = program.settings
  const isMaterialized = (id: PredicateId) => program.predicates[id]?.evaluation === 'materialized'
  const residual = createResidual({ set: policies, frame, open, type, onPolicyError, isMaterialized })
  const isPath = program.settings.pathTypes.has(open === 'resource' ? typeName : request.resource.type)
  const free = (head: PredicateId) => askOnce(options, head, { ...request, open, type: typeName, isPath })
  stage.begin()
  const rules = {
    permit: decides.permit ? free(BUILTIN.permit) : NOTHING,
    forbid: decides.forbid ? free(BUILTIN.forbid) : NOTHING,
  }
  const holds = (holding: Holding, entity: ValueId) =>
    holding.all ||
    (holding.ids.size > 0 && holding.ids.has(values.entityId(entity))) ||
    (holding.entities.size > 0 && holding.entities.has(entity))
  /** Whether rules derive `head` for the entity in the frame; nothing where one fails. */
  const derives = (head: 'permit' | 'forbid', entity: ValueId): boolean | undefined => {
    const answer = rules[head]
    if (answer !== undefined) return holds(answer.failed, entity) ? undefined : holds(answer.derived, entity)
    const { rows, error } = stage.demand(BUILTIN[head], [FREE])
    return error === undefined ? rows.length > 0 : undefined
  }
  let looked = 0
  return {
    listOf: (lists) => {
      const sources = sourcesOf(residual, rules.permit)
      return sources === undefined ? lists.ofType(type) : lists.from(type, sources)
    },
    work: () => looked + residual.asked,
    isPermitted: (entity) => {
      looked++
      stage.replace(open, entity)
      try {
        const verdict = residual.ask(entity)
        if (verdict === 'denied') return false
        const permits = derives('permit', entity)
        if (permits === undefined || !(permits || verdict === 'permitted')) return false
        return derives('forbid', entity) === false
      } catch (error) {
        // As a request of its own it would be refused.
        if (error instanceof RuneError) return false
        throw error
      } finally {
        looked += stage.spent()
      }
    },
  }
}

const NONE: Holding = { all: false, ids: new Set(), entities: new Set() }
const NOTHING: FreeAnswer = { derived: NONE, failed: NONE }

/** What rules of `head` decide, if that can be found at once and takes no more steps than a request may. */
function askOnce(
  { stage, program, rules }: WhichOptions,
  head: PredicateId,
  request: Parameters<typeof askFreely>[0]['request'],
): FreeAnswer | undefined {
  try {
    return askFreely({ head, program, request }, rules.derive)
  } catch (error) {
    if (!(error instanceof RuneError)) throw error
    // What was at work is not finished.
    stage.begin()
    return undefined
  }
}

/** What leads to all entities that policies or rules may permit. */
function sourcesOf({ sources }: Residual, permits: FreeAnswer | undefined): readonly Source[] | undefined {
  if (sources === undefined || permits === undefined || permits.derived.all) return undefined
  return [
    ...sources,
    ...[...permits.derived.ids].map((id): Source => ({ kind: 'id', id })),
    ...[...permits.derived.entities].map((entity): Source => ({ kind: 'below', entity })),
  ]
}

/** All known actions, in their order, as long as the stored entities are the same. */
function createActions({ program, values }: WhichOptions, lists: EntityLists): () => readonly EntityUid[] {
  const named = namedActions(program)
  let known: { readonly of: readonly Uint32Array[]; readonly all: readonly EntityUid[] } | undefined
  return () => {
    const types = program.schema ? [] : lists.types().filter((type) => isActionType(values.textOf(type)))
    const stored = types.map(lists.ofType)
    if (known?.of.length !== stored.length || known.of.some((list, i) => list !== stored[i])) {
      const uids = [...named, ...stored.flatMap((list) => Array.from(list, (id) => values.uidOf(id)))]
      const places = new Map(uids.map((uid) => [printEntityUid(uid), { uid, place: placeOf(uid) }]))
      const sorted = [...places.values()].sort((a, b) => comparePlaces(a.place, b.place))
      known = { of: stored, all: sorted.map(({ uid }) => uid) }
    }
    return known.all
  }
}

function actionsPage(input: unknown, actionsOf: () => readonly EntityUid[], options: WhichOptions): Page {
  const { program, image, stage, policies, decide } = options
  const given = questionOf(input)
  const uid = (place: Place) => uidOf(propertyOf(given, place, `\`${place}\``), place, program.settings)
  const paging = readPaging(given, 'actions')
  const rest = {
    principal: uid('principal'),
    resource: uid('resource'),
    context: contextText(propertyOf(given, 'context', '`context`')),
    entities: undefined,
  }
  const actions = actionsOf()
  const target = { program, image }
  // Without a schema, the rest of a request does not depend on its action.
  const same = program.schema ? undefined : checkRest({ ...rest, action: rest.principal }, target)
  const requestOf = (action: EntityUid) => (same ? { ...same, action } : checkRest({ ...rest, action }, target))
  let work = 0
  return turnPage({
    paging,
    wanted: 'actions',
    length: actions.length,
    uidAt: (index) => actions[index]!,
    isPermitted: (index) => {
      try {
        return decide(requestOf(actions[index]!)).allowed
      } catch (error) {
        // As a request of its own it would be refused: to a schema, most actions are about something else.
        if (error instanceof RuneError) return false
        throw error
      } finally {
        work += ACTION + asked(policies.index.find(stage.frame)) + stage.spent()
      }
    },
    isSpent: () => work >= WORK_MAX,
  })
}

/** How many policies there are to ask. */
function asked({ lists, count }: Candidates): number {
  let sum = 0
  for (let i = 0; i < count; i++) sum += lists[i]!.numbers.length
  return sum
}

/** What it takes to check a request for an action. */
const ACTION = 64
