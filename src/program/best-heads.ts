/**
 * Predicates with `min` or `max` heads: all rules agree on the column, its values have an order, and within its own
 * recursion the best value is only added to: then dropping what is not best loses nothing. Spec: LANGUAGE section 4.
 */
import type { Diagnostics } from '../text/diagnostic.ts'
import type { Span } from '../text/source.ts'
import { areDisjoint, NUMERIC, ORDERED, withArticle } from './column-types.ts'
import type { ColumnTypes } from './infer-types.ts'
import { variablesOf, variablesOfLiteral } from './plan.ts'
import type { PredicateDraft } from './predicate-table.ts'
import type { Expr, Literal, PredicateId } from './program.ts'
import { type RuleDraft, writtenName } from './rule-draft.ts'
import type { Components } from './strata.ts'

/** Notes at each predicate which column is best; its rules must agree. */
export function noteBest(
  drafts: readonly PredicateDraft[],
  rules: readonly RuleDraft[],
  diagnostics: Diagnostics,
): void {
  const firsts = new Map<PredicateId, RuleDraft>()
  for (const rule of rules) {
    const draft = drafts[rule.head]
    if (rule.best && draft && !draft.best) {
      draft.best = rule.best
      firsts.set(rule.head, rule)
      if (draft.option === 'equivalence') {
        diagnostics.error('R420', `\`${draft.name}\` is an equivalence, and has no best column`, rule.headSpan)
      }
    }
  }
  for (const rule of rules) {
    const draft = drafts[rule.head]
    const first = firsts.get(rule.head)
    if (!draft?.best || !first || !rule.span) continue
    if (rule.best?.column === draft.best.column && rule.best.order === draft.best.order) continue
    const message = `all rules of \`${draft.name}\` mark the same column \`${draft.best.order}\``
    const related = first.headSpan ? [{ message: 'another one stands here', span: first.headSpan }] : []
    diagnostics.error('R420', message, rule.headSpan ?? rule.span, { related })
  }
}

/** Reports best columns without an order, and best values that their recursion uses for more than a sum. */
export function checkBest(
  components: Components,
  drafts: readonly PredicateDraft[],
  columns: ColumnTypes,
  diagnostics: Diagnostics,
): void {
  for (const [predicate, rules] of components.rulesOf.entries()) {
    const draft = drafts[predicate]
    if (!draft) continue
    const type = draft.best && columns[predicate]?.[draft.best.column]
    if (draft.best && type && areDisjoint(type, ORDERED)) {
      const message = `\`${draft.best.order}\` needs an order, and column ${draft.best.column + 1} of \`${draft.name}\` is ${withArticle(type)}`
      diagnostics.error('R420', message, rules[0]?.headSpan)
    }
    for (const rule of rules) {
      const component = components.of[predicate]
      const isBestHere = (id: PredicateId) => components.of[id] === component && drafts[id]?.best !== undefined
      if (rule.body.some((literal) => literal.kind === 'atom' && isBestHere(literal.predicate))) {
        checkRecursion(rule, { drafts, columns, isBestHere, diagnostics })
      }
    }
  }
}

interface Recursion {
  readonly drafts: readonly PredicateDraft[]
  readonly columns: ColumnTypes
  readonly isBestHere: (id: PredicateId) => boolean
  readonly diagnostics: Diagnostics
}

function checkRecursion(rule: RuleDraft, recursion: Recursion): void {
  const misuse = misuseIn(rule, recursion)
  if (!misuse) return
  const { variable, use, span } = misuse
  const written = variable === undefined ? undefined : writtenName(rule.variables, variable)
  const name = written === undefined ? 'a best value' : `\`${written}\``
  const help = 'there, it may only be added to, and put into the best column of the head; or drop `min` and `max`'
  recursion.diagnostics.error('R421', `${name} comes from this recursion, and ${use}`, span ?? rule.span, { help })
}

