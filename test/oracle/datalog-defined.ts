/**
 * Which variables a body defines: those that an expression, an aggregate or a `split` computes from what is known without
 * them. What computes them may fail, and then no other literal binds them: whatever mentions them depends on the failure.
 * Spec: LANGUAGE section 4, "Errors of a derivation".
 */
import type { Expr } from '../../src/syntax/datalog/ast.ts'
import { findsGroups, listed, type Step, variablesOf } from './datalog-steps.ts'

/** A way to bind variables: by rows that match, by computing a value, which may fail, or by a value that is just given. */
interface Binder {
  readonly kind: 'match' | 'compute' | 'give'
  readonly binds: readonly string[]
  readonly needs: readonly string[]
}

export interface Surroundings {
  /** Variables that are bound from outside. */
  readonly known: readonly string[]
  /** Variables that the outside may bind, whatever the body says: they are not defined. */
  readonly groups: readonly string[]
}

/** The variables that `steps` define. */
export function definedNames(steps: readonly Step[], { known, groups }: Surroundings): ReadonlySet<string> {
  const equal = equalNames(steps)
  const binders = steps.flatMap(bindersOf)
  const isComputedWithout = (name: string): boolean => {
    const others = binders.filter(({ binds, needs }) => ![...binds, ...needs].some((other) => equal(name).has(other)))
    const reached = reach(others, known, new Set())
    return binders.some(({ kind, binds, needs }) => {
      return kind === 'compute' && binds.some((b) => equal(name).has(b)) && needs.every((need) => reached.has(need))
    })
  }
  const isGroup = (name: string): boolean => groups.some((group) => equal(name).has(group))
  const computed = binders.flatMap(({ kind, binds }) => (kind === 'compute' ? binds : []))
  const all = computed.flatMap((name) => [...equal(name)])
  let defined = new Set(all.filter((name) => !isGroup(name) && isComputedWithout(name)))
  // Definitions that wait for each other in a circle, or for such ones, would never be reached: they don't count.
  for (;;) {
    const reached = reach(binders, known, defined)
    const met = new Set([...defined].filter((name) => reached.has(name)))
    if (met.size === defined.size) return defined
    defined = met
  }
}

/** For each variable those that `X = Y` makes equal to it, itself included. */
function equalNames(steps: readonly Step[]): (name: string) => ReadonlySet<string> {
  const sets = new Map<string, ReadonlySet<string>>()
  const equal = (name: string) => sets.get(name) ?? new Set([name])
  for (const step of steps) {
    if (step.kind !== 'compare' || step.operator !== '=') continue
    if (step.left.kind !== 'variable' || step.right.kind !== 'variable') continue
    const united = new Set([...equal(step.left.name), ...equal(step.right.name)])
    for (const name of united) sets.set(name, united)
  }
  return equal
}

/** What `binders` bind where nothing fails, while no match binds a variable of `defined`. */
function reach(binders: readonly Binder[], known: readonly string[], defined: ReadonlySet<string>): Set<string> {
  const reached = new Set(known)
  for (let before = -1; before < reached.size; ) {
    before = reached.size
    for (const { kind, binds, needs } of binders) {
      const waits = kind === 'match' && binds.some((name) => defined.has(name) && !reached.has(name))
      if (!waits && needs.every((name) => reached.has(name))) for (const name of binds) reached.add(name)
    }
  }
  return reached
}

function bindersOf(step: Step): Binder[] {
  const target = (expr: Expr, kind: Binder['kind'], needs: readonly string[]): Binder[] =>
    expr.kind === 'variable' ? [{ kind, binds: [expr.name], needs }] : []
  switch (step.kind) {
    case 'atom':
      return step.negated ? [] : [{ kind: 'match', binds: step.args.flatMap(variablesOf), needs: [] }]
    case 'compare': {
      const { operator, left, right } = step
      const side = (to: Expr, from: Expr): Binder[] => {
        const isPlain = from.kind === 'constant' || from.kind === 'variable'
        return target(to, isPlain ? 'give' : 'compute', variablesOf(from))
      }
      return operator === '=' ? [...side(left, right), ...side(right, left)] : []
    }
    case 'in': {
      const elements = listed(step.right)
      const kind = elements.every((element) => element.kind === 'constant') ? 'give' : 'compute'
      return step.negated ? [] : target(step.left, kind, elements.flatMap(variablesOf))
    }
    case 'aggregate': {
      const finder: Binder = { kind: 'match', binds: step.groups, needs: [] }
      return [...target(step.result, 'compute', step.groups), ...(findsGroups(step) ? [finder] : [])]
    }
    case 'test':
      return []
  }
}
