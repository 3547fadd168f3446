/**
 * The tail of a join order: the steps at its end that only ask whether there is a way through them. They bind nothing that
 * the head has and cannot fail, so one way is as good as all, and the loops of the tail are left at the first. What can fail
 * is never in a tail: a failure behind the first way counts too. Spec: LANGUAGE section 4, "Errors of a derivation".
 */
import { boundBy, listOf, type Step } from '../program/plan.ts'
import type { AggregateLiteral, AtomLiteral, Expr } from '../program/program.ts'

export interface TailOptions {
  /** Variables bound before the first step. */
  readonly bound: Iterable<number>
  /** Variables that are asked for at the end. */
  readonly wanted: ReadonlySet<number>
  /** Whether an atom's rows all have to be seen, though none is wanted: it can fail, or is added to meanwhile. */
  readonly needsAll: (atom: AtomLiteral, place: number) => boolean
}

/** The place of the first step of the tail; the number of steps where there is none. */
export function tailOf(steps: readonly Step[], { bound, wanted, needsAll }: TailOptions): number {
  const missing = new Set(wanted)
  for (const variable of bound) missing.delete(variable)
  let tail = 0
  for (const [i, step] of steps.entries()) {
    const size = missing.size
    for (const variable of boundBy(step)) missing.delete(variable)
    if (missing.size < size || mayFail(step, needsAll)) tail = i + 1
  }
  return tail
}

function mayFail(step: Step, needsAll: TailOptions['needsAll']): boolean {
  switch (step.kind) {
    case 'match':
    case 'absent':
      return needsAll(step.atom, step.literal)
    case 'bind':
      return !isPlain(step.expr)
    case 'aggregate':
      return !isCount(step.aggregate, needsAll)
    case 'each':
      return step.source.kind !== 'in' || !listOf(step.source).every(isConstant)
    default: {
      const { test } = step
      if (test.kind === 'in') return !isPlain(test.left) || 'kind' in test.right || !test.right.every(isConstant)
      if (test.kind !== 'compare' || !isPlain(test.left) || !isPlain(test.right)) return true
      return test.operator !== '=' && test.operator !== '!=' && test.isTotal !== true
    }
  }
}

/** Whether an aggregate counts rows alone, as a negated atom of an equivalence does. */
function isCount({ function: name, over, result, body }: AggregateLiteral, needsAll: TailOptions['needsAll']): boolean {
  const isRows = body.every((literal) => literal.kind === 'atom' && !needsAll(literal, -1))
  return name === 'count' && isPlain(over) && isPlain(result) && isRows
}

function isPlain({ kind }: Expr): boolean {
  return kind === 'variable' || kind === 'constant'
}

function isConstant({ kind }: Expr): boolean {
  return kind === 'constant'
}