interface Misuse {
  readonly variable?: number
  readonly use: string
  readonly span?: Span | undefined
}

function misuseIn(rule: RuleDraft, recursion: Recursion): Misuse | undefined {
  const { drafts, columns, isBestHere } = recursion
  /** Variables that hold a best value of the recursion, or a sum with one. */
  const tainted = new Set<number>()
  const head = drafts[rule.head]
  for (const literal of rule.body) {
    if (literal.kind !== 'atom' || !isBestHere(literal.predicate)) continue
    const best = drafts[literal.predicate]?.best
    const arg = best && literal.args[best.column]
    const { span } = literal
    if (arg?.kind === 'constant') return { use: 'is compared with a constant', span }
    if (arg?.kind !== 'variable') continue
    if (best?.order !== (head?.best?.order ?? best?.order)) {
      return { variable: arg.variable, use: 'feeds a column with the other order', span }
    }
    if (tainted.has(arg.variable)) return { variable: arg.variable, use: 'is compared with another', span }
    tainted.add(arg.variable)
  }
  const sums = addSums(rule.body, tainted)
  for (const literal of rule.body) {
    const uses = sums.has(literal) ? [] : usesOf(literal, recursion)
    const variable = uses.find((used) => tainted.has(used))
    if (variable !== undefined) return { variable, use: 'is used for something else than a sum', span: literal.span }
  }
  for (const [i, arg] of rule.args.entries()) {
    if (arg.kind !== 'variable' || !tainted.has(arg.variable) || i === head?.best?.column) continue
    return { variable: arg.variable, use: `is put into column ${i + 1} of \`${head?.name}\``, span: rule.headSpan }
  }
  const type = head?.best && columns[rule.head]?.[head.best.column]
  const [variable] = tainted
  if (variable === undefined || sums.size === 0 || !type || !areDisjoint(type, NUMERIC)) return undefined
  return { variable, use: `sums of ${withArticle(type)} do not keep its order`, span: rule.headSpan }
}

/** The literals that make a sum with a tainted variable; what they make is tainted from here on. */
function addSums(body: readonly Literal[], tainted: Set<number>): ReadonlySet<Literal> {
  const sums = new Set<Literal>()
  for (let grows = true; grows; ) {
    grows = false
    for (const literal of body) {
      const sum = sums.has(literal) ? undefined : sumOf(literal, tainted)
      if (sum === undefined) continue
      sums.add(literal)
      tainted.add(sum)
      grows = true
    }
  }
  return sums
}

/** The variable that `literal` makes a sum with a tainted one. */
function sumOf(literal: Literal, tainted: ReadonlySet<number>): number | undefined {
  if (literal.kind !== 'compare' || literal.operator !== '=') return undefined
  for (const [side, other] of [
    [literal.left, literal.right],
    [literal.right, literal.left],
  ] as const) {
    if (side.kind !== 'variable' || tainted.has(side.variable)) continue
    const isCopy = other.kind === 'variable' && tainted.has(other.variable)
    if (isCopy || (isSum(other) && variablesOf(other).some((variable) => tainted.has(variable)))) return side.variable
  }
  return undefined
}

/** Sums of variables and constants. */
function isSum(expr: Expr): boolean {
  if (expr.kind !== 'arithmetic' || expr.operator !== '+') return false
  return [expr.left, expr.right].every((side) => side.kind === 'variable' || side.kind === 'constant' || isSum(side))
}

/** The variables that a literal uses otherwise than by taking them from a best column. */
function usesOf(literal: Literal, { drafts, isBestHere }: Recursion): number[] {
  if (literal.kind !== 'atom' || literal.negated || !isBestHere(literal.predicate)) return variablesOfLiteral(literal)
  const best = drafts[literal.predicate]?.best
  return literal.args.flatMap((arg, i) => (arg.kind === 'variable' && i !== best?.column ? [arg.variable] : []))
}
