/**
 * Bodies: the steps of a plan as a chain of closures, each calling the next for every binding that it finds. A step that
 * fails hands the binding to an error chain: the literals that do not depend on what failed. If none of these is false,
 * the binding counts as an error. So errors are the same whatever the join order. How atoms are matched is left to a
 * `Reader` (rows of the image, or goals of a request). Spec: LANGUAGE section 4, "Errors of a derivation".
 */
import { kindOfId, TRUE, type ValueId, type Values } from '../image/value-ids.ts'
import { boundBy, listOf, planBody, type Step } from '../program/plan.ts'
import type { AtomLiteral, Expr } from '../program/program.ts'
import { unreachable } from '../text/assert.ts'
import { compileAggregate } from './aggregate.ts'
import type { AtomLayout, BodyTarget, Next } from './body-target.ts'
import { compileExpr, type Environment, type Evaluate } from './expression.ts'
import { compareIds, ERROR, fail, type Machine, step, stepOverText } from './machine.ts'

/**
 * Compiles `steps`, a plan of the whole of `target.body` made with the variables `bound` bound before. From step `tail` on
 * (`tail.ts`) one way through is enough.
 */
export function compileBody(
  target: BodyTarget,
  steps: readonly Step[],
  bound: Iterable<number>,
  tail = steps.length,
): Next {
  const { emit } = target
  if (tail === steps.length) return compileSteps(target, steps, startWith(bound), emit)
  const before = progressOf(steps, startWith(bound))
  const rest = compileSteps(target, steps.slice(tail), before[tail]!, (environment) => {
    emit(environment)
    return true
  })
  return compileSteps(target, steps.slice(0, tail), before[0]!, (environment) => {
    rest(environment)
    return false
  })
}

/** Nothing is done yet. */
export function startWith(bound: Iterable<number>): Progress {
  return { bound: new Set(bound), done: new Set(), failed: new Set() }
}

/** Where in a body a step stands: what is bound, and which literals are done or have failed. */
export interface Progress {
  readonly bound: ReadonlySet<number>
  readonly done: ReadonlySet<number>
  readonly failed: ReadonlySet<number>
}

/** The progress before each step. */
export function progressOf(steps: readonly Step[], start: Progress): Progress[] {
  const before: Progress[] = []
  let at = start
  for (const s of steps) {
    before.push(at)
    at = { bound: new Set([...at.bound, ...boundBy(s)]), done: new Set([...at.done, s.literal]), failed: at.failed }
  }
  return before
}

function compileSteps(target: BodyTarget, steps: readonly Step[], progress: Progress, last: Next): Next {
  const before = progressOf(steps, progress)
  let next = last
  for (let i = steps.length - 1; i >= 0; i--) next = compileStep(target, steps[i]!, before[i]!, next)
  return next
}

/** The chain for bindings that failed at `place`, made when first needed; `known` are variables that have a value all the same. */
export function errorChain(target: BodyTarget, place: number, progress: Progress): (known: readonly number[]) => Next {
  const chains = new Map<string, Next>()
  return (known) => {
    const key = known.join()
    let chain = chains.get(key)
    if (!chain) {
      let compiled: Next | undefined
      chain = (environment) => {
        compiled ??= compileErrorChain(target, place, { ...progress, bound: new Set([...progress.bound, ...known]) })
        return compiled(environment)
      }
      chains.set(key, chain)
    }
    return chain
  }
}

function compileErrorChain(target: BodyTarget, place: number, progress: Progress): Next {
  const { machine } = target
  const failed = new Set([...progress.failed, place])
  const { steps, bound } = planBody(target.body, {
    bound: progress.bound,
    defined: target.defined,
    without: new Set([...progress.done, ...failed]),
  })
  const error = target.error(bound)
  const chain = compileSteps(target, steps, { ...progress, failed }, error)
  return (environment) => {
    // The first failure of a binding is the one that is reported; steps of this chain may fail as well.
    const first = machine.failure
    chain(environment)
    machine.failure = first
    return false
  }
}

function compileStep(target: BodyTarget, s: Step, progress: Progress, next: Next): Next {
  const { machine, constants, reader } = target
  const failed = errorChain(target, s.literal, progress)
  switch (s.kind) {
    case 'match':
      return reader.match(s.atom, layoutOf(s.atom, progress.bound, constants), s.literal, next, failed)
    case 'absent':
      return reader.absent(s.atom, layoutOf(s.atom, progress.bound, constants), next, failed([]))
    case 'bind': {
      const evaluate = compileExpr(s.expr, machine, constants)
      const { variable } = s
      const onError = failed([])
      return (environment) => {
        const id = evaluate(environment)
        if (id === ERROR) return onError(environment)
        environment[variable] = id
        return next(environment)
      }
    }
    case 'check': {
      const test = compileTest(s.test, machine, constants)
      const onError = failed([])
      return (environment) => {
        const result = test(environment)
        if (result === ERROR) return onError(environment)
        return result === TRUE && next(environment)
      }
    }
    case 'each':
      return compileEach(s, machine, constants, next, failed([]))
    case 'aggregate': {
      const evaluate = compileAggregate(target, s, compileBody)
      const onError = failed([])
      const { variable } = s
      const result = compileExpr(s.aggregate.result, machine, constants)
      return (environment) => {
        const id = evaluate(environment)
        if (id === undefined) return false
        if (id === ERROR) return onError(environment)
        if (variable !== undefined) environment[variable] = id
        else {
          const expected = result(environment)
          if (expected === ERROR) return onError(environment)
          if (expected !== id) return false
        }
        return next(environment)
      }
    }
    default:
      return unreachable(s)
  }
}

