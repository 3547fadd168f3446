/**
 * Decisions over one image: interns a request, evaluates the policies and asks the deciding rules. One a thread. Rules are
 * evaluated by whoever answers `Demand`. Spec: LANGUAGE sections 4 to 6.
 */
import type { Overlay } from '../image/dictionary.ts'
import { entitiesWith, type RequestEntity, storedEntities } from '../image/entity-store.ts'
import type { EntityView } from '../image/entity-view.ts'
import type { Image } from '../image/image.ts'
import { firstRow, searchBy } from '../image/search.ts'
import type { ValueId, Values } from '../image/value-ids.ts'
import { type Demand, FREE } from '../program/demand.ts'
import { readsSome } from '../program/plan.ts'
import { BUILTIN, type PredicateId, type ReaderProgram } from '../program/program.ts'
import { runeError } from '../text/diagnostic.ts'
import { printEntityUid } from '../values/entity-uid.ts'
import type { Value } from '../values/value.ts'
import {
  authorizePolicies,
  type CompiledPolicies,
  type CompiledPolicy,
  compilePolicies,
  type PolicyAnswer,
} from './cedar/authorize.ts'
import type { Frame } from './cedar/frame.ts'
import { combine, type Decision, type Findings, type RuleAnswer } from './decision.ts'
import type { CheckedRequest } from './request.ts'
import { type InternedRequest, requestRows, unseenKeys } from './request-facts.ts'

/** What answers for rules; implemented by the fixpoint's solver. */
export interface RuleEvaluation {
  /** Takes the facts of a request; all answers are for it until the next. */
  begin(facts: { rows(predicate: PredicateId): readonly (readonly ValueId[])[]; bringsEntities: boolean }): void
  readonly demand: Demand
}

export interface Decider {
  decide(request: CheckedRequest): Decision
  /** All that policies and rules found, before it is combined. */
  find(request: CheckedRequest): Findings
}

export interface DeciderOptions {
  readonly program: ReaderProgram
  readonly image: Image
  /** The dictionary of the request at hand, and the values over it. */
  readonly overlay: Overlay
  readonly values: Values
  readonly rules: RuleEvaluation
  /** The epoch that the image is of at the moment. */
  readonly epoch: () => number
  /** What was compiled before, by policy. */
  readonly compiled: CompiledPolicies
}

/** A decider over `image`, in which all static rows have been derived. */
export function createDecider(options: DeciderOptions): Decider {
  const { program, image, overlay, values, rules, epoch } = options
  const policies = compilePolicies(program.policies, image.values, options.compiled)
  const stored = storedEntities(image)
  const decides = [BUILTIN.permit, BUILTIN.forbid].map((head) => program.rules.some((rule) => rule.head === head))
  const readsContext = program.rules.some((rule) => readsSome(rule.body, (predicate) => predicate === BUILTIN.context))
  const find = (checked: CheckedRequest): Findings => {
    overlay.reset()
    const request = internRequest(checked, values)
    const isPath = program.settings.pathTypes.has(checked.resource.type)
    rules.begin({
      rows: (predicate) => requestRows(request, predicate, values, isPath),
      bringsEntities: request.entities !== undefined,
    })
    const entities = request.entities ? entitiesWith(image, request.entities) : stored
    refuseNewAncestors(image, request, stored, values)
    return {
      policies: evaluatePolicies(policies, { request, values, entities, demand: rules.demand }),
      permits: decides[0] ? askRules(rules.demand, BUILTIN.permit, values) : NOTHING,
      forbids: decides[1] ? askRules(rules.demand, BUILTIN.forbid, values) : NOTHING,
      unseenKeys: readsContext ? unseenKeys(request.context, values) : [],
    }
  }
  return { find, decide: (request) => combine(find(request), program.settings.onPolicyError, epoch()) }
}

const NOTHING: RuleAnswer = { reasons: [], failures: [] }

interface Surroundings {
  readonly request: InternedRequest
  readonly values: Values
  readonly entities: EntityView
  readonly demand: Demand
}

function evaluatePolicies(
  policies: readonly CompiledPolicy[],
  { request, values, entities, demand }: Surroundings,
): PolicyAnswer {
  const { principal, action, resource, context } = request
  const frame: Frame = { principal, action, resource, context, values, entities, demand, failure: undefined }
  return authorizePolicies(policies, frame)
}

function askRules(demand: Demand, predicate: PredicateId, values: Values): RuleAnswer {
  const { rows, failures = [] } = demand(predicate, [FREE])
  return { reasons: rows.map((row) => values.textOf(row[0]!)).sort(), failures }
}

/**
 * What stored entities are in is known, and no request may add to it: an entity that stands as a parent in the store can be
 * brought, but not with parents of its own. So no cycle can close over the store either.
 */
function refuseNewAncestors(image: Image, { entities }: InternedRequest, stored: EntityView, values: Values): void {
  const parents = image.relations[BUILTIN.entityParent]!
  for (const [uid, entity] of entities ?? []) {
    if (entity.parents.length === 0 || stored.exists(uid)) continue
    if (firstRow(searchBy(parents, [1]), [uid], parents.count) < 0) continue
    const message = `entities: \`${printEntityUid(values.uidOf(uid))}\` has parents, and stored entities are in it`
    throw runeError('R743', message, { help: 'a request can add entities, and change nothing that the store knows' })
  }
}

function internRequest(request: CheckedRequest, values: Values): InternedRequest {
  const fields = (all: ReadonlyMap<string, Value>) =>
    new Map([...all].map(([key, value]) => [values.string(key), values.intern(value)]))
  const entities = new Map<ValueId, RequestEntity>()
  for (const { uid, attrs, tags, parents } of request.entities ?? []) {
    entities.set(values.intern(uid), { attrs: fields(attrs), tags: fields(tags), parents: parents.map(values.intern) })
  }
  return {
    principal: values.intern(request.principal),
    action: values.intern(request.action),
    resource: values.intern(request.resource),
    context: values.intern({ kind: 'record', fields: request.context }),
    ...(request.entities && { entities }),
  }
}
