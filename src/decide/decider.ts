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
import { Entrances, type Trace } from './entrances.ts'
import { decidingRules, type Explanation, explain } from './explain.ts'
import type { AuthorizeRequest, CheckedRequest } from './request.ts'
import { unseenKeys } from './request-facts.ts'
import { createRequestReader, type RequestReader } from './request-reader.ts'
import { Stage, type StageOptions } from './stage.ts'
import { createWhich, type Which } from './which.ts'

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
export class Decider {
  readonly entrances: Entrances
  readonly which: Which
  readonly steps: DecisionSteps
  readonly #options: DeciderOptions
  readonly #stored: StoredEntities
  readonly #policies: PolicySet
  readonly #stage: Stage
  readonly #decisions: Decisions
  readonly #verdicts = createVerdicts()
  readonly #decides: { readonly permit: boolean; readonly forbid: boolean }
  readonly #readsContext: boolean
  readonly #dependsOnRules: boolean

  constructor(options: DeciderOptions) {
    const { program, image, overlay, values } = options
    this.#options = options
    this.#stored = new StoredEntities(image)
    this.#policies = createPolicySet({
      ...options,
      policies: program.policies,
      values: image.values,
      stored: this.#stored,
    })
    const decidesBy = (head: PredicateId) => program.rules.some((rule) => rule.head === head)
    this.#decides = { permit: decidesBy(BUILTIN.permit), forbid: decidesBy(BUILTIN.forbid) }
    this.#readsContext = program.rules.some((rule) =>
      readsSome(rule.body, (predicate) => predicate === BUILTIN.context),
    )
    this.#dependsOnRules = this.#decides.permit || this.#decides.forbid || this.#readsContext
    this.#decisions = new Decisions(program.policies, options.turned)
    this.#stage = new Stage(options, this.#stored)
    const trace: Trace = { isRemembered: false }
    const reader = createRequestReader({ target: { program, image }, values, overlay, trace })
    const parts = { ...options, reader, stage: this.#stage, policies: this.#policies, decides: this.#decides }
    this.entrances = new Entrances({ ...parts, trace, decider: this })
    this.which = createWhich({ ...parts, decide: (request) => this.decide(request) })
    this.steps = createSteps({
      ...parts,
      verdicts: this.#verdicts,
      conclude: (permits, forbids) => this.#conclude(permits, forbids),
    })
  }

  /** Decides the request that is on the stage. */
  decideStaged(): Decision {
    if (this.#dependsOnRules) return this.#combine(this.#findings())
    askPolicies(this.#policies, this.#stage.frame, this.#verdicts)
    return this.#concludePolicies()
  }

  decide(request: CheckedRequest): Decision {
    this.#stage.start()
    this.#stage.take(request)
    return this.decideStaged()
  }

  /** Decides, and says why. */
  explain(request: CheckedRequest): Explanation {
    const { program, values, rules } = this.#options
    const stage = this.#stage
    stage.start()
    stage.take(request)
    stage.begin()
    const found = this.#findings()
    const decision = this.#combine(found)
    const derived = decidingRules(program).map((rule) => {
      stage.begin()
      return {
        rule,
        reasons: rules
          .run(rule)
          .rows.flat()
          .map((id) => values.textOf(id)),
      }
    })
    const { frame } = stage
    const renew = () => stage.begin()
    return explain({ decision, found, derived, policies: this.#policies, frame, run: rules.run, renew })
  }

  /** To be called when the image was turned to another epoch. */
  turn(): void {
    // What the image learns has another id from then on.
    this.#options.overlay.reset()
    this.#stored.turn()
    this.#policies.index.turn()
    this.#decisions.turn()
  }

  #findings(): Findings {
    const { values } = this.#options
    const { frame, demand } = this.#stage
    askPolicies(this.#policies, frame, this.#verdicts)
    return this.#findingsOf(
      this.#decides.permit ? askRules(demand, BUILTIN.permit, values) : NOTHING,
      this.#decides.forbid ? askRules(demand, BUILTIN.forbid, values) : NOTHING,
    )
  }

  #findingsOf(permits: RuleAnswer, forbids: RuleAnswer): Findings {
    const policies = answerOf(this.#policies, this.#verdicts)
    const unseen = this.#readsContext ? unseenKeys(this.#stage.frame.context, this.#options.values) : []
    return { policies, permits, forbids, unseenKeys: unseen }
  }

  #combine(found: Findings): Decision {
    const { program, turned } = this.#options
    return combine(found, program.settings.onPolicyError, turned.epoch)
  }

  #concludePolicies(): Decision {
    if (this.#verdicts.errors.length === 0) return this.#decisions.of(this.#verdicts)
    const policies = answerOf(this.#policies, this.#verdicts)
    return this.#combine({ policies, permits: NOTHING, forbids: NOTHING, unseenKeys: [] })
  }

  #conclude(permits: RuleAnswer = NOTHING, forbids: RuleAnswer = NOTHING): Decision {
    return this.#dependsOnRules ? this.#combine(this.#findingsOf(permits, forbids)) : this.#concludePolicies()
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
