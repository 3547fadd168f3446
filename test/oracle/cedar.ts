/**
 * Cedar, as its specification reads: a tree walk over policy ASTs that throws where Cedar has an error, and the authorizer.
 * It evaluates every policy and forgets everything between two requests; nothing of `src` runs here. With `globs` it also
 * knows the glob groups of LANGUAGE section 5, by their formal definition.
 */
import type { ActionConstraint, Expr, Policy, ScopeConstraint, ScopeEntity, Slot } from '../../src/syntax/cedar/ast.ts'
import type { EntityUid, Value } from '../../src/values/value.ts'
import { CedarError, callExtension, long } from './cedar-extensions.ts'
import { globMatches, isGlob, likeMatches, unescapeGlob } from './glob.ts'
import { entityKey, valueKey } from './value-key.ts'

export interface Entity {
  readonly uid: EntityUid
  readonly attrs: ReadonlyMap<string, Value>
  readonly parents: readonly EntityUid[]
  readonly tags: ReadonlyMap<string, Value>
}

/** By `entityKey`. */
export type Entities = ReadonlyMap<string, Entity>

export interface Request {
  readonly principal: EntityUid
  readonly action: EntityUid
  readonly resource: EntityUid
  readonly context: ReadonlyMap<string, Value>
}

export interface Environment extends Request {
  readonly entities: Entities
  readonly globs?: boolean
}

/** A static policy, or a template with the values of its slots; a template without them is linked to nothing. */
export interface NamedPolicy {
  readonly id: string
  readonly policy: Policy
  readonly slots?: Slots
}

export type Slots = ReadonlyMap<Slot, EntityUid>

export interface Answer {
  readonly decision: 'allow' | 'deny'
  readonly reason: ReadonlySet<string>
  readonly errors: ReadonlySet<string>
}

/** Cedar's answer: forbid overrides permit, policies that fail are skipped and listed. */
export function authorize(input: {
  readonly policies: readonly NamedPolicy[]
  readonly request: Request
  readonly entities: Entities
  readonly globs?: boolean
}): Answer {
  const environment = { ...input.request, entities: input.entities, globs: input.globs ?? false }
  const satisfied = { permit: new Set<string>(), forbid: new Set<string>() }
  const errors = new Set<string>()
  for (const { id, policy, slots } of input.policies) {
    if (slots === undefined && isTemplate(policy)) continue
    try {
      if (isSatisfied(policy, slots ?? new Map(), environment)) satisfied[policy.effect].add(id)
    } catch (error) {
      if (!(error instanceof CedarError)) throw error
      errors.add(id)
    }
  }
  if (satisfied.forbid.size > 0) return { decision: 'deny', reason: satisfied.forbid, errors }
  return { decision: satisfied.permit.size > 0 ? 'allow' : 'deny', reason: satisfied.permit, errors }
}

/** Whether a slot stands in the scope of `policy`. */
export function isTemplate(policy: Policy): boolean {
  return [policy.principal, policy.resource].some((scope) => {
    const entity = scope.kind === 'any' ? undefined : scope.kind === 'is' ? scope.in : scope.entity
    return entity?.kind === 'slot'
  })
}

/** Whether scope and conditions hold; throws `CedarError`. */
export function isSatisfied(policy: Policy, slots: Slots, environment: Environment): boolean {
  return (
    scopeHolds(policy.principal, environment.principal, slots, environment) &&
    actionHolds(policy.action, environment) &&
    scopeHolds(policy.resource, environment.resource, slots, environment) &&
    policy.conditions.every(({ kind, body }) => bool(evaluate(body, environment)) === (kind === 'when'))
  )
}

function scopeHolds(scope: ScopeConstraint, uid: EntityUid, slots: Slots, environment: Environment): boolean {
  const value = (entity: ScopeEntity): EntityUid => {
    const found = entity.kind === 'slot' ? slots.get(entity.slot) : entity.uid
    if (found === undefined) throw new Error('a slot without a value')
    return found
  }
  switch (scope.kind) {
    case 'any':
      return true
    case 'eq':
      return valueKey(uid) === valueKey(literal(value(scope.entity), environment))
    case 'in':
      return isIn(uid, written(value(scope.entity), environment), environment)
    case 'is':
      if (uid.type !== scope.type) return false
      return scope.in === undefined || isIn(uid, written(value(scope.in), environment), environment)
  }
}

