/**
 * What connects the variables of a body with each other and with the request: sharing a literal. A request-scoped predicate
 * connects two of its columns where each of its rules does, so that what stands unrelated side by side in a rule is as
 * unrelated where the rule is used. Spec: LANGUAGE section 4, "Deciding by rules".
 */
import { variablesOf, variablesOfLiteral } from './plan.ts'
import type { PredicateDraft } from './predicate-table.ts'
import type { AggregateLiteral, AtomLiteral, CompareLiteral, Literal } from './program.ts'
import type { Scopes } from './request-scope.ts'
import { type RuleDraft, readsOf } from './rule-draft.ts'
import type { Components } from './strata.ts'

/** By predicate and column: columns of one class are connected, those of class `REQUEST` with the request too. */
export type ColumnClasses = readonly (readonly number[])[]

/** Stands for the request among variables and among classes. */
export const REQUEST = -1

/** What is connected with nothing. */
const NOTHING = -2

/** What a body connects: each node is a variable or `REQUEST`, and equal roots are connected. */
export type Connections = (node: number) => number

/** The classes of all columns. The coarsest that all rules keep: what a derivation uses was derived before. */
export function columnClasses(
  { all, rulesOf }: Components,
  drafts: readonly PredicateDraft[],
  { isRequest }: Scopes,
): ColumnClasses {
  // A row that is the same for all requests connects what is in it. Internal predicates are parts of a body.
  const isRefined = drafts.map(({ id, name }) => isRequest[id] || name.startsWith('$'))
  const classes = drafts.map(({ id, arity, isFilled }) =>
    new Array<number>(arity).fill(isRefined[id] && !isFilled ? REQUEST : 0),
  )
  for (const component of all) {
    const rules = component.flatMap((predicate) => (isRefined[predicate] ? (rulesOf[predicate] ?? []) : []))
    for (let changes = true; changes; ) {
      changes = false
      for (const rule of rules) {
        const isAsked = readsOf(rule).some(({ predicate }) => isRequest[predicate])
        const old = classes[rule.head] ?? []
        const refined = refine(old, rootsOfHead(rule, connectionsIn(rule.body, classes), isAsked))
        changes ||= refined.some((value, column) => value !== old[column])
        classes[rule.head] = refined
      }
    }
  }
  return classes
}

/** What the literals of a body connect. */
export function connectionsIn(body: readonly Literal[], classes: ColumnClasses): Connections {
  const parents = new Map<number, number>()
  const rootOf = (node: number) => {
    let root = node
    for (let next = parents.get(root); next !== undefined; next = parents.get(root)) root = next
    if (root !== node) parents.set(node, root)
    return root
  }
  const join = (nodes: readonly number[]) => {
    const roots = new Set(nodes.map(rootOf))
    const top = roots.has(REQUEST) ? REQUEST : Math.max(...roots)
    for (const root of roots) if (root !== top) parents.set(root, top)
  }
  const joinLiteral = (literal: Literal, groups: readonly number[] = []) => {
    if (literal.kind === 'aggregate') for (const inner of literal.body) joinLiteral(inner, literal.groups)
    else if (literal.kind === 'atom') for (const nodes of nodesOf(literal, classes, groups)) join(nodes)
    else join(variablesOfLiteral(literal))
  }
  const { deciding, computing } = partBody(body)
  for (const literal of deciding) joinLiteral(literal)
  // What is made of unrelated things is no connection between them, and says nothing of one of them.
  const made = new Set([
    ...[...computing].map(([literal, variable]) => {
      const from = variablesOfLiteral(literal).filter((other) => other !== variable)
      return { result: [variable], parts: () => new Set(from.map(rootOf)) }
    }),
    ...deciding.flatMap((literal) => {
      if (literal.kind !== 'aggregate') return []
      return [{ result: variablesOf(literal.result), parts: () => partsOf(literal, rootOf, classes) }]
    }),
  ])
  for (let found = true; found; ) {
    found = false
    for (const value of made) {
      const parts = value.parts()
      if (parts.size !== 1 || parts.has(NOTHING)) continue
      join([...parts, ...value.result])
      found = made.delete(value)
    }
  }
  return rootOf
}

