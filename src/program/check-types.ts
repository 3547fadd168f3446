/**
 * What types forbid: joins, comparisons and negations that can never hold, methods and operators that can never apply, heads
 * that never fit their declaration. Such a literal is a hole, not an empty result. Where a value may fit or not, a check
 * is added to the rule, which fails for what does not. Spec: LANGUAGE sections 2 ("Types") and 4.
 */
import type { Diagnostics } from '../text/diagnostic.ts'
import type { Span } from '../text/source.ts'
import { printBriefly } from '../values/print.ts'
import {
  ANY_ENTITY,
  areDisjoint,
  isEntity,
  isNothing,
  isWithin,
  ORDERED,
  only,
  typeOf,
  withArticle,
} from './column-types.ts'
import { type ColumnTypes, fixedType, headTypes, typeSource } from './infer-types.ts'
import { CONFORMS } from './methods.ts'
import type { PredicateDraft } from './predicate-table.ts'
import type { ColumnType, CompareLiteral, Constant, Expr, Literal, VariableRef } from './program.ts'
import { type RuleDraft, stepsOf, writtenName } from './rule-draft.ts'
import { type Clash, resultType, type TypeEnvironment, type TypeSource, typesOfBody } from './rule-types.ts'

interface Check {
  readonly rule: RuleDraft
  readonly drafts: readonly PredicateDraft[]
  readonly columns: ColumnTypes
  readonly diagnostics: Diagnostics
}

/** Reports what can never fit in `rule`. */
export function checkTypes(check: Check): void {
  const { rule, drafts, columns } = check
  // The body of a rule that enumerates groups is that of an aggregate, which has been checked.
  if (drafts[rule.head]?.name.startsWith('$groups')) return
  const source: TypeSource = { ...typeSource(columns), clash: (clash) => reportClash(clash, check) }
  for (const [i, found] of headTypes(rule, source).entries()) {
    const column = drafts[rule.head]?.columns[i]
    const wanted = column && fixedType(column)
    if (wanted === undefined || !areDisjoint(found, wanted)) continue
    const arg = rule.args[i]
    if (arg) reportHead({ arg, found, wanted, column: i }, check)
  }
}

/**
 * `rule` with a check for each head variable that may not fit its column, zeros of the right type for its sums, and a mark on
 * comparisons that cannot fail.
 */
export function finishRule(rule: RuleDraft, drafts: readonly PredicateDraft[], columns: ColumnTypes): RuleDraft {
  const source = typeSource(columns)
  const body = rule.body.map((literal): Literal => {
    if (isOrder(literal)) return totalOrder(literal, typesOfBody(rule.body, source, new Map(), stepsOf(rule)))
    if (literal.kind !== 'aggregate' || literal.function !== 'sum' || literal.empty === undefined) return literal
    const types = typesOfBody(rule.body, source, new Map(), stepsOf(rule))
    const given = new Map(literal.groups.map((group) => [group, types.get(group) ?? 'any']))
    const result = resultType(literal, { types: typesOfBody(literal.body, source, given), source })
    return !isNothing(result) && isWithin(result, only('Float')) ? { ...literal, empty: 0 } : literal
  })
  const columnsOfHead = drafts[rule.head]?.columns ?? []
  if (columnsOfHead.every((column) => fixedType(column) === undefined)) return { ...rule, body }
  const variables = [...rule.variables]
  const checks: Literal[] = []
  const types = headTypes(rule, source)
  const args = rule.args.map((arg, i) => {
    const [column, found = 'any'] = [columnsOfHead[i], types[i]]
    const wanted = column && fixedType(column)
    if (arg.kind !== 'variable' || wanted === undefined || wanted === 'any' || isWithin(found, wanted)) return arg
    // Asked for one value, a rule must still fail for another that is malformed, or `not level(0)` would hold for it. An
    // entity says nothing about another one, and is looked up by its value.
    const isEntities = isWithin(found, only(ANY_ENTITY))
    const checked: VariableRef = isEntities ? arg : { kind: 'variable', variable: variables.length }
    if (!isEntities) variables.push(`$${variables.length}`)
    const names: Constant = { kind: 'constant', value: [...wanted].join('|') }
    const right: Expr = { kind: 'method', method: CONFORMS, receiver: arg, args: [names] }
    checks.push({ kind: 'compare', operator: '=', left: checked, right })
    return checked
  })
  return { ...rule, args, variables, body: [...body, ...checks] }
}

