/**
 * Which requests a policy can be satisfied by or fail for, taken from the beginning of its condition: tests of principal,
 * action and resource that cannot fail. Where one is false, the policy is not satisfied, whatever comes after it. What is
 * not understood here allows any request. Spec: LANGUAGE section 6.
 */
import type { ValueId, Values } from '../../image/value-ids.ts'
import type { LoweredExpr } from '../../program/lowered.ts'
import type { EntityUid, Value } from '../../values/value.ts'

/** What the principal or the resource must be: the id of an entity that it is or is in, of the name of its type, or `ANY`. */
export interface ScopeKey {
  readonly id: ValueId
  readonly kind: 'any' | 'type' | 'equal' | 'in'
}

export const ANY = -1

export interface Scope {
  readonly principal: ScopeKey
  /** Entities one of which the action is or is in; absent for any action. */
  readonly actions?: readonly ValueId[]
  /** The operand of the condition that says just that. */
  readonly actionTest?: LoweredExpr
  readonly resource: ScopeKey
}

/** The scope of a policy with this condition; `values` are the image's. */
export function scopeOf(condition: LoweredExpr, values: Values): Scope {
  const found: { principal?: Test; action?: Test; resource?: Test } = {}
  let actionTest: LoweredExpr | undefined
  for (const operand of operandsOf(condition)) {
    const test = testOf(operand)
    if (test === undefined) break
    const { name } = test
    // An entity says more than a type.
    if (found[name]?.entities === undefined) {
      found[name] = { ...found[name], ...test }
      if (name === 'action' && isMembership(test)) actionTest = operand
    }
    if (test.mayFail) break
  }
  const keyOf = (test: Test | undefined): ScopeKey => {
    const [only, ...others] = test?.entities ?? []
    if (only !== undefined && others.length === 0) {
      return { id: values.intern(only), kind: test?.isEqual ? 'equal' : 'in' }
    }
    return test?.type === undefined ? ANYTHING : { id: values.string(test.type), kind: 'type' }
  }
  const actions = found.action?.entities?.map((value) => values.intern(value))
  return {
    principal: keyOf(found.principal),
    ...(actions && { actions: [...new Set(actions)] }),
    ...(actionTest !== undefined && { actionTest }),
    resource: keyOf(found.resource),
  }
}

function isMembership({ entities, type, isEqual }: Test): boolean {
  return entities !== undefined && type === undefined && !isEqual
}

/** A condition without the test of its actions, for who knows that the action is or is in one of them. */
export function withoutActions(condition: LoweredExpr, { actionTest }: Scope): LoweredExpr {
  if (actionTest === undefined) return condition
  return {
    kind: 'and',
    span: condition.span,
    operands: operandsOf(condition).filter((operand) => operand !== actionTest),
  }
}

function operandsOf(condition: LoweredExpr): readonly LoweredExpr[] {
  return condition.kind === 'and' ? condition.operands : [condition]
}

const ANYTHING: ScopeKey = { id: ANY, kind: 'any' }

/** What a variable is tested for; without entities and type it is no limit. */
interface Test {
  readonly name: 'principal' | 'action' | 'resource'
  readonly entities?: readonly EntityUid[]
  readonly type?: string
  /** It must be the entity, and not something in it. */
  readonly isEqual?: boolean
  /** What comes after the test of the type can fail. */
  readonly mayFail?: boolean
}

function testOf(expr: LoweredExpr): Test | undefined {
  if (expr.kind === 'equal') {
    const [left, right] = isVariable(expr.left) ? [expr.left, expr.right] : [expr.right, expr.left]
    if (!isVariable(left) || right.kind !== 'constant') return undefined
    return { name: left.name, ...(isEntity(right.value) && { entities: [right.value], isEqual: true }) }
  }
  if (expr.kind !== 'in' && expr.kind !== 'is') return undefined
  const { operand, group } = expr
  if (!isVariable(operand)) return undefined
  const test: Test = { name: operand.name, ...(expr.kind === 'is' && { type: expr.type }) }
  if (group === undefined) return test
  const entities = group.right.kind === 'constant' ? entitiesOf(group.right.value) : undefined
  if (entities === undefined) return expr.kind === 'is' ? { ...test, mayFail: true } : undefined
  return group.globs.length > 0 ? test : { ...test, entities }
}

type EntityVariable = Extract<LoweredExpr, { kind: 'variable' }> & { readonly name: Test['name'] }

function isVariable(expr: LoweredExpr): expr is EntityVariable {
  return expr.kind === 'variable' && expr.name !== 'context'
}

/** The entities of the right side of an `in`; `undefined` where it makes the `in` fail. */
export function entitiesOf(value: Value): readonly EntityUid[] | undefined {
  if (isEntity(value)) return [value]
  if (typeof value !== 'object' || value.kind !== 'set') return undefined
  const entities = value.elements.filter(isEntity)
  return entities.length === value.elements.length ? entities : undefined
}

function isEntity(value: Value): value is EntityUid {
  return typeof value === 'object' && value.kind === 'entity'
}
