/**
 * `context.facts` in policies: which predicate a path of attributes names, and how the policy asks for it. What the context
 * would hold if the facts were written into it is known here by name, so `has` is answered at once. Spec: LANGUAGE section 6.
 */

import type { Expr } from '../syntax/cedar/ast.ts'
import { childrenOf } from '../syntax/cedar/limits.ts'
import type { Span } from '../text/source.ts'
import { didYouMean } from '../text/suggest.ts'
import { constant } from './constant.ts'
import type { FactSet, LoweredExpr, ProbeMethod } from './lowered.ts'
import type { FactIndex, PolicyLowering } from './lowering.ts'
import { BUILTIN, type Column, type Predicate } from './program.ts'

/** The index of `predicates`; internal ones are not in it. */
export function createFactIndex(predicates: readonly Predicate[], typed: boolean): FactIndex {
  const byName = new Map<string, Predicate[]>()
  const prefixes = new Set<string>()
  for (const predicate of predicates) {
    const { name } = predicate
    if (name.startsWith('$')) continue
    const same = byName.get(name)
    if (same) same.push(predicate)
    else byName.set(name, [predicate])
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) prefixes.add(name.slice(0, dot))
  }
  return { predicates: byName, prefixes, typed }
}

/** Whether `context.facts` stands in `expr`, or `facts` of what may be the context, such as `(if … then context else …).facts`. */
export function mentionsFacts(expr: Expr): boolean {
  return someNode(expr, (next) => {
    if (next.kind !== 'get' && next.kind !== 'has') return false
    const first = next.kind === 'get' ? next.attribute : next.attributes[0]
    return first === 'facts' && (isContext(next.operand) || hidesContext(next.operand))
  })
}

/** Whether the context stands in `expr`, and `expr` is no attribute of it. */
function hidesContext(expr: Expr): boolean {
  let base = expr
  while (base.kind === 'get') base = base.operand
  return base.kind !== 'variable' && someNode(base, isContext)
}

/** Whether `holds` for a node of `expr`. Linear, without recursion. */
function someNode(expr: Expr, holds: (node: Expr) => boolean): boolean {
  const todo = [expr]
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    if (holds(next)) return true
    for (const child of childrenOf(next)) todo.push(child)
  }
  return false
}

/** `context.facts.p…`; `undefined` if `expr` is something else. */
export function lowerFactsGet(expr: Extract<Expr, { kind: 'get' }>, lowering: PolicyLowering): LoweredExpr | undefined {
  const path = lowering.facts && factsPath(expr)
  return path && valueAt(path, expr.span, lowering)
}

/** `context has facts…` and `context.facts… has p…`; `undefined` if `expr` is something else. */
export function lowerFactsHas(expr: Extract<Expr, { kind: 'has' }>, lowering: PolicyLowering): LoweredExpr | undefined {
  const { facts } = lowering
  const before = isContext(expr.operand) && expr.attributes[0] === 'facts' ? [] : factsPath(expr.operand)
  if (before === undefined || facts === undefined) return undefined
  const path = [...before, ...(isContext(expr.operand) ? expr.attributes.slice(1) : expr.attributes)]
  const found = find(path, facts)
  const { span } = expr
  if (found.kind === 'none') return report(found, span, lowering)
  if (found.kind === 'inside' || found.length === path.length) return constant(true, span)
  // The path goes on inside of a bool or a set, which is an error when it is evaluated.
  const length = Math.max(found.length, before.length)
  const operand = valueAt(path.slice(0, length), expr.operand.span, lowering)
  return { kind: 'has', operand, attributes: path.slice(length), span }
}

/** What a set method of `context.facts.p` asks; `undefined` if `expr` is something else. */
export function lowerProbe(
  { method, receiver }: Extract<Expr, { kind: 'method' }>,
  lowering: PolicyLowering,
): { readonly facts: FactSet; readonly method: ProbeMethod } | undefined {
  const path = factsPath(receiver)
  if (path === undefined || lowering.facts === undefined || !isProbe(method)) return undefined
  const found = find(path, lowering.facts)
  if (found.kind !== 'predicate' || found.length < path.length || found.predicates[0].arity === 0) return undefined
  const facts = factSet(found.predicates, receiver.span, lowering)
  ask(facts, method !== 'isEmpty', lowering)
  return { facts, method }
}

/** Reports that `context` stands where its facts would have to be a value. */
export function reportWholeContext(span: Span, lowering: PolicyLowering): LoweredExpr {
  lowering.diagnostics.error(
    'R453',
    '`context` is used as a whole value, though policies ask for `context.facts`',
    span,
    {
      help: 'use its attributes one by one',
    },
  )
  return unknown(span)
}

/** The attributes after `context.facts`. */
function factsPath(expr: Expr): string[] | undefined {
  const path: string[] = []
  let at = expr
  while (at.kind === 'get') {
    path.push(at.attribute)
    at = at.operand
  }
  return isContext(at) && path.pop() === 'facts' ? path.reverse() : undefined
}

