/**
 * Decisions over one image: takes a request, evaluates the policies and asks the deciding rules. One a thread. Rules are
 * evaluated by whoever answers `Demand`. Spec: LANGUAGE sections 4 to 6.
 */
import type { Overlay } from '../image/dictionary.ts'
import { entitiesWith, type RequestEntity, StoredEntities } from '../image/entity-store.ts'
import type { Image } from '../image/image.ts'
import { firstRow, searchBy } from '../image/search.ts'
import type { ValueId, Values } from '../image/value-ids.ts'
import { type Demand, FREE } from '../program/demand.ts'
import { readsSome } from '../program/plan.ts'
import { BUILTIN, type PredicateId, type ReaderProgram } from '../program/program.ts'
import { runeError } from '../text/diagnostic.ts'
import { printEntityUid } from '../values/entity-uid.ts'
import type { Value } from '../values/value.ts'
import { answerOf, askPolicies, type CompiledPolicies, createPolicySet, createVerdicts } from './cedar/authorize.ts'
import { Frame } from './cedar/frame.ts'
import { combine, type Decision, type Findings, type RuleAnswer } from './decision.ts'
import { createDecisions } from './decisions.ts'
import { decidingRules, type Explanation, explain } from './explain.ts'
import type { Run } from './nearest-rules.ts'
import type { AuthorizeRequest, CheckedRequest } from './request.ts'
import { requestRows, unseenKeys } from './request-facts.ts'
import { createRequestReader } from './request-reader.ts'

/** What answers for rules; implemented by the fixpoint's solver. */
export interface RuleEvaluation {
  /** Takes the facts of a request; all answers are for it until the next. */
  begin(facts: { rows(predicate: PredicateId): readonly (readonly ValueId[])[]; bringsEntities: boolean }): void
  readonly demand: Demand
  /** What a rule derives by itself. */
  readonly run: Run
}

export interface Decider {
  /** Decides a request of the API. Throws a `RuneError` for one that is malformed. */
  authorize(request: AuthorizeRequest): Decision
  decide(request: CheckedRequest): Decision
  /** Decides, and says why. */
  explain(request: CheckedRequest): Explanation
  /** To be called when the image was turned to another epoch. */
  turn(): void
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
  const { program, image, overlay, values, epoch } = options
  const stored = new StoredEntities(image)
  const policies = createPolicySet({ ...options, policies: program.policies, values: image.values, stored })
  const decides = [BUILTIN.permit, BUILTIN.forbid].map((head) => program.rules.some((rule) => rule.head === head))
  const readsContext = program.rules.some((rule) => readsSome(rule.body, (predicate) => predicate === BUILTIN.context))
  const dependsOnRules = decides.includes(true) || readsContext
  const verdicts = createVerdicts()
  const reader = createRequestReader({ program, image }, values, overlay)
  const decisions = createDecisions(program.policies)
  const { frame, demand, begin, start, take } = createStage(options, stored)
  const findings = (): Findings => {
    askPolicies(policies, frame, verdicts)
    return {
      policies: answerOf(policies, verdicts),
      permits: decides[0] ? askRules(demand, BUILTIN.permit, values) : NOTHING,
      forbids: decides[1] ? askRules(demand, BUILTIN.forbid, values) : NOTHING,
      unseenKeys: readsContext ? unseenKeys(frame.context, values) : [],
    }
  }
  const decide = (): Decision => {
    if (dependsOnRules) return combine(findings(), program.settings.onPolicyError, epoch())
    askPolicies(policies, frame, verdicts)
    if (verdicts.errors.length === 0) return decisions.of(verdicts, epoch())
    const found = { policies: answerOf(policies, verdicts), permits: NOTHING, forbids: NOTHING, unseenKeys: [] }
    return combine(found, program.settings.onPolicyError, epoch())
  }
  return {
    authorize: (request) => {
      start()
      const checked = reader.read(request, frame)
      if (checked !== undefined) take(checked)
      return decide()
    },
    decide: (checked) => {
      start()
      take(checked)
      return decide()
    },
    explain: (checked) => {
      start()
      take(checked)
      begin()
      const found = findings()
      const decision = combine(found, program.settings.onPolicyError, epoch())
      const { run } = options.rules
      const derived = decidingRules(program).map((rule) => {
        begin()
        return { rule, reasons: run(rule).rows.flat().map(values.textOf) }
      })
      return explain({ decision, found, derived, policies, frame, run, renew: begin })
    },
    turn: () => {
      // What the image learns has another id from then on.
      overlay.reset()
      stored.turn()
      policies.index.turn()
    },
  }
}

/** Where requests are asked about, one at a time. */
interface Stage {
  readonly frame: Frame
  readonly demand: Demand
  /** Makes room for another request. */
  start(): void
  /** Puts a request into the frame. */
  take(checked: CheckedRequest): void
  /** Makes the facts of the request ready for rules. */
  begin(): void
}

function createStage({ program, image, overlay, values, rules }: DeciderOptions, stored: StoredEntities): Stage {
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
  const frame = new Frame(values, stored, demand)
  return {
    frame,
    demand,
    begin,
    start: () => {
      overlay.trim()
      hasBegun = false
      brought = undefined
      frame.entities = stored
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

const NOTHING: RuleAnswer = { reasons: [], failures: [] }
const NO_ENTITIES: ReadonlyMap<ValueId, RequestEntity> = new Map()

function askRules(demand: Demand, predicate: PredicateId, values: Values): RuleAnswer {
  const { rows, failures = [] } = demand(predicate, [FREE])
  return { reasons: rows.map((row) => values.textOf(row[0]!)).sort(), failures }
}

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
