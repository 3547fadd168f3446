/**
 * The actions that a configuration knows: those that its schema declares; without a schema those that are stored as entities,
 * that policies name, and that rules name in `action("…")`, in `request(…)` or in a list that the action is in. There is no end of others that a request may name.
 */
import { type LoweredExpr, operandsOf } from '../program/lowered.ts'
import { listOf } from '../program/plan.ts'
import { BUILTIN, type Expr, type ReaderProgram, type Rule } from '../program/program.ts'
import { normaliseUid } from '../program/uids.ts'
import { isActionType } from '../syntax/json/entity-data.ts'
import { printEntityUid } from '../values/entity-uid.ts'
import { type EntityUid, entityUid, type Value } from '../values/value.ts'

/** The actions of the schema, or those that policies and rules name; without repetition. */
export function namedActions({ schema, policies, rules, settings }: ReaderProgram): EntityUid[] {
  if (schema) return [...schema.actions.values()].map(({ uid }) => uid)
  const found = new Map<string, EntityUid>()
  const add = (uid: EntityUid) => {
    const normal = normaliseUid(uid, settings.pathTypes)
    if (!('error' in normal)) found.set(printEntityUid(normal), normal)
  }
  const addValue = (value: Value) => {
    if (typeof value !== 'object') return
    if (value.kind === 'set') for (const element of value.elements) addValue(element)
    else if (value.kind === 'entity' && isActionType(value.type)) add(value)
  }
  const addConstants = (expr: LoweredExpr) => {
    if (expr.kind === 'constant') addValue(expr.value)
    for (const part of operandsOf(expr)) addConstants(part)
  }
  for (const { condition } of policies) addConstants(condition)
  for (const value of rules.flatMap(actionsOf)) {
    if (typeof value === 'string') add(entityUid(settings.defaultActionType, value))
    else if (typeof value === 'object' && value.kind === 'entity') add(value)
  }
  return [...found.values()]
}

/** What stands as the action in atoms of the request, the id or the uid, or in a list that it is in. */
function actionsOf({ body }: Pick<Rule, 'body'>): Value[] {
  const args = body.flatMap((literal) => {
    if (literal.kind !== 'atom') return []
    if (literal.predicate === BUILTIN.action) return literal.args.slice(0, 1)
    return literal.predicate === BUILTIN.request ? literal.args.slice(1, 2) : []
  })
  const variables = new Set(args.flatMap((arg) => (arg.kind === 'variable' ? [arg.variable] : [])))
  const listed = body.flatMap((literal): readonly Expr[] => {
    if (literal.kind !== 'in' || literal.negated || literal.left.kind !== 'variable') return []
    return variables.has(literal.left.variable) ? listOf(literal) : []
  })
  const named = [...args, ...listed].flatMap((arg) => (arg.kind === 'constant' ? [arg.value] : []))
  return [...named, ...body.flatMap((literal) => (literal.kind === 'aggregate' ? actionsOf(literal) : []))]
}
