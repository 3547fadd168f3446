/**
 * Programs that must mean the same as a random one: its clauses, literals and facts in another order, its facts in other
 * places, other names, an atom replaced by the rule that defines it, and a part of a body moved to a rule of its own.
 */
import type { Clause, Expr, Literal, Rule } from '../../src/syntax/datalog/ast.ts'
import { bindableBy, literalVariables } from '../oracle/datalog-rules.ts'
import { variablesOf } from '../oracle/datalog-steps.ts'
import { NOWHERE, rewriteClause, rewriteExpr, rewriteLiteral } from './datalog-rewrite.ts'
import { fileText, TYPE_OF, tomlText } from './datalog-values.ts'
import type { DatalogCase, Fact } from './generate-datalog.ts'
import type { Random } from './random.ts'

export interface Variant extends Pick<DatalogCase, 'data' | 'tables'> {
  readonly clauses: readonly Clause[]
  readonly files?: ReadonlyMap<string, string>
  /** What a predicate of the original is called here, if not as there. */
  readonly names?: ReadonlyMap<string, string>
  /** Whether errors may differ: what depends on an expression is another thing within one rule than in two. */
  readonly isLoose?: boolean
}

/** A variant of a program with these clauses; `undefined` where there is none of that kind. */
export type Vary = (random: Random, of: DatalogCase, clauses: readonly Clause[]) => Variant | undefined

export const VARIANTS: Readonly<Record<string, Vary>> = { reorder, move, rename, inline, outline }

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const left = [...items]
  return items.flatMap(() => left.splice(random.int(left.length), 1))
}

function reorder(random: Random, { data }: DatalogCase, clauses: readonly Clause[]): Variant {
  const inOrder = clauses.map((clause) => rewriteClause(clause, { list: (items) => shuffled(random, items) }))
  return { data: shuffled(random, data), clauses: shuffled(random, inOrder) }
}

/** Moves facts between `[data]`, the rules and files. */
function move(random: Random, { data, predicates }: DatalogCase, clauses: readonly Clause[]): Variant {
  const base = predicates.filter(({ level, best }) => level === 0 && best === undefined)
  const isBase = (name: string): boolean => base.some((predicate) => predicate.name === name)
  const written = clauses.map((clause) => factOf(clause))
  const movable = [...data, ...written.flatMap((fact) => fact ?? [])].filter(({ predicate }) => isBase(predicate))
  const kept = clauses.filter((_, i) => !movable.some((fact) => fact === written[i]))
  const [stays, moved] = [[] as Fact[], [] as Clause[]]
  for (const fact of movable) {
    const isSayable = fact.row.every((value) => tomlText(value) !== undefined)
    if (isSayable && random.chance(0.6)) stays.push(fact)
    else moved.push(clauseOf(fact))
  }
  const inFiles = base.filter(({ kinds }) => kinds.length > 0 && random.chance(0.4))
  const [tables, files] = [new Map<string, string>(), new Map<string, string>()]
  for (const { name, kinds } of inFiles) {
    // A line of TSV that holds nothing is no row.
    const format = random.pick(kinds.length > 1 ? (['tsv', 'csv', 'jsonl'] as const) : (['csv', 'jsonl'] as const))
    const rows = stays.filter(({ predicate }) => predicate === name).map(({ row }) => row)
    const types = kinds.map((kind) => `"${TYPE_OF[kind]}"`).join(', ')
    tables.set(name, `{ file = "${name}.${format}", types = [${types}] }`)
    files.set(`${name}.${format}`, fileText(rows, format))
  }
  return { data: stays.filter(({ predicate }) => !tables.has(predicate)), clauses: [...kept, ...moved], tables, files }
}

function factOf(clause: Clause): Fact | undefined {
  if (clause.kind === 'decl' || clause.body.length > 0) return undefined
  const row = clause.head.args.flatMap(({ expr, best }) => (expr.kind === 'constant' && !best ? [expr.value] : []))
  return row.length < clause.head.args.length ? undefined : { predicate: clause.head.predicate.text, row }
}

function clauseOf({ predicate, row }: Fact): Clause {
  const args = row.map((value) => ({ expr: { kind: 'constant', value, span: NOWHERE } as const }))
  const head = { predicate: { text: predicate, span: NOWHERE }, args, span: NOWHERE }
  return { kind: 'rule', head, body: [], span: NOWHERE }
}

/** Predicates take each other's names, and variables others, in each clause anew. */
function rename(random: Random, { data, predicates }: DatalogCase, clauses: readonly Clause[]): Variant {
  const old = predicates.map(({ name }) => name)
  const given = shuffled(random, [...old.slice(1), 'zz.other'])
  const names = new Map(old.map((name, i) => [name, given[i] ?? name]))
  const nameOf = (name: string): string => names.get(name) ?? name
  const renamed = clauses.map((clause) => {
    const variables = new Map<string, string>()
    const variable = (name: string): string => {
      const other = variables.get(name) ?? `${random.pick(['A', 'X', '_', 'Zz'])}v${99 - variables.size}`
      variables.set(name, other)
      return other
    }
    return rewriteClause(clause, { variable, predicate: nameOf })
  })
  return { data: data.map((fact) => ({ ...fact, predicate: nameOf(fact.predicate) })), clauses: renamed, names }
}

