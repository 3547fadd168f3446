/**
 * What a program may say and hardly means: names that are defined nowhere, rules that never fire, declarations that nothing
 * uses, path prefixes that end within a name, single bools that are asked for whatever they are, records of the context.
 * Spec: LANGUAGE sections 3 and 4.
 */
import type { Schema } from '../syntax/schema/schema.ts'
import type { Diagnostics } from '../text/diagnostic.ts'
import { didYouMean } from '../text/suggest.ts'
import { canonicalKey } from '../values/equality.ts'
import { printBriefly, printValue } from '../values/print.ts'
import type { Value } from '../values/value.ts'
import type { ColumnTypes } from './infer-types.ts'
import type { LoweredPolicy } from './lowered.ts'
import { variablesOfLiteral } from './plan.ts'
import { isBuiltin, type PredicateDraft } from './predicate-table.ts'
import { type AtomLiteral, BUILTIN, type Constant, type Expr, type Literal, type PredicateId } from './program.ts'
import { type RuleDraft, readsOf } from './rule-draft.ts'

export interface WarningsInput {
  readonly drafts: readonly PredicateDraft[]
  readonly rules: readonly RuleDraft[]
  readonly columns: ColumnTypes
  readonly policies: readonly LoweredPolicy[]
  readonly pathTypes: ReadonlySet<string>
  readonly schema?: Schema
  readonly diagnostics: Diagnostics
}

/** Adds all warnings about rules and declarations. */
export function warn(input: WarningsInput): void {
  const { drafts, rules, diagnostics } = input
  warnOfUndefined(input)
  // A rule that was dropped for an error may be the use that seems to be missing.
  if (!diagnostics.hasErrors) warnOfUnused(input)
  const filled = possiblyFilled(input)
  const records = recordsOf(input.schema)
  for (const rule of rules) {
    if (!rule.span || drafts[rule.head]?.name.startsWith('$groups')) continue
    if (!diagnostics.hasErrors) warnOfDeadRule(rule, filled, input)
    for (const literal of allLiterals(rule.body)) {
      if (literal.kind === 'test') warnOfPrefix(literal, rule, diagnostics)
      if (literal.kind !== 'atom') continue
      warnOfAnyBool(literal, rule, input)
      warnOfRecord(literal, records, diagnostics)
    }
  }
}

function warnOfUndefined({ drafts, rules, diagnostics }: WarningsInput): void {
  const names = drafts.filter(({ isDefined, name }) => isDefined && !name.startsWith('$')).map(({ name }) => name)
  const reported = new Set<PredicateId>()
  for (const { predicate, span } of rules.flatMap(readsOf)) {
    const draft = drafts[predicate]
    if (!draft || draft.isDefined || reported.has(predicate)) continue
    reported.add(predicate)
    const otherwise = `\`${draft.name} = []\` in [data], or a \`decl\`, says that it is meant to be empty`
    diagnostics.warning('R475', `there is no predicate \`${draft.name}\`, so it is empty`, span, () =>
      didYouMean(draft.name, names, otherwise),
    )
  }
}

function warnOfUnused({ drafts, rules, policies, diagnostics }: WarningsInput): void {
  const used = new Set(rules.flatMap((rule) => [rule.head, ...readsOf(rule).map((d) => d.predicate)]))
  for (const { asks } of policies) for (const { predicate } of asks) used.add(predicate)
  for (const { id, name, declaration, isFilled } of drafts) {
    if (declaration && !isFilled && !used.has(id)) {
      diagnostics.warning('R477', `\`${name}\` is declared, and nothing uses it`, declaration)
    }
  }
}

/** Predicates that can have a row: by a fact, or by a rule whose body can hold. */
function possiblyFilled({ drafts, rules, pathTypes }: WarningsInput): ReadonlySet<PredicateId> {
  const filled = new Set(drafts.flatMap(({ id, hasFacts }) => (hasFacts ? [id] : [])))
  if (pathTypes.size === 0) filled.delete(BUILTIN.path)
  const waiting = new Map<PredicateId, RuleDraft[]>()
  const todo: PredicateId[] = []
  const consider = (rule: RuleDraft) => {
    const empty = emptyAtom(rule.body, filled)
    if (!empty) {
      if (!filled.has(rule.head)) todo.push(rule.head)
      filled.add(rule.head)
      return
    }
    const others = waiting.get(empty.predicate)
    if (others) others.push(rule)
    else waiting.set(empty.predicate, [rule])
  }
  for (const rule of rules) consider(rule)
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const rules = waiting.get(next) ?? []
    waiting.delete(next)
    for (const rule of rules) consider(rule)
  }
  return filled
}

