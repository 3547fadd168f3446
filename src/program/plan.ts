/**
 * Join orders: in which order the literals of a body are evaluated, given the variables that are bound before. Pure; the
 * same planner serves the safety check (what can't be ordered is unsafe), the fixpoint and demand evaluation.
 */
import type {
  AggregateLiteral,
  AtomLiteral,
  Expr,
  InLiteral,
  Literal,
  Operand,
  PredicateId,
  SplitLiteral,
} from './program.ts'

/** One step; `literal` is the literal's place in the body. */
export type Step =
  | { readonly kind: 'match' | 'absent'; readonly literal: number; readonly atom: AtomLiteral }
  | { readonly kind: 'bind'; readonly literal: number; readonly variable: number; readonly expr: Expr }
  | {
      readonly kind: 'check'
      readonly literal: number
      readonly test: Exclude<Literal, AtomLiteral | AggregateLiteral>
    }
  /** Binds `variable` to each element of a list or set, or to each part of a split string. */
  | {
      readonly kind: 'each'
      readonly literal: number
      readonly variable: number
      readonly source: InLiteral | SplitLiteral
    }
  /** Binds `variable`, or compares with the literal's result where that is absent. */
  | {
      readonly kind: 'aggregate'
      readonly literal: number
      readonly aggregate: AggregateLiteral
      readonly variable?: number
    }

export interface Plan {
  readonly steps: readonly Step[]
  /** By step: how many bindings it is expected to make of one; 1 where it only tests. */
  readonly expected: readonly number[]
  /** Places of the literals that could not be ordered, since a variable in them is bound by nothing. */
  readonly stuck: readonly number[]
  /** All variables bound at the end, those bound before included. */
  readonly bound: ReadonlySet<number>
}

export interface PlanOptions {
  /** Variables bound before. */
  readonly bound?: Iterable<number>
  /** Variables that no atom binds (`defined.ts`): nothing gets stuck by them. */
  readonly defined?: ReadonlySet<number>
  /** Places of literals to leave out. */
  readonly without?: ReadonlySet<number>
  /** Place of the atom to begin with, unless it has to wait for a defined variable. */
  readonly first?: number
  /** How many rows a predicate has, as far as known. */
  readonly rows?: (predicate: PredicateId) => number
  /** How many rows of a predicate can be expected to agree with given values of `columns`, as far as known. */
  readonly matches?: (predicate: PredicateId, columns: readonly number[]) => number | undefined
}

/** Orders `body`: what only tests first, then what binds without searching, then atoms by their expected number of matches. */
export function planBody(body: readonly Literal[], options: PlanOptions = {}): Plan {
  const bound = new Set(options.bound ?? [])
  const { defined = NONE } = options
  const left = new Map([...body.entries()].filter(([i]) => !options.without?.has(i)))
  const steps: Step[] = []
  const expected: number[] = []
  const take = (step: Step, cost: number) => {
    const made = expand(step, bound)
    steps.push(...made)
    const matches = step.kind === 'match' || step.kind === 'each' ? Math.max(1, cost) : 1
    expected.push(...made.map((_, i) => (i === made.length - 1 ? matches : 1)))
    left.delete(step.literal)
    for (const variable of boundBy(step)) bound.add(variable)
  }
  const first = left.get(options.first ?? -1)
  const firstStep = first && stepOf(first, options.first ?? -1, bound, defined)
  if (firstStep) take(firstStep, costOf(firstStep, bound, options))
  while (left.size > 0) {
    let best: Step | undefined
    let bestCost = Number.POSITIVE_INFINITY
    for (const [i, literal] of left) {
      const step = stepOf(literal, i, bound, defined)
      if (!step) continue
      const cost = costOf(step, bound, options)
      if (cost < bestCost) {
        best = step
        bestCost = cost
      }
    }
    if (!best) break
    take(best, bestCost)
  }
  return { steps, expected, stuck: [...left.keys()], bound }
}

const NONE: ReadonlySet<number> = new Set()

/** An atom of an equivalence is a way from one member to its class, and from there to the other; a negated one counts such ways. */
function expand(step: Step, bound: ReadonlySet<number>): Step[] {
  if (step.kind !== 'match' && step.kind !== 'absent') return [step]
  const { literal, atom } = step
  const { inClass, ...plain } = atom
  if (inClass === undefined) return [step]
  if (step.kind === 'absent') return [{ kind: 'aggregate', literal, aggregate: countOf(atom) }]
  const isKnown = (arg?: Operand) => arg?.kind === 'constant' || (arg?.kind === 'variable' && bound.has(arg.variable))
  const members = isKnown(atom.args[1]) && !isKnown(atom.args[0]) ? atom.args.toReversed() : atom.args
  return members.map((arg) => ({
    kind: 'match',
    literal,
    atom: { ...plain, args: [arg, { kind: 'variable', variable: inClass }] },
  }))
}

/** That there is no binding of `atom`. */
function countOf(atom: AtomLiteral): AggregateLiteral {
  return {
    kind: 'aggregate',
    function: 'count',
    result: { kind: 'constant', value: 0n },
    over: { kind: 'constant', value: true },
    groups: atom.args.flatMap((arg) => (arg.kind === 'variable' ? [arg.variable] : [])),
    body: [{ ...atom, negated: false }],
    empty: 0n,
  }
}

/** Whether a body has an atom, in an aggregate or not, of a predicate for which `test` holds. */
export function readsSome(body: readonly Literal[], test: (predicate: PredicateId) => boolean): boolean {
  return body.some(
    (literal) =>
      (literal.kind === 'atom' && test(literal.predicate)) ||
      (literal.kind === 'aggregate' && readsSome(literal.body, test)),
  )
}

