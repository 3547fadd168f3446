/**
 * How decisions reach the rules: a solver, behind what `src/decide` asks for. Owns the budget of a request. Spec: LANGUAGE
 * sections 4 and 5.
 */
import type { RuleEvaluation } from '../decide/stage.ts'
import type { Machine } from '../fixpoint/machine.ts'
import type { RequestFacts, Solver } from '../fixpoint/solve.ts'
import type { Values } from '../image/value-ids.ts'
import type { DemandAnswer } from '../program/demand.ts'
import type { ReaderProgram } from '../program/program.ts'
import { runeError } from '../text/diagnostic.ts'

export interface RuleEvaluationOptions {
  readonly program: ReaderProgram
  readonly machine: Machine
  readonly solver: Solver
  /** The image's values. */
  readonly constants: Values
}

/** What `solver` answers to decisions. */
export function createRuleEvaluation({ program, machine, solver, constants }: RuleEvaluationOptions): RuleEvaluation {
  return {
    begin: (facts) => begin(machine, solver, program, facts),
    demand: (predicate, pattern) => demand(solver, predicate, pattern),
    holds: solver.holds,
    derive: (rule) => {
      const { rows, errors } = solver.run(rule, machine.values)
      return { rows, errors: errors.map(({ row }) => row) }
    },
    spent: () => program.settings.limits.maxSteps - machine.steps,
    run: (rule) => solver.run(rule, constants),
  }
}

/** Resets the budget of a request and hands its facts to the solver. */
export function begin(machine: Machine, solver: Solver, program: ReaderProgram, facts?: RequestFacts): void {
  const { maxSteps } = program.settings.limits
  machine.steps = maxSteps
  machine.refill = () => {
    throw runeError('R504', `the request needs more than ${maxSteps} steps`, {
      help: 'raise `max_steps` in [options] if that is right',
    })
  }
  solver.begin(facts)
}

function demand(solver: Solver, predicate: number, pattern: readonly number[]): DemandAnswer {
  const { rows, errors } = solver.ask(predicate, pattern)
  const [failed] = errors
  return failed ? { rows, error: failed.message, failures: errors } : { rows }
}
