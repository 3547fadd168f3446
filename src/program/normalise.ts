/**
 * Clauses → rules and facts in normal form: `;` taken apart, heads of variables and constants alone. What a body becomes
 * is in `normalise-body.ts`; what deciding heads may say in `deciding.ts`. Spec: LANGUAGE section 4.
 */
import type { Rule as Clause, HeadArgument } from '../syntax/datalog/ast.ts'
import type { Span } from '../text/source.ts'
import { checkReason } from './deciding.ts'
import { alternativesOf, type PlainLiteral } from './disjunction.ts'
import { misfitOf, noteTypes } from './facts.ts'
import { normaliseBody } from './normalise-body.ts'
import { normaliseArgument, refuse } from './normalise-expr.ts'
import { definePredicate, isDecision, isEntityPredicate, type PredicateDraft } from './predicate-table.ts'
import { BUILTIN, type Constant, type Literal, type VariableRef } from './program.ts'
import { createScope, newVariable, type RuleContext, type RuleScope } from './rule-draft.ts'

/** Names the predicate of a head; what it is called by bodies has to agree with it. */
export function defineHead({ head }: Clause, context: RuleContext): PredicateDraft | undefined {
  const { text, span } = head.predicate
  // `permit` and `permit(Reason)` are one predicate.
  const arity = isDecision(text) && head.args.length === 0 ? 1 : head.args.length
  return definePredicate(context.table, { name: text, arity, place: () => span }, 'head')
}

/** Adds the rules or the fact that `clause` is; `name` is what rules are called. */
export function normaliseClause(clause: Clause, draft: PredicateDraft, name: string, context: RuleContext): void {
  if (clause.body.length === 0 && isDecision(draft.name)) {
    const help = `write a rule that depends on the request: \`${draft.name} :- …\``
    context.diagnostics.error('R331', `\`${draft.name}\` is never a fact`, clause.head.span, { help })
    return
  }
  const ways = alternativesOf(clause.body)
  if ('error' in ways) {
    context.diagnostics.error('R342', ways.error, clause.span, { help: 'give parts of it names of their own' })
    return
  }
  for (const way of ways) normaliseWay(clause, way, draft, createScope(context, name, clause.head))
}

/** How many rules a program may have once `;` is taken apart. */
const RULES_MAX = 200_000

function normaliseWay(clause: Clause, way: readonly PlainLiteral[], draft: PredicateDraft, scope: RuleScope): void {
  const { context, name, variables, places, locals } = scope
  const { head, span } = clause
  if (context.rules.length >= RULES_MAX) {
    if (context.rules.length === RULES_MAX) refuse(scope, 'R342', `there are more than ${RULES_MAX} rules`, span)
    return
  }
  const headOut: Literal[] = []
  const args = head.args.map(({ expr }, i) => normaliseArgument(expr, draft.columns[i] ?? {}, scope, headOut))
  if (isDecision(draft.name)) {
    const [reason] = head.args
    if (reason) checkReason(reason.expr, draft.name, scope)
    else args.push({ kind: 'constant', value: name })
  }
  const best = bestOf(head.args, draft, scope, head.span)
  const body = [...normaliseBody(way, scope), ...headOut]
  if (draft.id === BUILTIN.entityType) body.push(typeMatches(args, scope, head.span))
  if (scope.failed) return
  const isFact = body.length === 0 && !best && args.every((arg) => arg.kind === 'constant')
  if (isFact && !fits(draft, args, scope, head.span)) return
  // What is said of entities keeps its place: it can contradict what stands elsewhere.
  if (isFact && !isEntityPredicate(draft.id)) addFact(draft, args, scope)
  else
    context.rules.push({
      name,
      head: draft.id,
      args,
      body,
      variables,
      places,
      locals,
      span,
      headSpan: head.span,
      ...(best && { best }),
    })
}

/** Whether a fact can be one; if not, that is reported. */
function fits(draft: PredicateDraft, args: readonly Constant[], { context }: RuleScope, span: Span): boolean {
  const misfit = draft.columns.flatMap((column, i) => misfitOf(column, args[i]?.value ?? false) ?? [])[0]
  if (misfit) context.diagnostics.error('R340', misfit.error, span)
  return !misfit
}

function addFact(draft: PredicateDraft, args: readonly Constant[], scope: RuleScope): void {
  const { facts } = scope.context
  const row = args.map(({ value }) => value)
  draft.hasFacts = true
  draft.isFilled = true
  noteTypes(draft, row)
  const rows = facts.get(draft.id)
  if (rows) rows.push(row)
  else facts.set(draft.id, [row])
}

function bestOf(
  args: readonly HeadArgument[],
  draft: PredicateDraft,
  scope: RuleScope,
  span: Span,
): PredicateDraft['best'] | undefined {
  const marked = args.flatMap(({ best }, column) => (best ? [{ column, order: best }] : []))
  if (marked.length > 1) refuse(scope, 'R420', 'only one column of a head is `min` or `max`', span)
  if (marked.length > 0 && (isDecision(draft.name) || draft.name.startsWith('entity.'))) {
    refuse(scope, 'R420', `\`${draft.name}\` has no \`min\` or \`max\` column`, span)
  }
  return marked[0]
}

/** The type of an entity is part of it: a head can't say another. */
function typeMatches(args: readonly (VariableRef | Constant)[], scope: RuleScope, span: Span): Literal {
  const [entity, type] = args
  const receiver = entity ?? newVariable(scope)
  if (entity?.kind === 'constant' && type?.kind === 'constant') {
    const { value } = entity
    if (typeof value === 'object' && value.kind === 'entity' && value.type !== type.value) {
      refuse(scope, 'R349', `the type of this entity is \`${value.type}\``, span)
    }
  }
  const expr = { kind: 'method', method: 'type', receiver, args: [], span } as const
  return { kind: 'compare', operator: '=', left: type ?? newVariable(scope), right: expr, span }
}