/** An order for the body of an aggregate, whose groups are bound before. */
export function planAggregate({ body, groups }: AggregateLiteral): readonly Step[] {
  return planBody(body, { bound: groups }).steps
}

/** The variables that a step binds. */
export function boundBy(step: Step): number[] {
  switch (step.kind) {
    case 'match':
      return step.atom.args.flatMap((arg) => (arg.kind === 'variable' ? [arg.variable] : []))
    case 'bind':
    case 'each':
      return [step.variable]
    case 'aggregate':
      return step.variable === undefined ? [] : [step.variable]
    default:
      return []
  }
}

/** All variables of an expression. */
export function variablesOf(expr: Expr): number[] {
  switch (expr.kind) {
    case 'variable':
      return [expr.variable]
    case 'constant':
      return []
    case 'arithmetic':
      return [...variablesOf(expr.left), ...variablesOf(expr.right)]
    case 'negate':
      return variablesOf(expr.operand)
    default:
      return [expr.receiver, ...expr.args].flatMap(variablesOf)
  }
}

/** All variables of a literal that the rest of its rule can see: of an aggregate the groups and the result. */
export function variablesOfLiteral(literal: Literal): number[] {
  switch (literal.kind) {
    case 'atom': {
      const variables = literal.args.flatMap((arg) => (arg.kind === 'variable' ? [arg.variable] : []))
      return literal.inClass === undefined ? variables : [...variables, literal.inClass]
    }
    case 'compare':
      return [...variablesOf(literal.left), ...variablesOf(literal.right)]
    case 'in':
      return [...variablesOf(literal.left), ...listOf(literal).flatMap(variablesOf)]
    case 'test':
      return variablesOf(literal.expr)
    case 'split':
      return [literal.part, literal.receiver, literal.separator].flatMap(variablesOf)
    default:
      return [...literal.groups, ...variablesOf(literal.result)]
  }
}

/** The expressions to the right of `in`. */
export function listOf(literal: InLiteral): readonly Expr[] {
  return 'kind' in literal.right ? [literal.right] : literal.right
}

/** Whether `atom` has a variable of `defined`. */
export function mentions(atom: AtomLiteral, defined: ReadonlySet<number>): boolean {
  return atom.args.some((arg) => arg.kind === 'variable' && defined.has(arg.variable))
}

/** How `literal` can be evaluated once `bound` is bound; nothing if it can't yet. Atoms do not bind `defined`. */
export function stepOf(
  literal: Literal,
  place: number,
  bound: ReadonlySet<number>,
  defined: ReadonlySet<number>,
): Step | undefined {
  const known = (expr: Expr) => variablesOf(expr).every((variable) => bound.has(variable))
  const unbound = (expr: Expr) => (expr.kind === 'variable' && !bound.has(expr.variable) ? expr.variable : undefined)
  switch (literal.kind) {
    case 'atom': {
      const { negated, args } = literal
      const waits = (arg: Operand) =>
        arg.kind === 'variable' && !bound.has(arg.variable) && (negated || defined.has(arg.variable))
      return args.some(waits) ? undefined : { kind: negated ? 'absent' : 'match', literal: place, atom: literal }
    }
    case 'compare': {
      if (known(literal.left) && known(literal.right)) return { kind: 'check', literal: place, test: literal }
      if (literal.operator !== '=') return undefined
      const [left, right] = [unbound(literal.left), unbound(literal.right)]
      if (left !== undefined && known(literal.right))
        return { kind: 'bind', literal: place, variable: left, expr: literal.right }
      if (right !== undefined && known(literal.left))
        return { kind: 'bind', literal: place, variable: right, expr: literal.left }
      return undefined
    }
    case 'in':
    case 'split': {
      const [value, sources] =
        literal.kind === 'in' ? [literal.left, listOf(literal)] : [literal.part, [literal.receiver, literal.separator]]
      if (!sources.every(known)) return undefined
      if (known(value)) return { kind: 'check', literal: place, test: literal }
      const variable = unbound(value)
      if (variable === undefined || (literal.kind === 'in' && literal.negated)) return undefined
      return { kind: 'each', literal: place, variable, source: literal }
    }
    case 'test':
      return known(literal.expr) ? { kind: 'check', literal: place, test: literal } : undefined
    default: {
      if (!literal.groups.every((v) => bound.has(v))) return undefined
      const variable = unbound(literal.result)
      if (variable === undefined && !known(literal.result)) return undefined
      return { kind: 'aggregate', literal: place, aggregate: literal, ...(variable !== undefined && { variable }) }
    }
  }
}

const ROWS_ASSUMED = 1000

/** A rough number of bindings that the step leads to, below 1 where it only tests. */
function costOf(step: Step, bound: ReadonlySet<number>, { rows, matches }: PlanOptions): number {
  switch (step.kind) {
    case 'check':
      return 0
    case 'bind':
      return 0.1
    case 'absent':
      return 0.2
    case 'each':
      return 4
    case 'aggregate':
      return 2
    default: {
      const { args, predicate, inClass } = step.atom
      const isOpen = (arg: Operand) => arg.kind === 'any' || (arg.kind === 'variable' && !bound.has(arg.variable))
      const known = args.flatMap((arg, column) => (isOpen(arg) ? [] : [column]))
      if (known.length === args.length) return 0.3
      const count = rows?.(predicate) ?? ROWS_ASSUMED
      if (inClass !== undefined) {
        const members = matches?.(predicate, [1]) ?? Math.sqrt(count)
        return Math.max(1, known.length === 0 ? count * members : members)
      }
      const expected = known.length > 0 ? matches?.(predicate, known) : undefined
      return Math.max(1, expected ?? count ** (1 - known.length / args.length))
    }
  }
}