function actionHolds(scope: ActionConstraint, environment: Environment): boolean {
  switch (scope.kind) {
    case 'any':
      return true
    case 'eq':
      return valueKey(environment.action) === valueKey(literal(scope.entity.uid, environment))
    case 'in':
      return scope.entities.some(({ uid }) => isIn(environment.action, written(uid, environment), environment))
  }
}

/** The value of `expr`; throws `CedarError`. */
export function evaluate(expr: Expr, environment: Environment): Value {
  const value = (e: Expr): Value => evaluate(e, environment)
  switch (expr.kind) {
    case 'literal':
      return expr.value
    case 'entity':
      return literal(expr.uid, environment)
    case 'variable':
      return expr.name === 'context' ? { kind: 'record', fields: environment.context } : environment[expr.name]
    case 'not':
      return !bool(value(expr.operand))
    case 'negate':
      return long(-number(value(expr.operand)))
    case 'binary':
      return binary(expr, environment)
    case 'if':
      return bool(value(expr.test)) ? value(expr.then) : value(expr.else)
    case 'is': {
      const uid = entity(value(expr.operand))
      return uid.type === expr.type && (expr.in === undefined || isInValue(uid, expr.in, environment))
    }
    case 'has':
      return has(value(expr.operand), expr.attributes, environment)
    case 'like':
      return likeMatches(string(value(expr.operand)), expr.pattern)
    case 'get': {
      const owner = value(expr.operand)
      if (fields(owner, environment) === undefined) throw new CedarError('the entity does not exist')
      return fields(owner, environment)?.get(expr.attribute) ?? fail(`no attribute ${expr.attribute}`)
    }
    case 'set':
      return { kind: 'set', elements: expr.elements.map(value) }
    case 'record':
      return { kind: 'record', fields: new Map(expr.entries.map((entry) => [entry.key, value(entry.value)])) }
    case 'method':
      return method(expr.method, [expr.receiver, ...expr.args].map(value), environment)
    case 'extension':
      return callExtension(expr.name, expr.args.map(value))
  }
}

function binary(expr: Extract<Expr, { kind: 'binary' }>, environment: Environment): Value {
  const left = evaluate(expr.left, environment)
  if (expr.operator === '&&') return bool(left) && bool(evaluate(expr.right, environment))
  if (expr.operator === '||') return bool(left) || bool(evaluate(expr.right, environment))
  if (expr.operator === 'in') return isInValue(entity(left), expr.right, environment)
  const right = evaluate(expr.right, environment)
  switch (expr.operator) {
    case '==':
      return valueKey(left) === valueKey(right)
    case '!=':
      return valueKey(left) !== valueKey(right)
    case '+':
      return long(number(left) + number(right))
    case '-':
      return long(number(left) - number(right))
    case '*':
      return long(number(left) * number(right))
  }
  const [a, b] = [ordered(left), ordered(right)]
  if (a.kind !== b.kind) throw new CedarError(`expected ${a.kind}, got ${b.kind}`)
  switch (expr.operator) {
    case '<':
      return a.value < b.value
    case '<=':
      return a.value <= b.value
    case '>':
      return a.value > b.value
    case '>=':
      return a.value >= b.value
  }
}

function method(name: string, values: readonly Value[], environment: Environment): Value {
  const [receiver, arg] = values
  if (receiver === undefined || values.length !== (name === 'isEmpty' ? 1 : 2)) throw new CedarError('wrong arity')
  if (name === 'hasTag' || name === 'getTag') {
    const tags = environment.entities.get(entityKey(entity(receiver)))?.tags
    const tag = string(arg)
    return name === 'hasTag' ? (tags?.has(tag) ?? false) : (tags?.get(tag) ?? fail(`no tag ${tag}`))
  }
  const holds = (element: Value): boolean => set(receiver).some((other) => valueKey(other) === valueKey(element))
  switch (name) {
    case 'isEmpty':
      return set(receiver).length === 0
    case 'contains':
      return set(receiver) && arg !== undefined && holds(arg)
    case 'containsAll':
      return set(receiver) && set(arg).every(holds)
    case 'containsAny':
      return set(receiver) && set(arg).some(holds)
    default:
      throw new Error(`unknown method ${name}`)
  }
}