/** A body in two parts: what decides whether it holds, and what only computes a value that no other literal uses. */
export function partBody(body: readonly Literal[]): BodyParts {
  const uses = new Map<number, number>()
  const count = (literal: Literal, by: number) => {
    for (const variable of new Set(variablesOfLiteral(literal))) uses.set(variable, (uses.get(variable) ?? 0) + by)
  }
  for (const literal of body) count(literal, 1)
  const computing = new Map<CompareLiteral, number>()
  // What is computed first may be used only by what is computed later.
  for (let found = true; found; ) {
    found = false
    for (const literal of body) {
      if (literal.kind !== 'compare' || literal.operator !== '=' || computing.has(literal)) continue
      const result = [literal.left, literal.right].find((e) => e.kind === 'variable' && uses.get(e.variable) === 1)
      if (result?.kind !== 'variable') continue
      computing.set(literal, result.variable)
      count(literal, -1)
      found = true
    }
  }
  return { deciding: body.filter((l) => l.kind !== 'compare' || !computing.has(l)), computing, uses }
}

export interface BodyParts {
  readonly deciding: readonly Literal[]
  /** With the variable that each computes. */
  readonly computing: ReadonlyMap<CompareLiteral, number>
  /** How many of the deciding literals use a variable. */
  readonly uses: ReadonlyMap<number, number>
}

/** The roots of what stands in an atom, or in the body of an aggregate, wildcards too. Empty if that is constants. */
export function partsOf(literal: AtomLiteral | AggregateLiteral, connections: Connections, classes: ColumnClasses) {
  const found = new Set<number>()
  if (literal.kind === 'aggregate') for (const variable of literal.groups) found.add(connections(variable))
  for (const inner of literal.kind === 'aggregate' ? literal.body : [literal]) {
    for (const variable of variablesOfLiteral(inner)) found.add(connections(variable))
    if (inner.kind !== 'atom') continue
    const own = classes[inner.predicate] ?? []
    const isNamed = (column: number | undefined) =>
      inner.args.some(({ kind }, other) => kind === 'variable' && own[other] === column)
    for (const [i, { kind }] of inner.args.entries()) {
      if (kind === 'any' && !isNamed(own[i])) found.add(own[i] === REQUEST ? REQUEST : NOTHING)
    }
  }
  return found
}

/** The variables of an atom that are connected by it. */
function nodesOf({ negated, predicate, args }: AtomLiteral, classes: ColumnClasses, groups: readonly number[]) {
  const nodes = new Map<number, number[]>()
  for (const [i, arg] of args.entries()) {
    const own = classes[predicate]?.[i] ?? 0
    // Where a literal is negated, or an aggregate empty, it holds for all but what is connected with the request.
    const isOpen = own === REQUEST && (negated || (arg.kind === 'variable' && groups.includes(arg.variable)))
    if (arg.kind !== 'variable' || isOpen) continue
    const known = nodes.get(own)
    if (known) known.push(arg.variable)
    else nodes.set(own, own === REQUEST ? [REQUEST, arg.variable] : [arg.variable])
  }
  return nodes.values()
}

/** What each argument of a head is connected with; a constant with all the others, or with the request that made it. */
function rootsOfHead({ args }: RuleDraft, connections: Connections, isAsked: boolean): number[] {
  const roots = new Set(args.flatMap((arg) => (arg.kind === 'variable' ? [connections(arg.variable)] : [])))
  const [only] = roots
  const ofConstants = only !== undefined && roots.size === 1 ? only : isAsked ? REQUEST : NOTHING
  return args.map((arg) => (arg.kind === 'variable' ? connections(arg.variable) : ofConstants))
}

/** The classes in which columns are together if they are in `classes` and have one root. */
function refine(classes: readonly number[], roots: readonly number[]): number[] {
  const found = new Map<string, number>()
  return classes.map((old, column) => {
    if (old === REQUEST && roots[column] === REQUEST) return REQUEST
    const key = `${old} ${roots[column]}`
    const known = found.get(key) ?? found.size
    found.set(key, known)
    return known
  })
}
