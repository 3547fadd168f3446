/**
 * Queries: a body over the predicates of a program → one rule whose columns are the variables. What rules may say, queries
 * may, but for what would add predicates to the program. Spec: LANGUAGE section 4, DESIGN section 4.
 */
import type { Literal } from '../syntax/datalog/ast.ts'
import { assert } from '../text/assert.ts'
import type { Diagnostics } from '../text/diagnostic.ts'
import { didYouMean } from '../text/suggest.ts'
import { checkTypes, finishRule } from './check-types.ts'
import { NOTHING } from './column-types.ts'
import { alternativesOf } from './disjunction.ts'
import { normaliseBody } from './normalise-body.ts'
import { planBody } from './plan.ts'
import type { PredicateDraft, PredicateTable } from './predicate-table.ts'
import type { Column, Predicate, ReaderProgram, Rule, VariableRef } from './program.ts'
import { createScope, dependenciesOf, type RuleContext, type RuleDraft } from './rule-draft.ts'
import { checkSafety } from './safety.ts'

/** `rule` has the head -1; its arguments are the variables `columns`. */
export interface Query {
  readonly rule: Rule
  readonly columns: readonly string[]
}

/** The query that `body` is, for `program`; `undefined` after a mistake. */
export function analyseQuery(
  program: ReaderProgram,
  body: readonly Literal[],
  diagnostics: Diagnostics,
): Query | undefined {
  const [first] = body
  const ways = alternativesOf(body)
  if ('error' in ways || ways.length !== 1) {
    const help = 'ask for each alternative, or write a rule for all'
    diagnostics.error('R342', 'error' in ways ? ways.error : 'a query has no `;`', first?.span, { help })
    return undefined
  }
  const table = tableOf(program, diagnostics)
  const context: RuleContext = {
    table,
    settings: program.settings,
    diagnostics,
    rules: [],
    facts: new Map(),
    isQuery: true,
  }
  const scope = createScope(context, 'query')
  const literals = normaliseBody(ways[0] ?? [], scope)
  if (scope.failed || !areKnown(literals, table, program, diagnostics)) return undefined
  const { bound } = planBody(literals)
  const startOf = (variable: number) => scope.places[variable]?.start ?? 0
  const shown = [...scope.byName]
    .filter(([, variable]) => bound.has(variable))
    .sort(([, a], [, b]) => startOf(a) - startOf(b))
  const { name, variables, places, locals } = scope
  const args = shown.map(([, variable]): VariableRef => ({ kind: 'variable', variable }))
  const draft: RuleDraft = {
    name,
    head: -1,
    args,
    body: literals,
    variables,
    places,
    locals,
    ...(first && { span: first.span }),
  }
  const columns = program.predicates.map((predicate) => predicate.columns.map(({ type }) => type))
  const before = diagnostics.count
  if (checkSafety(draft, diagnostics)) checkTypes({ rule: draft, drafts: table.drafts, columns, diagnostics })
  if (diagnostics.count > before) return undefined
  const finished = finishRule(draft, table.drafts, columns)
  const rule: Rule = {
    index: -1,
    name,
    head: -1,
    args,
    body: finished.body,
    variables,
    ...(first && { span: first.span }),
  }
  return { rule, columns: shown.map(([variable]) => variable) }
}

/** The predicates of a program as analysis sees them. */
function tableOf(program: ReaderProgram, diagnostics: Diagnostics): PredicateTable {
  const table: PredicateTable = { drafts: [], byName: new Map(), diagnostics }
  for (const predicate of program.predicates) {
    const { id, name, arity, columns } = predicate
    const place = () => {
      assert(predicate.span, 'a predicate without a place is not asked for it')
      return predicate.span
    }
    const draft: PredicateDraft = {
      id,
      name,
      arity,
      columns: columns.map(columnOf),
      isDefined: true,
      isFilled: true,
      hasFacts: true,
      ...(hasPlace(predicate) && { place }),
    }
    table.drafts.push(draft)
    table.byName.set(name === 'principal' || name === 'resource' ? `${name}/${arity}` : name, draft)
  }
  return table
}

function columnOf({ name, declared }: Column): PredicateDraft['columns'][number] {
  return { ...(name !== undefined && { name }), ...(declared && { declared }), known: NOTHING }
}

function hasPlace(predicate: Predicate): boolean {
  return 'span' in predicate
}

/** Reports what a query cannot ask. */
function areKnown(
  body: Rule['body'],
  table: PredicateTable,
  program: ReaderProgram,
  diagnostics: Diagnostics,
): boolean {
  let known = true
  for (const { predicate, span } of dependenciesOf(body)) {
    const found = program.predicates[predicate]
    const name = table.drafts[predicate]?.name ?? ''
    if (found?.scope === 'static' && found.evaluation !== 'not asked') continue
    known = false
    if (found?.scope === 'static') {
      const help = 'name it in the option `queries`, or leave that option out'
      diagnostics.error('R746', `\`${name}\` is not derived, since no query of the options asks for it`, span, { help })
    } else if (found) {
      const help = 'ask with a request: `rune explain` says what holds for it'
      diagnostics.error('R355', `\`${name}\` depends on the request, and a query has none`, span, { help })
    } else {
      const names = program.predicates.map((p) => p.name).filter((other) => !other.startsWith('$'))
      diagnostics.error('R356', `there is no predicate \`${name}\``, span, didYouMean(name, names))
    }
  }
  return known
}