/** `e has a.b` is `e has a && e.a has b`. */
function has(owner: Value, [first, ...rest]: readonly string[], environment: Environment): boolean {
  if (first === undefined) return true
  const found = fields(owner, environment)?.get(first)
  return found !== undefined && (rest.length === 0 || has(found, rest, environment))
}

/** Attributes of an entity or fields of a record; `undefined` for an entity that does not exist. */
function fields(owner: Value, environment: Environment): ReadonlyMap<string, Value> | undefined {
  if (typeof owner === 'object' && owner.kind === 'record') return owner.fields
  return environment.entities.get(entityKey(entity(owner)))?.attrs
}

/** What stands to the right of `in`: an entity, or a glob that names the entities of its type whose ids match. */
interface Group {
  readonly uid: EntityUid
  readonly glob: boolean
}

/** The group that a literal names. */
function written(uid: EntityUid, environment: Environment): Group {
  const glob = environment.globs === true && isGlob(uid.id)
  return { uid: glob ? uid : literal(uid, environment), glob }
}

/** `uid in e`, where the value of `e` is an entity or a set of entities. */
function isInValue(uid: EntityUid, right: Expr, environment: Environment): boolean {
  const group = (e: Expr): Group =>
    e.kind === 'entity' ? written(e.uid, environment) : { uid: entity(evaluate(e, environment)), glob: false }
  if (right.kind === 'set') return right.elements.map(group).some((one) => isIn(uid, one, environment))
  if (right.kind === 'entity') return isIn(uid, group(right), environment)
  const value = evaluate(right, environment)
  const uids = typeof value === 'object' && value.kind === 'set' ? value.elements.map(entity) : [entity(value)]
  return uids.some((one) => isIn(uid, { uid: one, glob: false }, environment))
}

/**
 * Whether `uid` is the group or below it, as an edge after an edge of the store leads. If the group is a glob, those
 * entities of the store and the request that it matches have one more edge, to it.
 */
function isIn(uid: EntityUid, group: Group, environment: Environment): boolean {
  const requested = [environment.principal, environment.action, environment.resource].map(entityKey)
  const seen = new Set<string>()
  const queue = [uid]
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const key = entityKey(next)
    if (key === entityKey(group.uid)) return true
    if (seen.has(key)) continue
    seen.add(key)
    const known = environment.entities.has(key) || requested.includes(key)
    if (group.glob && known && next.type === group.uid.type && globMatches(group.uid.id, next.id)) return true
    queue.push(...(environment.entities.get(key)?.parents ?? []))
  }
  return false
}

/** The entity that a literal outside of `in` names. */
function literal(uid: EntityUid, environment: Environment): EntityUid {
  return environment.globs === true ? { ...uid, id: unescapeGlob(uid.id) } : uid
}

function bool(value: Value): boolean {
  return typeof value === 'boolean' ? value : fail('expected bool')
}

function number(value: Value): bigint {
  return typeof value === 'bigint' ? value : fail('expected long')
}

function string(value: Value | undefined): string {
  return typeof value === 'string' ? value : fail('expected string')
}

function entity(value: Value): EntityUid {
  return typeof value === 'object' && value.kind === 'entity' ? value : fail('expected entity')
}

function set(value: Value | undefined): readonly Value[] {
  return typeof value === 'object' && value.kind === 'set' ? value.elements : fail('expected set')
}

function ordered(value: Value): { kind: string; value: bigint } {
  if (typeof value === 'bigint') return { kind: 'long', value }
  return typeof value === 'object' && (value.kind === 'datetime' || value.kind === 'duration')
    ? value
    : fail('no order')
}

function fail(message: string): never {
  throw new CedarError(message)
}