/** Whether `literal` orders what needs no evaluation. */
function isOrder(literal: Literal): literal is CompareLiteral {
  if (literal.kind !== 'compare' || literal.operator === '=' || literal.operator === '!=') return false
  return [literal.left, literal.right].every(({ kind }) => kind === 'variable' || kind === 'constant')
}

/** `literal` with its mark, if what both sides can be has an order. `types` are those where the whole body holds. */
function totalOrder(literal: CompareLiteral, types: TypeEnvironment): CompareLiteral {
  const typeOfSide = (side: Expr) => {
    if (side.kind === 'constant') return only(typeOf(side.value))
    return side.kind === 'variable' ? (types.get(side.variable) ?? 'any') : 'any'
  }
  const [left, right] = [typeOfSide(literal.left), typeOfSide(literal.right)]
  const isTotal = [...ORDERED].some((type) => isWithin(left, only(type)) && isWithin(right, only(type)))
  return isTotal ? { ...literal, isTotal } : literal
}

function reportClash(clash: Clash, check: Check): void {
  const { rule, diagnostics } = check
  // A rule that no text writes is that of an equivalence.
  const span = clash.span ?? rule.span ?? check.drafts[rule.head]?.declaration
  const found = withArticle(clash.found)
  const wanted = withArticle(clash.wanted)
  switch (clash.kind) {
    case 'atom': {
      const { atom, column } = clash
      const draft = check.drafts[atom.predicate]
      const arg = atom.args[column]
      const value = arg && arg.kind !== 'any' ? nameOf(arg, rule) : undefined
      const message = `${value ?? 'this'} is ${found}, and ${columnName(draft, column)} is ${wanted}: they are never equal`
      const related = [
        ...(clash.variable === undefined ? [] : originOf(clash.variable, atom, check)),
        ...definitionOf(draft),
      ]
      diagnostics.error('R406', message, span, { ...helpFor(clash.found, clash.wanted), related })
      return
    }
    case 'compare': {
      const { operator } = clash
      const isArithmetic = ['+', '-', '*', '/', '%'].includes(operator)
      const isOrder = operator.startsWith('<') || operator.startsWith('>')
      const why = isArithmetic ? 'have no common arithmetic' : isOrder ? 'have no common order' : 'are never equal'
      const left = nameOf(clash.left, rule)
      const first = left === undefined ? found : `${left}, ${found},`
      const message = `\`${operator}\` between ${first} and ${wanted}, which ${why}`
      const related = [clash.left, clash.right].flatMap((side) =>
        side.kind === 'variable' ? originOf(side.variable, undefined, check) : [],
      )
      diagnostics.error(isArithmetic || isOrder ? 'R407' : 'R406', message, span, {
        ...helpFor(clash.found, clash.wanted),
        related,
      })
      return
    }
    default: {
      const { operand, what } = clash
      const related = operand.kind === 'variable' ? originOf(operand.variable, undefined, check) : []
      const message = `${what} needs ${wanted}, and ${nameOf(operand, rule) ?? 'this'} is ${found}`
      diagnostics.error('R407', message, span, { ...helpFor(clash.found, clash.wanted), related })
    }
  }
}

/** A constant, or a variable that the rule names. */
function nameOf(expr: Expr, rule: RuleDraft): string | undefined {
  if (expr.kind === 'constant') return `\`${printBriefly(expr.value)}\``
  const name = expr.kind === 'variable' ? writtenName(rule.variables, expr.variable) : undefined
  return name && `\`${name}\``
}

