/**
 * Which indexes readers need: found by following, for every way in which a decision can ask a predicate, how the solver
 * would match the atoms of its rules. Values are not looked at, so this costs about as much as compiling the rules. What a
 * query asks besides, a reader indexes for itself.
 */
import { definedVariables } from '../program/defined.ts'
import { planBody, type Step } from '../program/plan.ts'
import { type AtomLiteral, BUILTIN, type PredicateId, type ReaderProgram, type Rule } from '../program/program.ts'

/** By predicate: keys, each of ascending columns. */
export type IndexNeeds = ReadonlyMap<PredicateId, readonly (readonly number[])[]>

/** Is told each need, and who has it. */
export type NoteNeed = (predicate: PredicateId, key: readonly number[], asker: string) => void

/** The indexes for decisions by `program`; `rows` is what the solver will plan with. */
export function indexNeeds(
  program: ReaderProgram,
  rows: (predicate: PredicateId) => number,
  note?: NoteNeed,
): IndexNeeds {
  const needs = new Map<PredicateId, Map<string, readonly number[]>>()
  for (const bringsEntities of [false, true]) {
    const search: Search = { program, rows, bringsEntities, needs, asked: new Set(), ...(note && { note }) }
    for (const [predicate, keys] of ENTITY_KEYS) for (const key of keys) need(search, predicate, key, 'policies')
    for (const predicate of [BUILTIN.permit, BUILTIN.forbid]) ask(search, predicate, [], 'decisions')
    for (const { id, asks } of program.policies) {
      for (const { predicate, bound } of asks) ask(search, predicate, columnsOf(bound), `policy \`${id}\``)
    }
  }
  return new Map([...needs].map(([predicate, keys]) => [predicate, [...keys.values()]]))
}

/** What the entity store is asked by. */
const ENTITY_KEYS: readonly (readonly [PredicateId, readonly (readonly number[])[]])[] = [
  [BUILTIN.entityType, [[0]]],
  [BUILTIN.entityParent, [[0], [1]]],
  [BUILTIN.entityAttr, [[0], [0, 1]]],
  [BUILTIN.entityTag, [[0], [0, 1]]],
  [BUILTIN.entityAncestor, [[0], [0, 1]]],
]

interface Search {
  readonly program: ReaderProgram
  readonly rows: (predicate: PredicateId) => number
  readonly bringsEntities: boolean
  readonly needs: Map<PredicateId, Map<string, readonly number[]>>
  /** Predicates with the columns that are given. */
  readonly asked: Set<string>
  readonly note?: NoteNeed
}

function ask(search: Search, predicate: PredicateId, given: readonly number[], asker: string): void {
  const { program } = search
  const { evaluation, readsEntities, best } = program.predicates[predicate]!
  const isGoal = evaluation === 'on demand' || (readsEntities && search.bringsEntities)
  const pattern = best && isGoal ? given.filter((column) => column !== best.column) : given
  const key = `${predicate}:${pattern.join()}`
  const isAsked = search.asked.has(key)
  if (!isAsked || search.note) need(search, predicate, pattern, asker)
  search.asked.add(key)
  if (!isGoal || isAsked) return
  for (const rule of program.rules) if (rule.head === predicate) followRule(search, rule, pattern)
}

function followRule(search: Search, rule: Rule, given: readonly number[]): void {
  const defined = definedVariables(rule)
  const bound = new Set<number>()
  for (const column of given) {
    const arg = rule.args[column]!
    if (arg.kind === 'variable' && !defined.has(arg.variable)) bound.add(arg.variable)
  }
  followSteps(search, planBody(rule.body, { bound, defined, rows: search.rows }).steps, bound, `rule \`${rule.name}\``)
}

function followSteps(search: Search, steps: readonly Step[], bound: Set<number>, asker: string): void {
  for (const step of steps) {
    if (step.kind === 'match' || step.kind === 'absent') {
      ask(search, step.atom.predicate, knownColumns(step.atom, bound), asker)
      for (const arg of step.atom.args) if (arg.kind === 'variable') bound.add(arg.variable)
    } else if (step.kind === 'aggregate') {
      const { groups, body } = step.aggregate
      const plan = planBody(body, { bound: groups, defined: definedVariables(step.aggregate, groups) })
      followSteps(search, plan.steps, new Set(groups), asker)
      if (step.variable !== undefined) bound.add(step.variable)
    } else if (step.kind === 'bind' || step.kind === 'each') bound.add(step.variable)
  }
}

function knownColumns({ args }: AtomLiteral, bound: ReadonlySet<number>): number[] {
  return columnsOf(args.map((arg) => arg.kind === 'constant' || (arg.kind === 'variable' && bound.has(arg.variable))))
}

function columnsOf(given: readonly boolean[]): number[] {
  return given.flatMap((isGiven, column) => (isGiven ? [column] : []))
}

function need({ needs, program, note }: Search, predicate: PredicateId, key: readonly number[], asker: string): void {
  if (key.length === 0 && program.predicates[predicate]!.arity > 0) return
  note?.(predicate, key, asker)
  const keys = needs.get(predicate) ?? new Map<string, readonly number[]>()
  keys.set(key.join(), key)
  needs.set(predicate, keys)
}
