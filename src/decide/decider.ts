/**
 * Decisions over one image: takes a request, evaluates the policies and asks the deciding rules. One a thread. Rules are
 * evaluated by whoever answers `Demand`. Spec: LANGUAGE sections 4 to 6.
 */
import { StoredEntities } from '../image/entity-store.ts'
import type { Values } from '../image/value-ids.ts'
import { type Demand, FREE } from '../program/demand.ts'
import { readsSome } from '../program/plan.ts'
import { BUILTIN, type PredicateId } from '../program/program.ts'
import {
  answerOf,
  askPolicies,
  type CompiledPolicies,
  createPolicySet,
  createVerdicts,
  type PolicySet,
  type Verdicts,
} from './cedar/authorize.ts'
import type { Frame } from './cedar/frame.ts'
import { combine, type Decision, type Findings, type RuleAnswer } from './decision.ts'
import type { CacheStats, DecisionCache } from './decision-cache.ts'
import { Decisions } from './decisions.ts'
import { createEntrances, type Entrances, type Trace } from './entrances.ts'
import { decidingRules, type Explanation, explain } from './explain.ts'
import type { AuthorizeRequest, CheckedRequest } from './request.ts'
import { unseenKeys } from './request-facts.ts'
import { createRequestReader, type RequestReader } from './request-reader.ts'
import { createStage, type Stage, type StageOptions } from './stage.ts'
import { createWhich, type Which } from './which.ts'

export interface Decider extends Entrances {
  decide(request: CheckedRequest): Decision
  /** Decides, and says why. */
  explain(request: CheckedRequest): Explanation
  readonly which: Which
  readonly steps: DecisionSteps
  /** To be called when the image was turned to another epoch. */
  turn(): void
}

/** The steps of a decision one by one, for who looks at what each of them takes. */
export interface DecisionSteps {
  /** Puts a request into the frame. */
  take(request: AuthorizeRequest): void
  readonly frame: Frame
  readonly policies: PolicySet
  /** Asks all policies that can match. */
  ask(): void
  /** Absent where no rule decides so. */
  readonly permits: (() => RuleAnswer) | undefined
  readonly forbids: (() => RuleAnswer) | undefined
  /** What follows from the policies that were asked, and from what rules answered. */
  conclude(permits?: RuleAnswer, forbids?: RuleAnswer): Decision
}

export interface DeciderOptions extends StageOptions {
  /** Says of which epoch the image is at the moment. */
  readonly turned: { readonly epoch: number }
  /** What was compiled before, by policy. */
  readonly compiled: CompiledPolicies
  /** Decisions of the state at hand; who turns the image turns it too. */
  readonly cache: DecisionCache | undefined
  readonly stats: CacheStats
}

/** A decider over `image`, in which all static rows have been derived. */
export function createDecider(options: DeciderOptions): Decider {
  const { program, image, overlay, values, turned } = options
  const stored = new StoredEntities(image)
  const policies = createPolicySet({ ...options, policies: program.policies, values: image.values, stored })
  const decidesBy = (head: PredicateId) => program.rules.some((rule) => rule.head === head)
  const decides = { permit: decidesBy(BUILTIN.permit), forbid: decidesBy(BUILTIN.forbid) }
  const readsContext = program.rules.some((rule) => readsSome(rule.body, (predicate) => predicate === BUILTIN.context))
  const dependsOnRules = decides.permit || decides.forbid || readsContext
  const verdicts = createVerdicts()
  const trace: Trace = { isRemembered: false }
  const reader = createRequestReader({ target: { program, image }, values, overlay, trace })
  const decisions = new Decisions(program.policies)
  const stage = createStage(options, stored)
  const { frame, demand, begin, start, renew, take } = stage
  const findingsOf = (permits: RuleAnswer, forbids: RuleAnswer): Findings => ({
    policies: answerOf(policies, verdicts),
    permits,
    forbids,
    unseenKeys: readsContext ? unseenKeys(frame.context, values) : [],
  })
  const findings = (): Findings => {
    askPolicies(policies, frame, verdicts)
    return findingsOf(
      decides.permit ? askRules(demand, BUILTIN.permit, values) : NOTHING,
      decides.forbid ? askRules(demand, BUILTIN.forbid, values) : NOTHING,
    )
  }
  const decide = (): Decision => {
    if (dependsOnRules) return combine(findings(), program.settings.onPolicyError, turned.epoch)
    askPolicies(policies, frame, verdicts)
    return concludePolicies()
  }
  const concludePolicies = (): Decision => {
    if (verdicts.errors.length === 0) return decisions.of(verdicts, turned.epoch)
    const found = { policies: answerOf(policies, verdicts), permits: NOTHING, forbids: NOTHING, unseenKeys: [] }
    return combine(found, program.settings.onPolicyError, turned.epoch)
  }
  const conclude: DecisionSteps['conclude'] = (permits = NOTHING, forbids = NOTHING) =>
    dependsOnRules
      ? combine(findingsOf(permits, forbids), program.settings.onPolicyError, turned.epoch)
      : concludePolicies()
  const decideChecked = (checked: CheckedRequest) => {
    start()
    take(checked)
    return decide()
  }
  return {
    ...createEntrances({ ...options, reader, frame, renew, take, decide, trace }),
    decide: decideChecked,
    which: createWhich({ ...options, stage, policies, decides, decide: decideChecked }),
    steps: createSteps({ ...options, reader, stage, policies, verdicts, decides, conclude }),
    explain: (checked) => {
      start()
      take(checked)
      begin()
      const found = findings()
      const decision = combine(found, program.settings.onPolicyError, turned.epoch)
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

interface Steps extends Pick<DecisionSteps, 'policies' | 'conclude'>, Pick<DeciderOptions, 'overlay' | 'values'> {
  readonly reader: RequestReader
  readonly stage: Stage
  readonly verdicts: Verdicts
  readonly decides: { readonly permit: boolean; readonly forbid: boolean }
}

function createSteps({ overlay, values, reader, stage, policies, verdicts, decides, conclude }: Steps): DecisionSteps {
  const { frame, demand } = stage
  return {
    frame,
    policies,
    take: (request) => {
      overlay.trim()
      const checked = reader.read(request, frame)
      stage.renew()
      if (checked !== undefined) stage.take(checked)
    },
    ask: () => askPolicies(policies, frame, verdicts),
    permits: decides.permit ? () => askRules(demand, BUILTIN.permit, values) : undefined,
    forbids: decides.forbid ? () => askRules(demand, BUILTIN.forbid, values) : undefined,
    conclude,
  }
}

const NOTHING: RuleAnswer = { reasons: [], failures: [] }

function askRules(demand: Demand, predicate: PredicateId, values: Values): RuleAnswer {
  const { rows, failures = [] } = demand(predicate, [FREE])
  return { reasons: rows.map((row) => values.textOf(row[0]!)).sort(), failures }
}