/** Replaces an atom by what the rules of its predicate say, alternatives if they are several. */
function inline(random: Random, { data, predicates }: DatalogCase, clauses: readonly Clause[]): Variant | undefined {
  const rules = clauses.filter((clause) => clause.kind === 'rule')
  const rulesOf = (name: string) => rules.filter(({ head }) => head.predicate.text === name)
  const isOpen = ({ name, equivalence, best }: DatalogCase['predicates'][number]): boolean => {
    if (equivalence || best !== undefined || data.some(({ predicate }) => predicate === name)) return false
    const bodies = rulesOf(name).map(({ body }) => body)
    return bodies.length <= 3 && !bodies.flat().some((literal) => hasAggregate(literal) || reads(literal, name))
  }
  const open = new Set(predicates.filter(isOpen).map(({ name }) => name))
  const declared = new Set(clauses.flatMap((clause) => (clause.kind === 'decl' ? [clause.predicate.text] : [])))
  const places = rules.flatMap((host) =>
    host.body.flatMap((atom) => {
      if (atom.kind !== 'atom' || atom.negated || !open.has(atom.predicate.text)) return []
      const defining = rulesOf(atom.predicate.text)
      // A string in a declared column is read as what the column holds, and elsewhere it is a string.
      const exprs = [...atom.args, ...defining.flatMap(({ head }) => head.args.map(({ expr }) => expr))]
      const isRead = declared.has(atom.predicate.text) && exprs.some((e) => typeof constantOf(e) === 'string')
      const alternatives = defining.map((rule, i) => bodyFor(rule, atom.args, `In${i}`))
      const isSaid = alternatives.length > 0 && alternatives.every((body) => body.length > 0)
      return isRead || !isSaid ? [] : [{ host, atom, alternatives }]
    }),
  )
  if (places.length === 0) return undefined
  const { host, atom, alternatives } = random.pick(places)
  const [only = [], ...others] = alternatives
  const inlined: readonly Literal[] = others.length === 0 ? only : [{ kind: 'or', alternatives, span: NOWHERE }]
  const body = host.body.flatMap((literal) => (literal === atom ? inlined : [literal]))
  return { data, clauses: clauses.map((clause) => (clause === host ? { ...host, body } : clause)), isLoose: true }
}

function constantOf(expr: Expr): unknown {
  return expr.kind === 'constant' ? expr.value : undefined
}

/** The body of `rule` where its head is asked for with `args`; all other variables get names that start with `own`. */
function bodyFor(rule: Rule, args: readonly Expr[], own: string): Literal[] {
  const names = new Map<string, string>()
  const equations: [Expr, Expr][] = []
  rule.head.args.forEach(({ expr }, i) => {
    const arg = args[i]
    if (arg === undefined) return
    if (expr.kind === 'variable' && arg.kind === 'variable' && !names.has(expr.name)) names.set(expr.name, arg.name)
    else if (arg.kind !== 'wildcard') equations.push([arg, expr])
    // What is computed for nobody may still fail.
    else if (expr.kind !== 'variable') equations.push([variableOf(`${own}${i}`), expr])
  })
  const variable = (name: string): string => names.get(name) ?? `${own}_${name}`
  const added = equations.map(([left, right]): Literal => {
    return { kind: 'compare', operator: '=', left, right: rewriteExpr(right, { variable }), span: NOWHERE }
  })
  return [...added, ...rule.body.map((literal) => rewriteLiteral(literal, { variable }))]
}

function variableOf(name: string): Expr {
  return { kind: 'variable', name, span: NOWHERE }
}

function hasAggregate(literal: Literal): boolean {
  if (literal.kind === 'or') return literal.alternatives.flat().some(hasAggregate)
  if (literal.kind === 'compare') return literal.left.kind === 'aggregate' || literal.right.kind === 'aggregate'
  return literal.kind === 'bare_aggregate'
}

function reads(literal: Literal, name: string): boolean {
  if (literal.kind === 'or') return literal.alternatives.flat().some((one) => reads(one, name))
  return literal.kind === 'atom' && literal.predicate.text === name
}

const HELPER = 'a.helper'

/** Moves a part of a body to a rule of its own, over the variables that the rest needs. */
function outline(random: Random, { data }: DatalogCase, clauses: readonly Clause[]): Variant | undefined {
  const hosts = clauses.filter((clause): clause is Rule => {
    return clause.kind === 'rule' && clause.body.length > 0 && clause.head.args.every(({ best }) => best === undefined)
  })
  if (hosts.length === 0) return undefined
  const host = random.pick(hosts)
  const part = random.some(
    host.body.filter((literal) => !hasAggregate(literal)),
    0.6,
  )
  const bound = bindableBy(part)
  const used = new Set(part.flatMap(literalVariables))
  if (part.length === 0 || [...used].some((name) => !bound.has(name))) return undefined
  const rest = host.body.filter((literal) => !part.includes(literal))
  const needed = new Set([
    ...host.head.args.flatMap(({ expr }) => variablesOf(expr)),
    ...rest.flatMap(literalVariables),
  ])
  const args = shuffled(
    random,
    [...used].filter((name) => needed.has(name)),
  ).map(variableOf)
  const predicate = { text: HELPER, span: NOWHERE }
  const call: Literal = { kind: 'atom', negated: false, predicate, args, span: NOWHERE }
  const head = { predicate, args: args.map((expr) => ({ expr })), span: NOWHERE }
  const changed = clauses.map((clause) => (clause === host ? { ...host, body: [...rest, call] } : clause))
  return { data, clauses: [...changed, { kind: 'rule', head, body: part, span: NOWHERE }], isLoose: true }
}
