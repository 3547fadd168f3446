/**
 * Decisions over one image: takes a request, evaluates the policies and asks the deciding rules. One a thread. Rules are
 * evaluated by whoever answers `Demand`. Spec: LANGUAGE sections 4 to 6.
 */
import { StoredEntities } from '../image/entity-store.ts'
import type { Values } from '../image/value-ids.ts'
import { type Demand, FREE } from '../program/demand.ts'
import { readsSome } from '../program/plan.ts'
import { BUILTIN, type PredicateId } from '../program/program.ts'
import { answerOf, askPolicies, type CompiledPolicies, createPolicySet, createVerdicts } from './cedar/authorize.ts'
import { combine, type Decision, type Findings, type RuleAnswer } from './decision.ts'
import type { CacheStats, DecisionCache } from './decision-cache.ts'
import { createDecisions } from './decisions.ts'
import { createEntrances, type Entrances, type Trace } from './entrances.ts'
import { decidingRules, type Explanation, explain } from './explain.ts'
import type { CheckedRequest } from './request.ts'
import { unseenKeys } from './request-facts.ts'
import { createRequestReader } from './request-reader.ts'
import { createStage, type StageOptions } from './stage.ts'
import { createWhich, type Which } from './which.ts'

export interface Decider extends Entrances {
  decide(request: CheckedRequest): Decision
  /** Decides, and says why. */
  explain(request: CheckedRequest): Explanation
  readonly which: Which
  /** To be called when the image was turned to another epoch. */
  turn(): void
}

export interface DeciderOptions extends StageOptions {
  /** The epoch that the image is of at the moment. */
  readonly epoch: () => number
  /** What was compiled before, by policy. */
  readonly compiled: CompiledPolicies
  /** Decisions of the state at hand; who turns the image turns it too. */
  readonly cache: DecisionCache | undefined
  readonly stats: CacheStats
}

/** A decider over `image`, in which all static rows have been derived. */
export function createDecider(options: DeciderOptions): Decider {
  const { program, image, overlay, values, epoch } = options
  const stored = new StoredEntities(image)
  const policies = createPolicySet({ ...options, policies: program.policies, values: image.values, stored })
  const decidesBy = (head: PredicateId) => program.rules.some((rule) => rule.head === head)
  const decides = { permit: decidesBy(BUILTIN.permit), forbid: decidesBy(BUILTIN.forbid) }
  const readsContext = program.rules.some((rule) => readsSome(rule.body, (predicate) => predicate === BUILTIN.context))
  const dependsOnRules = decides.permit || decides.forbid || readsContext
  const verdicts = createVerdicts()
  const trace: Trace = { isRemembered: false }
  const reader = createRequestReader({ target: { program, image }, values, overlay, trace })
  const decisions = createDecisions(program.policies)
  const stage = createStage(options, stored)
  const { frame, demand, begin, start, renew, take } = stage
  const findings = (): Findings => {
    askPolicies(policies, frame, verdicts)
    return {
      policies: answerOf(policies, verdicts),
      permits: decides.permit ? askRules(demand, BUILTIN.permit, values) : NOTHING,
      forbids: decides.forbid ? askRules(demand, BUILTIN.forbid, values) : NOTHING,
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
  const decideChecked = (checked: CheckedRequest) => {
    start()
    take(checked)
    return decide()
  }
  return {
    ...createEntrances({ ...options, reader, frame, renew, take, decide, trace }),
    decide: decideChecked,
    which: createWhich({ ...options, stage, policies, decides, decide: decideChecked }),
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

const NOTHING: RuleAnswer = { reasons: [], failures: [] }

function askRules(demand: Demand, predicate: PredicateId, values: Values): RuleAnswer {
  const { rows, failures = [] } = demand(predicate, [FREE])
  return { reasons: rows.map((row) => values.textOf(row[0]!)).sort(), failures }
}
