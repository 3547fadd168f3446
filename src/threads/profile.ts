/** Profiles over an image: two solvers of their own, of which one is observed, so that those that decide know nothing of it. */
import { type Profile, profile } from '../decide/profile.ts'
import type { AuthorizeRequest } from '../decide/request.ts'
import type { Machine } from '../fixpoint/machine.ts'
import { createRuleTally } from '../fixpoint/rule-tally.ts'
import { createSolver, type Solver } from '../fixpoint/solve.ts'
import type { Overlay } from '../image/overlay.ts'
import type { ReaderImage } from '../image/reader-image.ts'
import type { ReaderProgram } from '../program/program.ts'
import { createRuleEvaluation } from './rule-evaluation.ts'

/** What is decided by. */
export interface Profiled {
  readonly program: ReaderProgram
  readonly overlay: Overlay
  readonly machine: Machine
}

/** Profiles `requests` for about `durationMs`, in the epoch at hand. */
export function profileRequests(
  requests: readonly AuthorizeRequest[],
  durationMs: number,
  { program, overlay, machine }: Profiled,
  turned: Pick<ReaderImage, 'image' | 'epoch'>,
): Profile {
  const { image } = turned
  const observed = createRuleTally(machine)
  const rulesOf = (solver: Solver) => createRuleEvaluation({ program, machine, solver, constants: image.values })
  return profile(requests, durationMs, {
    program,
    image,
    overlay,
    values: machine.values,
    turned,
    rules: rulesOf(createSolver(program, image, machine)),
    observedRules: rulesOf(createSolver(program, image, machine, observed.observe)),
    observed,
  })
}
