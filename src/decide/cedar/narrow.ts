/**
 * Which entities a condition can be true of, as far as it can be looked up: one that it names or what is in it, or those
 * with an attribute that it compares with a constant. What is not understood here may be true of any.
 */
import type { Source } from '../../image/entity-lists.ts'
import { TRUE, type Values } from '../../image/value-ids.ts'
import type { LoweredExpr } from '../../program/lowered.ts'
import type { Side } from './policy-index.ts'
import { entitiesOf } from './scope.ts'

/** What leads to all entities in the `open` place for which `condition` can be true; nothing where these can be any. */
export function sourcesOf(condition: LoweredExpr, open: Side, values: Values): readonly Source[] | undefined {
  const isOpen = (expr: LoweredExpr) => expr.kind === 'variable' && expr.name === open
  switch (condition.kind) {
    case 'constant':
      return condition.value === true ? undefined : []
    case 'and':
      return fewest(condition.operands.map((operand) => sourcesOf(operand, open, values)))
    case 'or': {
      const all = condition.operands.map((operand) => sourcesOf(operand, open, values))
      return all.includes(undefined) ? undefined : all.flatMap((sources) => sources ?? [])
    }
    case 'equal': {
      const { left, right } = condition
      const [side, other] = right.kind === 'constant' ? [left, right] : [right, left]
      if (other.kind !== 'constant') return undefined
      const value = values.intern(other.value)
      if (side.kind === 'get' && isOpen(side.operand)) {
        return [{ kind: 'attribute', key: values.string(side.attribute), value }]
      }
      return isOpen(side) ? entitiesOf(other.value) && [{ kind: 'below', entity: value }] : undefined
    }
    case 'get':
      return isOpen(condition.operand)
        ? [{ kind: 'attribute', key: values.string(condition.attribute), value: TRUE }]
        : undefined
    case 'in':
    case 'is': {
      const { operand, group } = condition
      if (group === undefined || group.globs.length > 0 || !isOpen(operand)) return undefined
      const named = group.right.kind === 'constant' ? entitiesOf(group.right.value) : undefined
      return named?.map((entity) => ({ kind: 'below', entity: values.intern(entity) }))
    }
    default:
      return undefined
  }
}

/** Those that are likely to lead to the fewest entities: attributes lead to fewer than groups do. */
function fewest(all: readonly (readonly Source[] | undefined)[]): readonly Source[] | undefined {
  const some = all.filter((sources) => sources !== undefined)
  return some.find((sources) => sources.every(({ kind }) => kind === 'attribute')) ?? some[0]
}