function emptyAtom(body: readonly Literal[], filled: ReadonlySet<PredicateId>): AtomLiteral | undefined {
  return body.find((literal): literal is AtomLiteral => isPositive(literal) && !filled.has(literal.predicate))
}

function warnOfDeadRule(
  rule: RuleDraft,
  filled: ReadonlySet<PredicateId>,
  { drafts, diagnostics }: WarningsInput,
): void {
  const empty = emptyAtom(rule.body, filled)
  const draft = empty && drafts[empty.predicate]
  // What is defined nowhere has its own warning.
  if (draft && !draft.isDefined) return
  const name = draft?.name.startsWith('$') ? 'the aggregate' : `\`${draft?.name}\``
  const why = draft ? `${name} can have no row` : contradiction(rule)
  const help = empty?.predicate === BUILTIN.path ? { help: '`path_types` in [options] says which ids are paths' } : {}
  if (why !== undefined)
    diagnostics.warning('R476', `rule \`${rule.name}\` can never fire: ${why}`, empty?.span ?? rule.span, help)
}

/** Request-time predicates with a single row. */
const SINGLE_ROW: ReadonlySet<PredicateId> = new Set([
  BUILTIN.principal1,
  BUILTIN.principal2,
  BUILTIN.action,
  BUILTIN.resource1,
  BUILTIN.resource2,
  BUILTIN.path,
  BUILTIN.request,
])

/** Two constants where there can be only one value. */
function contradiction({ body, variables }: RuleDraft): string | undefined {
  const known = new Map<string, Value[]>()
  const note = (key: string, values: readonly Value[]): string | undefined => {
    const keys = new Set(values.map(canonicalKey))
    const before = known.get(key)
    const both = before?.filter((value) => keys.has(canonicalKey(value))) ?? [...values]
    known.set(key, both)
    if (both.length > 0 || values.length === 0 || !before?.length) return undefined
    return `${key.startsWith('`$') ? 'one value' : key} would have to be ${printBriefly(before[0] ?? '')} and ${printBriefly(values[0] ?? '')}`
  }
  for (const literal of body) {
    const found = constantsIn(literal, variables)
    for (const { key, values } of found) {
      const why = note(key, values)
      if (why !== undefined) return why
    }
  }
  return undefined
}

/** What a literal says about a variable, or about a column of a predicate with one row. */
function constantsIn(literal: Literal, variables: readonly string[]): { key: string; values: Value[] }[] {
  const nameOf = (expr: Expr) => (expr.kind === 'variable' ? `\`${variables[expr.variable]}\`` : printed(expr))
  if (literal.kind === 'compare' && literal.operator === '=') {
    const [left, right] = [literal.left, literal.right]
    if (right.kind === 'constant' && left.kind === 'constant') {
      return [
        { key: nameOf(left), values: [left.value] },
        { key: nameOf(left), values: [right.value] },
      ]
    }
    if (right.kind === 'constant' && left.kind === 'variable') return [{ key: nameOf(left), values: [right.value] }]
    if (left.kind === 'constant' && right.kind === 'variable') return [{ key: nameOf(right), values: [left.value] }]
  }
  if (literal.kind === 'in' && !literal.negated && !('kind' in literal.right) && literal.left.kind === 'variable') {
    const values = literal.right.filter((expr): expr is Constant => expr.kind === 'constant').map(({ value }) => value)
    return values.length === literal.right.length ? [{ key: nameOf(literal.left), values }] : []
  }
  if (!isPositive(literal) || !SINGLE_ROW.has(literal.predicate)) return []
  const id = canonicalPlace(literal.predicate)
  const keyOf = (column: number) =>
    literal.predicate === BUILTIN.request ? REQUEST_COLUMNS[column] : column === 0 ? id : `the type of ${id}`
  return literal.args.flatMap((arg, i) =>
    arg.kind === 'constant' ? [{ key: keyOf(i) ?? id, values: [arg.value] }] : [],
  )
}