function isContext(expr: Expr): boolean {
  return expr.kind === 'variable' && expr.name === 'context'
}

function isProbe(method: string): method is ProbeMethod {
  return ['contains', 'containsAll', 'containsAny', 'isEmpty'].includes(method)
}

/** What a path names: a predicate by its first `length` names, a place above predicates, or nothing. */
type Found =
  | { readonly kind: 'predicate'; readonly predicates: readonly [Predicate, ...Predicate[]]; readonly length: number }
  | { readonly kind: 'inside' }
  | NotFound

interface NotFound {
  readonly kind: 'none'
  readonly name: string
  readonly message: string
  readonly code: 'R450' | 'R452'
}

function find(path: readonly string[], facts: FactIndex): Found {
  let name = ''
  for (const [i, part] of path.entries()) {
    name = i === 0 ? part : `${name}.${part}`
    const [first, ...others] = facts.predicates.get(name) ?? []
    const isPrefix = facts.prefixes.has(name)
    if (first && isPrefix) {
      const message = `\`${name}\` is a predicate, and the beginning of the names of others, so \`context.facts\` cannot hold both`
      return { kind: 'none', name, message, code: 'R452' }
    }
    if (first && !part.includes('.')) return { kind: 'predicate', predicates: [first, ...others], length: i + 1 }
    if (!isPrefix || part.includes('.')) {
      return { kind: 'none', name: path.join('.'), message: `there is no predicate \`${name}\``, code: 'R450' }
    }
  }
  return { kind: 'inside' }
}

function report(found: NotFound, span: Span, lowering: PolicyLowering): LoweredExpr {
  const known = lowering.facts?.predicates.keys() ?? []
  lowering.diagnostics.error(found.code, found.message, span, () =>
    found.code === 'R450' ? didYouMean(found.name, known) : {},
  )
  return unknown(span)
}

/** The value at a path; the names after a predicate's are attributes of its value. */
function valueAt(path: readonly string[], span: Span, lowering: PolicyLowering): LoweredExpr {
  const found: Found = lowering.facts ? find(path, lowering.facts) : { kind: 'inside' }
  if (found.kind === 'none') return report(found, span, lowering)
  if (found.kind === 'inside') {
    const name = ['context.facts', ...path].join('.')
    const message = `\`${name}\` is used as a whole value`
    lowering.diagnostics.error('R453', message, span, { help: 'name the predicate whose facts are meant' })
    return unknown(span)
  }
  const facts = factSet(found.predicates, span, lowering)
  ask(facts, false, lowering)
  let value: LoweredExpr = { kind: 'facts', facts, span }
  for (const attribute of path.slice(found.length)) value = { kind: 'get', operand: value, attribute, span }
  return value
}

function ask({ predicate, arity }: FactSet, bound: boolean, lowering: PolicyLowering): void {
  lowering.asks.set(`${predicate} ${bound}`, { predicate, bound: new Array<boolean>(arity).fill(bound) })
}

/** The value of a predicate; reports why Cedar cannot have it. */
function factSet(predicates: readonly [Predicate, ...Predicate[]], span: Span, lowering: PolicyLowering): FactSet {
  const [{ id, name, arity, columns }] = predicates
  const refuse = (message: string, help?: string) =>
    lowering.diagnostics.error('R451', message, span, help === undefined ? {} : { help })
  if (id === BUILTIN.permit || id === BUILTIN.forbid) refuse(`\`${name}\` decides, and is never a fact`)
  else if (predicates.length > 1)
    refuse(`\`${name}\` has rows of ${predicates.map((p) => p.arity).join(' and of ')} columns`)
  else if (arity > 1 && columns.some((column) => column.name === undefined)) {
    const example = columns.map((column, i) => `${column.name ?? `column${i + 1}`}: …`).join(', ')
    refuse(
      `the columns of \`${name}\` have no names, so its facts are no records`,
      `declare it: \`decl ${name}(${example}).\``,
    )
  }
  for (const [i, column] of columns.entries()) {
    const which = `column ${column.name ?? i + 1} of \`${name}\``
    if (column.type !== 'any' && column.type.has('Float')) refuse(`${which} holds floats, which Cedar does not have`)
    else if (lowering.facts?.typed && !hasSchemaType(column)) {
      refuse(`${which} has no type that the schema could give it`, 'declare the predicate, with a type for each column')
    }
  }
  return { predicate: id, name, arity, keys: arity > 1 ? columns.map((column) => column.name ?? '') : [] }
}

function hasSchemaType({ type }: Column): boolean {
  return type !== 'any' && type.size === 1 && !type.has('Set') && !type.has('Record')
}

/** Stands for what was reported: an expression of which nothing is known. */
function unknown(span: Span): LoweredExpr {
  return { kind: 'variable', name: 'context', span }
}