interface HeadClash {
  readonly arg: VariableRef | Constant
  readonly found: ColumnType
  readonly wanted: ColumnType
  readonly column: number
}

function reportHead({ arg, found, wanted, column }: HeadClash, check: Check): void {
  const { rule, drafts, diagnostics } = check
  const draft = drafts[rule.head]
  const name = nameOf(arg, rule) ?? 'this'
  const message = `${columnName(draft, column)} is ${withArticle(wanted)}, and ${name} is ${withArticle(found)}`
  const related = [...(arg.kind === 'variable' ? originOf(arg.variable, undefined, check) : []), ...definitionOf(draft)]
  diagnostics.error('R406', message, rule.headSpan ?? rule.span ?? draft?.declaration, {
    ...helpFor(found, wanted),
    related,
  })
}

function columnName(draft: PredicateDraft | undefined, column: number): string {
  if (draft?.name.startsWith('$')) return 'its place in the aggregate'
  const name = draft?.columns[column]?.name
  return `${name === undefined ? `column ${column + 1}` : `column \`${name}\``} of \`${draft?.name}\``
}

/** Where the type of a variable comes from: the first literal that says something of it, besides `except`. */
function originOf(
  variable: number,
  except: Literal | undefined,
  { rule, drafts, columns }: Check,
): { message: string; span: Span }[] {
  const written = nameOf({ kind: 'variable', variable }, rule) ?? 'this'
  for (const literal of rule.body) {
    if (literal === except || literal.kind !== 'atom' || literal.negated || !literal.span) continue
    const column = literal.args.findIndex((arg) => arg.kind === 'variable' && arg.variable === variable)
    const type = columns[literal.predicate]?.[column]
    if (type === undefined || type === 'any' || isNothing(type)) continue
    const name = columnName(drafts[literal.predicate], column)
    return [{ message: `${written} is ${withArticle(type)} by ${name}`, span: literal.span }]
  }
  for (const literal of rule.body) {
    if (literal === except || literal.kind !== 'compare' || literal.operator !== '=' || !literal.span) continue
    for (const [side, other] of [
      [literal.left, literal.right],
      [literal.right, literal.left],
    ] as const) {
      if (side.kind !== 'variable' || side.variable !== variable || other.kind !== 'constant') continue
      return [
        {
          message: `${written} is ${withArticle(only(typeOf(other.value)))} here`,
          span: literal.span,
        },
      ]
    }
  }
  return []
}

function definitionOf(draft: PredicateDraft | undefined): { message: string; span: Span }[] {
  if (draft?.declaration) return [{ message: `\`${draft.name}\` is declared here`, span: draft.declaration }]
  return draft?.place ? [{ message: `\`${draft.name}\` is first named here`, span: draft.place() }] : []
}

function helpFor(found: ColumnType, wanted: ColumnType): { help?: string } {
  const isOnly = (type: ColumnType, test: (name: string) => boolean) => type !== 'any' && [...type].every(test)
  const isEntityName = (name: string) => name === ANY_ENTITY || name.startsWith('entity:')
  const isText = (name: string) => name === 'String'
  const isNumber = (name: string) => name === 'Long' || name === 'Float'
  if (isOnly(found, isNumber) && isOnly(wanted, isNumber))
    return { help: 'integers and floats do not mix; write `2.0` for a float' }
  const isDecimal = (name: string) => name === 'decimal'
  if (isOnly(found, isDecimal) && wanted === ORDERED)
    return { help: 'decimals have `lessThan`, `greaterThan` and their like' }
  const [entities, other] = isOnly(found, isEntityName) ? [found, wanted] : [wanted, found]
  if (!isOnly(entities, isEntityName) || !isOnly(other, isText)) return {}
  const type = entities === 'any' ? undefined : [...entities].find((name) => isEntity(name) && name !== ANY_ENTITY)
  const example = type === undefined ? 'User' : type.slice('entity:'.length)
  return {
    help: `the id of an entity is \`E.id\`; an entity is written \`${example}::"…"\`, or its column is declared`,
  }
}
