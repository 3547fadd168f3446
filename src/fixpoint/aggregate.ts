/**
 * Aggregates: for one binding of the groups, all bindings of the body are folded into one value. Every binding of the
 * body's variables and wildcards counts once; since each column of each atom is one of these, bindings and combinations of
 * rows correspond. Spec: LANGUAGE section 4, "Aggregates".
 */
import { kindOfId, type ValueId } from '../image/value-ids.ts'
import { definedVariables } from '../program/defined.ts'
import { planBody, type Step } from '../program/plan.ts'
import type { AggregateLiteral } from '../program/program.ts'
import type { BodyTarget, Next } from './body-target.ts'
import { compileExpr, type Environment } from './expression.ts'
import { compareIds, ERROR, fail, floatId, longId, type Machine, smallIntId } from './machine.ts'

/** The aggregate's value, `ERROR`, or undefined where it has none. */
export type Fold = (environment: Environment) => ValueId | typeof ERROR | undefined

/** Compiles a body: `compileBody` of `body.ts`, which in its turn needs this file. */
type CompileBody = (target: BodyTarget, steps: readonly Step[], bound: Iterable<number>) => Next

/** Compiles an aggregate that stands in the body of `outer`. */
export function compileAggregate(
  outer: BodyTarget,
  step: Step & { kind: 'aggregate' },
  compileBody: CompileBody,
): Fold {
  const { machine, constants } = outer
  const { aggregate } = step
  const { groups } = aggregate
  const defined = definedVariables(aggregate, groups)
  const over = compileExpr(aggregate.over, machine, constants)
  const empty = aggregate.empty === undefined ? undefined : constants.intern(aggregate.empty)
  let ids: ValueId[] = []
  let failure: string | undefined
  const run = compileBody(
    {
      ...outer,
      body: aggregate.body,
      defined,
      emit: (environment) => {
        const id = over(environment)
        if (id === ERROR) failure ??= machine.failure
        else ids.push(id)
        return false
      },
      error: () => () => {
        failure ??= machine.failure
        return false
      },
    },
    planBody(aggregate.body, { bound: groups, defined }).steps,
    groups,
  )
  return (environment) => {
    // A goal that the body asks may come back to this aggregate for another group; hence the save and restore.
    const [outerIds, outerFailure] = [ids, failure]
    ids = []
    failure = undefined
    run(environment)
    const [found, why] = [ids, failure]
    ids = outerIds
    failure = outerFailure
    if (why !== undefined) return fail(machine, why)
    if (found.length === 0) return empty
    return fold(machine, aggregate.function, found)
  }
}

function fold(machine: Machine, name: AggregateLiteral['function'], ids: ValueId[]): ValueId | typeof ERROR {
  switch (name) {
    case 'count':
      return smallIntId(machine, ids.length)
    case 'count_distinct':
      return smallIntId(machine, new Set(ids).size)
    case 'min':
    case 'max':
      return extreme(machine, name, ids)
    default:
      return total(machine, name, ids)
  }
}

function extreme(machine: Machine, name: 'min' | 'max', ids: ValueId[]): ValueId | typeof ERROR {
  let best = ids[0]!
  for (const id of ids) {
    const order = compareIds(machine.values, id, best)
    if (order === undefined) return fail(machine, `\`${name}\` of a ${kindOfId(best)} and a ${kindOfId(id)}`)
    if (name === 'min' ? order < 0 : order > 0) best = id
  }
  return best
}

/** Integers are summed exactly; floats in ascending order, so that the result does not depend on the order of rows. */
function total(machine: Machine, name: 'sum' | 'mean', ids: ValueId[]): ValueId | typeof ERROR {
  const kind = kindOfId(ids[0]!)
  const odd = ids.find((id) => kindOfId(id) !== kind)
  if (odd !== undefined) return fail(machine, `\`${name}\` of a ${kind} and a ${kindOfId(odd)}`)
  if (kind === 'long') {
    let sum = 0n
    for (const id of ids) sum += machine.values.longOf(id)
    return name === 'sum' ? longId(machine, sum, '`sum`') : floatId(machine, Number(sum) / ids.length, '`mean`')
  }
  if (kind !== 'float') return fail(machine, `\`${name}\` is not defined on a ${kind}`)
  const numbers = ids.map((id) => machine.values.valueOf(id) as number).sort((a, b) => a - b)
  let sum = 0
  for (const n of numbers) sum += n
  return floatId(machine, name === 'sum' ? sum : sum / ids.length, `\`${name}\``)
}
