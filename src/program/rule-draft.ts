/**
 * Rules while they are analysed, and the numbering of their variables. A draft is a `Rule` that has no index yet and knows
 * where its variables stand.
 */
import type { Head } from '../syntax/datalog/ast.ts'
import type { Diagnostics } from '../text/diagnostic.ts'
import type { Span } from '../text/source.ts'
import type { Value } from '../values/value.ts'
import { planBody, type Step } from './plan.ts'
import type { PredicateTable } from './predicate-table.ts'
import type { Literal, Predicate, PredicateId, Rule, Settings, VariableRef } from './program.ts'

export interface RuleDraft extends Omit<Rule, 'index'> {
  /** Where each variable first stands. */
  readonly places: readonly (Span | undefined)[]
  readonly headSpan?: Span
  readonly best?: NonNullable<Predicate['best']>
  /** Variables that are local to an aggregate, though a variable of the rule has their name. */
  readonly locals: ReadonlySet<number>
  /** The order in which the body is evaluated, once it was found. */
  steps?: readonly Step[]
  /** What the body reads, once it was asked. */
  reads?: readonly Dependency[]
}

/** That a rule reads a predicate. */
export interface Dependency {
  readonly predicate: PredicateId
  /** All of it must be known before: it stands under `not` or in an aggregate. */
  readonly kind: 'positive' | 'not' | 'aggregate'
  readonly span?: Span
}

/** The predicates that a rule reads, with repetition. */
export function readsOf(rule: RuleDraft): readonly Dependency[] {
  rule.reads ??= dependenciesOf(rule.body)
  return rule.reads
}

/** The order in which the body of a safe rule is evaluated. */
export function stepsOf(rule: RuleDraft): readonly Step[] {
  rule.steps ??= planBody(rule.body).steps
  return rule.steps
}

/** The predicates that a body reads, with repetition. */
export function dependenciesOf(body: readonly Literal[], inside = false): Dependency[] {
  return body.flatMap((literal): Dependency[] => {
    if (literal.kind === 'aggregate') return dependenciesOf(literal.body, true)
    if (literal.kind !== 'atom') return []
    const kind = inside ? 'aggregate' : literal.negated ? 'not' : 'positive'
    return [{ predicate: literal.predicate, kind, ...(literal.span && { span: literal.span }) }]
  })
}

/** What the normalisation of rules works on. */
export interface RuleContext {
  readonly table: PredicateTable
  readonly settings: Pick<Settings, 'globs' | 'pathTypes'>
  readonly diagnostics: Diagnostics
  readonly rules: RuleDraft[]
  /** Facts among the rules, by predicate. */
  readonly facts: Map<PredicateId, Value[][]>
  /** Set for queries, which cannot add predicates to the program. */
  readonly isQuery?: boolean
}

/** One body that is being normalised. */
export interface RuleScope {
  readonly context: RuleContext
  /** What the rule is called. */
  readonly name: string
  readonly head?: Head
  readonly variables: string[]
  readonly places: (Span | undefined)[]
  readonly byName: Map<string, number>
  readonly locals: Set<number>
  /** Set after a mistake: the rule is dropped. */
  failed: boolean
}

/** A scope without variables. */
export function createScope(context: RuleContext, name: string, head?: Head): RuleScope {
  const scope: RuleScope = {
    context,
    name,
    ...(head && { head }),
    variables: [],
    places: [],
    byName: new Map(),
    locals: new Set(),
    failed: false,
  }
  return scope
}

/** The variable of a name. */
export function variableOf(scope: RuleScope, name: string, span: Span): VariableRef {
  const known = scope.byName.get(name)
  if (known !== undefined) return { kind: 'variable', variable: known }
  const made = newVariable(scope, name, span)
  scope.byName.set(name, made.variable)
  return made
}

/** A variable that no name leads to; made-up ones are called `$`. */
export function newVariable(scope: RuleScope, name = '$', span?: Span): VariableRef {
  const variable = scope.variables.length
  scope.variables.push(name === '$' ? `$${variable}` : name)
  scope.places.push(span)
  return { kind: 'variable', variable }
}

/** The name that the text gives to a variable; nothing for one that was made up. */
export function writtenName(variables: readonly string[], variable: number): string | undefined {
  const name = variables[variable]
  return name?.startsWith('$') ? undefined : name
}

/** Runs `work` with the names in `locals` standing for new variables. */
export function withLocals<T>(scope: RuleScope, locals: Iterable<string>, work: () => T): T {
  const outer = new Map<string, number | undefined>()
  for (const name of locals) {
    outer.set(name, scope.byName.get(name))
    scope.byName.delete(name)
  }
  const result = work()
  for (const [name, variable] of outer) {
    const local = scope.byName.get(name)
    if (local !== undefined) scope.locals.add(local)
    if (variable === undefined) scope.byName.delete(name)
    else scope.byName.set(name, variable)
  }
  return result
}
