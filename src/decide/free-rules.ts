/**
 * Deciding rules of a request in which the principal or the resource is open: where all that a rule says of that are its own
 * atoms of the request, it is evaluated once without them, and yields for which entities it decides. Other rules are asked
 * for one entity at a time, by who uses this. Spec: LANGUAGE section 4, "Request-time predicates".
 */
import type { ValueId } from '../image/value-ids.ts'
import { definedVariables } from '../program/defined.ts'
import { FREE } from '../program/demand.ts'
import { planBody, readsSome } from '../program/plan.ts'
import {
  type AtomLiteral,
  BUILTIN,
  type Constant,
  type Literal,
  type Operand,
  type PredicateId,
  type ReaderProgram,
  type Rule,
  type VariableRef,
} from '../program/program.ts'
import type { EntityUid, Value } from '../values/value.ts'
import type { Side } from './cedar/policy-index.ts'
import type { RuleEvaluation } from './stage.ts'

/** A request but for what is open, of which the type is known. */
export interface OpenRequest {
  readonly open: Side
  readonly type: string
  /** Whether the resource's type is a path type. */
  readonly isPath: boolean
  readonly principal: EntityUid
  readonly action: EntityUid
  readonly resource: EntityUid
}

/** For which entities rules hold, or fail. */
export interface Holding {
  readonly all: boolean
  /** Ids of ids, which are strings. */
  readonly ids: ReadonlySet<ValueId>
  readonly entities: ReadonlySet<ValueId>
}

/** What the rules of a head decide. */
export interface FreeAnswer {
  readonly derived: Holding
  readonly failed: Holding
}

/** What the rules of `head` decide; nothing where they have to be asked for one entity at a time. */
export function askFreely(
  { head, program, request }: { head: PredicateId; program: ReaderProgram; request: OpenRequest },
  derive: RuleEvaluation['derive'],
): FreeAnswer | undefined {
  const dependent = dependentOn(program, BASES[request.open])
  const freed: Freed[] = []
  for (const rule of program.rules) {
    if (rule.head !== head) continue
    const one = freeRule(rule, dependent, request)
    if (one === undefined) return undefined
    if (one !== 'never') freed.push(one)
  }
  const [derived, failed] = [createHolding(), createHolding()]
  for (const { rule, by } of freed) {
    const { rows, errors } = derive(rule)
    // What fails before it is known for which entity may fail for any; whether it does, the rule itself says.
    if (by !== undefined && errors.some((row) => row.at(-1) === FREE)) return undefined
    for (const row of rows) note(derived, by, row)
    for (const row of errors) note(failed, by, row)
  }
  return { derived, failed }
}

function createHolding() {
  return { all: false, ids: new Set<ValueId>(), entities: new Set<ValueId>() }
}

function note(holding: ReturnType<typeof createHolding>, by: Freed['by'], row: readonly ValueId[]): void {
  if (by === undefined) holding.all = true
  else holding[by].add(row.at(-1)!)
}

/** A rule without its atoms of what is open; what these hold stands in the last column of its head, if they hold something. */
interface Freed {
  readonly rule: Rule
  readonly by: 'ids' | 'entities' | undefined
}

const BASES: Readonly<Record<Side, ReadonlySet<PredicateId>>> = {
  principal: new Set([BUILTIN.principal1, BUILTIN.principal2, BUILTIN.request]),
  resource: new Set([BUILTIN.resource1, BUILTIN.resource2, BUILTIN.path, BUILTIN.request]),
}

/** `bases` and all predicates that depend on one of them. */
function dependentOn({ strata, predicates }: ReaderProgram, bases: ReadonlySet<PredicateId>): ReadonlySet<PredicateId> {
  const found = new Set(bases)
  const isFound = (predicate: PredicateId) => found.has(predicate)
  for (const stratum of strata) {
    const depends =
      stratum.rules.some(({ body }) => readsSome(body, isFound)) ||
      stratum.predicates.some((id) => isFound(predicates[id]?.unites ?? FREE))
    if (depends) for (const id of stratum.predicates) found.add(id)
  }
  return found
}

/** `rule` without its atoms of what is open; nothing where more of it depends on that. */
function freeRule(rule: Rule, dependent: ReadonlySet<PredicateId>, request: OpenRequest): Freed | 'never' | undefined {
  const body: Literal[] = []
  const subjects: { readonly by: 'ids' | 'entities'; readonly arg: VariableRef | Constant }[] = []
  for (const literal of rule.body) {
    if (literal.kind !== 'atom' || !BASES[request.open].has(literal.predicate)) {
      if (readsSome([literal], (predicate) => dependent.has(predicate))) return undefined
      body.push(literal)
      continue
    }
    if (literal.negated) return undefined
    if (literal.predicate === BUILTIN.path && !request.isPath) return 'never'
    const { by, subject, others } = takeApart(literal, request)
    for (const [arg, value] of others) if (arg.kind !== 'any') body.push(equal(arg, { kind: 'constant', value }))
    if (subject !== undefined && subject.kind !== 'any') subjects.push({ by, arg: subject })
  }
  const [first, ...others] = subjects
  if (first === undefined) return isFree(rule, rule.args, body) ? { rule: { ...rule, body }, by: undefined } : undefined
  for (const { by, arg } of others) {
    if (by !== first.by) return undefined
    body.push(equal(first.arg, arg))
  }
  const args = [...rule.args, first.arg]
  return isFree(rule, args, body) ? { rule: { ...rule, args, body }, by: first.by } : undefined
}

/** What an atom says of what is open, and of what is known. */
function takeApart({ predicate, args }: AtomLiteral, request: OpenRequest) {
  const others: (readonly [Operand, Value])[] = []
  if (predicate !== BUILTIN.request) {
    const [subject, type] = args
    if (type !== undefined) others.push([type, request.type])
    return { by: 'ids' as const, subject, others }
  }
  const names = ['principal', 'action', 'resource'] as const
  for (const [i, name] of names.entries()) {
    const arg = args[i]
    if (name !== request.open && arg !== undefined) others.push([arg, request[name]])
  }
  return { by: 'entities' as const, subject: args[names.indexOf(request.open)], others }
}

function equal(left: VariableRef | Constant, right: VariableRef | Constant): Literal {
  return { kind: 'compare', operator: '=', left, right }
}

/** Whether `body` binds all of `args`, and computes the same variables as the rule does. */
function isFree(rule: Rule, args: Rule['args'], body: readonly Literal[]): boolean {
  const defined = definedVariables({ ...rule, body })
  const before = definedVariables(rule)
  if (defined.size !== before.size || [...defined].some((variable) => !before.has(variable))) return false
  const { stuck, bound } = planBody(body, { defined })
  return stuck.length === 0 && args.every((arg) => arg.kind === 'constant' || bound.has(arg.variable))
}