const REQUEST_COLUMNS = ['the principal, as an entity,', 'the action, as an entity,', 'the resource, as an entity,']

function printed(expr: Expr): string {
  return expr.kind === 'constant' ? printValue(expr.value) : ''
}

function canonicalPlace(predicate: PredicateId): string {
  if (predicate === BUILTIN.principal1 || predicate === BUILTIN.principal2) return 'the principal'
  if (predicate === BUILTIN.resource1 || predicate === BUILTIN.resource2) return 'the resource'
  return predicate === BUILTIN.action ? 'the action' : predicate === BUILTIN.path ? 'the path' : 'the request'
}

function warnOfPrefix(literal: Literal & { kind: 'test' }, rule: RuleDraft, diagnostics: Diagnostics): void {
  const { expr, span } = literal
  if (expr.kind !== 'method' || expr.method !== 'starts_with') return
  const [prefix] = expr.args
  if (prefix?.kind !== 'constant' || typeof prefix.value !== 'string' || prefix.value.endsWith('/')) return
  const { receiver } = expr
  const isPath =
    receiver.kind === 'variable' &&
    rule.body.some(
      (other) =>
        isPositive(other) && other.predicate === BUILTIN.path && variablesOfLiteral(other).includes(receiver.variable),
    )
  if (!isPath && !prefix.value.startsWith('/')) return
  const text = prefix.value
  const help = `write \`under("${text}")\`, or \`starts_with("${text}/")\``
  diagnostics.warning('R478', `\`starts_with("${text}")\` holds for \`${text}-other\` too`, span, { help })
}

/** A single bool, written as a fact, and asked for by a variable that nothing else uses. */
function warnOfAnyBool(atom: AtomLiteral, rule: RuleDraft, { drafts, columns, diagnostics }: WarningsInput): void {
  const [arg, ...others] = atom.args
  const draft = drafts[atom.predicate]
  if (!arg || !draft || others.length > 0 || arg.kind === 'constant' || isBuiltin(draft.id) || !draft.isFilled) return
  const type = columns[draft.id]?.[0]
  if (type === undefined || type === 'any' || type.size !== 1 || !type.has('Bool')) return
  if (arg.kind === 'variable' && occurrences(arg.variable, rule) > 1) return
  const message = `\`${draft.name}(_)\` holds for \`${draft.name} = false\` as well`
  diagnostics.warning('R479', message, atom.span, { help: `write \`${draft.name}(true)\`` })
}

/** Keys that are a record in each context that has them. */
function recordsOf(schema: Schema | undefined): ReadonlySet<string> {
  const contexts = [...(schema?.actions.values() ?? [])].flatMap(({ context }) => [...context.attributes])
  const others = new Set(contexts.flatMap(([key, { type }]) => (type.kind === 'record' ? [] : [key])))
  return new Set(contexts.flatMap(([key]) => (others.has(key) ? [] : [key])))
}

function warnOfRecord(atom: AtomLiteral, records: ReadonlySet<string>, diagnostics: Diagnostics): void {
  const [key] = atom.args
  if (atom.predicate !== BUILTIN.context || key?.kind !== 'constant' || typeof key.value !== 'string') return
  if (!records.has(key.value)) return
  const message = `\`${printBriefly(key.value)}\` is a record in the contexts of the schema, and rules see nothing of it`
  const help = 'ask for its attributes in a policy, or pass them as keys of the context'
  diagnostics.warning('R474', message, atom.span, { help })
}

function occurrences(variable: number, { args, body }: RuleDraft): number {
  const inHead = args.filter((arg) => arg.kind === 'variable' && arg.variable === variable).length
  return (
    inHead +
    allLiterals(body)
      .flatMap(variablesOfLiteral)
      .filter((other) => other === variable).length
  )
}

function allLiterals(body: readonly Literal[]): Literal[] {
  return body.flatMap((literal) => (literal.kind === 'aggregate' ? [literal, ...literal.body] : [literal]))
}

function isPositive(literal: Literal): literal is AtomLiteral {
  return literal.kind === 'atom' && !literal.negated
}