/** A test yields true, false or an error. */
export function compileTest(
  literal: (Step & { kind: 'check' })['test'],
  machine: Machine,
  constants: Values,
): Evaluate {
  const compile = (expr: Parameters<typeof compileExpr>[0]) => compileExpr(expr, machine, constants)
  const bool = (value: boolean) => machine.values.bool(value)
  switch (literal.kind) {
    case 'test': {
      const evaluate = compile(literal.expr)
      return (environment) => {
        const id = evaluate(environment)
        if (id === ERROR) return ERROR
        if (kindOfId(id) !== 'bool') return fail(machine, `a ${kindOfId(id)} stands where a bool is needed`)
        return literal.negated ? bool(id !== TRUE) : id
      }
    }
    case 'compare': {
      const [left, right] = [compile(literal.left), compile(literal.right)]
      return (environment) => {
        const a = left(environment)
        const b = a === ERROR ? ERROR : right(environment)
        return b === ERROR ? ERROR : compare(machine, literal.operator, a, b)
      }
    }
    case 'in': {
      const left = compile(literal.left)
      const elements = compileElements(literal, machine, constants)
      return (environment) => {
        const id = left(environment)
        const all = id === ERROR ? undefined : elements(environment)
        return all ? bool(all.includes(id) !== literal.negated) : ERROR
      }
    }
    default: {
      const part = compile(literal.part)
      const elements = compileElements(literal, machine, constants)
      return (environment) => {
        const id = part(environment)
        const all = id === ERROR ? undefined : elements(environment)
        return all ? bool(all.includes(id)) : ERROR
      }
    }
  }
}

export function compare(machine: Machine, operator: string, a: ValueId, b: ValueId): ValueId | typeof ERROR {
  const { values } = machine
  if (operator === '=') return values.bool(a === b)
  if (operator === '!=') return values.bool(a !== b)
  const order = compareIds(values, a, b)
  if (order === undefined) return fail(machine, `\`${operator}\` of a ${kindOfId(a)} and a ${kindOfId(b)}`)
  switch (operator) {
    case '<':
      return values.bool(order < 0)
    case '<=':
      return values.bool(order <= 0)
    case '>':
      return values.bool(order > 0)
    default:
      return values.bool(order >= 0)
  }
}

export type Elements = (
  environment: Environment,
) => (ArrayLike<ValueId> & { includes(id: ValueId): boolean }) | undefined

/** The elements to the right of `in`, or the parts of a split; undefined where that failed. */
export function compileElements(
  literal: (Step & { kind: 'each' })['source'],
  machine: Machine,
  constants: Values,
): Elements {
  if (literal.kind === 'split') {
    const parts = [literal.receiver, literal.separator].map((e) => compileExpr(e, machine, constants))
    return (environment) => {
      const [text, separator] = parts.map((evaluate) => evaluate(environment))
      if (text === ERROR || separator === ERROR) return undefined
      if (kindOfId(text!) !== 'string' || kindOfId(separator!) !== 'string') {
        fail(machine, '`split` is defined on strings')
        return undefined
      }
      const { values } = machine
      const found = values.textOf(text!).split(values.textOf(separator!))
      stepOverText(machine, values.textOf(text!).length)
      // An empty separator splits into scalars, not into UTF-16 units, which could be ill-formed.
      const all = values.textOf(separator!) === '' ? [...values.textOf(text!)] : found
      return [...new Set(all.map((name) => values.string(name)))]
    }
  }
  const list = listOf(literal).map((e) => compileExpr(e, machine, constants))
  if ('kind' in literal.right) {
    const [set] = list
    return (environment) => {
      const id = set!(environment)
      if (id === ERROR) return undefined
      if (kindOfId(id) === 'set') return machine.values.elementsOf(id)
      fail(machine, `\`in\` needs a set, not a ${kindOfId(id)}`)
      return undefined
    }
  }
  const fixed = constantElements(listOf(literal), constants)
  if (fixed) return () => fixed
  return (environment) => {
    const ids: ValueId[] = []
    for (const evaluate of list) {
      const id = evaluate(environment)
      if (id === ERROR) return undefined
      if (!ids.includes(id)) ids.push(id)
    }
    return ids
  }
}

/** A list of constants, made once; `includes` does not search. */
function constantElements(list: readonly Expr[], constants: Values): ReturnType<Elements> {
  const ids = new Set<ValueId>()
  for (const element of list) {
    if (element.kind !== 'constant') return undefined
    ids.add(constants.intern(element.value))
  }
  return Object.assign([...ids], { includes: (id: ValueId) => ids.has(id) })
}

function compileEach(s: Step & { kind: 'each' }, machine: Machine, constants: Values, next: Next, onError: Next): Next {
  const elements = compileElements(s.source, machine, constants)
  const { variable } = s
  return (environment) => {
    const all = elements(environment)
    if (!all) return onError(environment)
    for (let i = 0; i < all.length; i++) {
      step(machine)
      environment[variable] = all[i]!
      if (next(environment)) return true
    }
    return false
  }
}

export function layoutOf(atom: AtomLiteral, bound: ReadonlySet<number>, constants: Values): AtomLayout {
  const key: number[] = []
  const sources: number[] = []
  const binds: { column: number; variable: number }[] = []
  const repeats: { column: number; variable: number }[] = []
  atom.args.forEach((arg, column) => {
    if (arg.kind === 'any') return
    if (arg.kind === 'constant') {
      key.push(column)
      sources.push(constants.intern(arg.value))
    } else if (bound.has(arg.variable)) {
      key.push(column)
      sources.push(~arg.variable)
    } else if (binds.some((b) => b.variable === arg.variable)) {
      repeats.push({ column, variable: arg.variable })
    } else {
      binds.push({ column, variable: arg.variable })
    }
  })
  return { key, sources, binds, repeats }
}
