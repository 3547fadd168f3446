/**
 * Warns about policies that no request can satisfy. Says only what is certain from the conjuncts alone; what a schema adds
 * to that is the validator's. Spec: LANGUAGE section 6.
 */
import type { Diagnostics } from '../text/diagnostic.ts'
import type { EntityUid } from '../values/value.ts'
import type { LoweredExpr } from './lowered.ts'

/** Warns if `operands`, the conjuncts of the policy `id`, cannot all hold. */
export function warnIfNeverSatisfied(id: string, operands: readonly LoweredExpr[], diagnostics: Diagnostics): void {
  const known = new Map<string, Known>()
  for (const operand of operands) {
    const why = contradiction(operand, known)
    if (why === undefined) continue
    diagnostics.warning('R470', `the policy \`${id}\` is never satisfied: ${why}`, operand.span)
    return
  }
}

/** What the conjuncts so far say about a variable. */
interface Known {
  readonly type: string
  readonly id?: string
}

function contradiction(operand: LoweredExpr, known: Map<string, Known>): string | undefined {
  if (operand.kind === 'constant') return operand.value === true ? undefined : 'this is never true'
  if (operand.kind === 'in' && isEmptySet(operand.group.right)) return 'nothing is in an empty set'
  const claim = claimOf(operand)
  if (claim === undefined) return undefined
  const { variable, says } = claim
  if (says === undefined) return `\`${variable}\` is an entity`
  const before = known.get(variable)
  known.set(variable, { ...before, ...says })
  if (before === undefined) return undefined
  if (before.type !== says.type) return `\`${variable}\` cannot be a \`${before.type}\` and a \`${says.type}\``
  if (before.id !== undefined && says.id !== undefined && before.id !== says.id)
    return `\`${variable}\` cannot be two entities`
  return undefined
}

/** What `operand` says about the type, and perhaps the id, of a variable; `says` is absent if that is no entity. */
function claimOf(operand: LoweredExpr): { readonly variable: string; readonly says: Known | undefined } | undefined {
  if (operand.kind === 'is' && operand.operand.kind === 'variable' && operand.operand.name !== 'context') {
    return { variable: operand.operand.name, says: { type: operand.type } }
  }
  if (operand.kind !== 'equal') return undefined
  const { left, right } = operand
  const [variable, constant] = left.kind === 'variable' ? [left, right] : [right, left]
  if (variable.kind !== 'variable' || variable.name === 'context' || constant.kind !== 'constant') return undefined
  const { value } = constant
  return { variable: variable.name, says: isEntity(value) ? { type: value.type, id: value.id } : undefined }
}

function isEntity(value: unknown): value is EntityUid {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'entity'
}

function isEmptySet(expr: LoweredExpr): boolean {
  if (expr.kind === 'set') return expr.elements.length === 0
  return (
    expr.kind === 'constant' &&
    typeof expr.value === 'object' &&
    expr.value.kind === 'set' &&
    expr.value.elements.length === 0
  )
}
