/**
 * Which entities a condition can be true of, as far as it can be looked up: one that it names or what is in it, those with an
 * attribute that it compares with a constant, or those in facts. What is not understood here may be true of any.
 */
import type { Source } from '../../image/entity-lists.ts'
import { TRUE, type ValueId, type Values } from '../../image/value-ids.ts'
import type { LoweredExpr } from '../../program/lowered.ts'
import type { PredicateId } from '../../program/program.ts'
import type { Side } from './policy-index.ts'
import { entitiesOf } from './scope.ts'

/** How what leads to entities is looked for. */
export interface Narrowing {
  readonly open: Side
  /** Those of the request. */
  readonly values: Values
  /** Whether all rows of a predicate are in the image. */
  readonly isMaterialized: (predicate: PredicateId) => boolean
}

type Sources = readonly Source[] | undefined

/** What leads to all entities in the open place for which `condition` can be true; nothing where these can be any. */
export function sourcesOf(condition: LoweredExpr, narrowing: Narrowing): Sources {
  const { values } = narrowing
  switch (condition.kind) {
    case 'constant':
      return condition.value === true ? undefined : []
    case 'and':
      return fewest(condition.operands.map((operand) => sourcesOf(operand, narrowing)))
    case 'or': {
      const all = condition.operands.map((operand) => sourcesOf(operand, narrowing))
      return all.includes(undefined) ? undefined : all.flatMap((sources) => sources ?? [])
    }
    case 'equal':
      return ofEqual(condition, narrowing)
    case 'get':
      return isOpen(condition.operand, narrowing)
        ? [{ kind: 'attribute', key: values.string(condition.attribute), value: TRUE }]
        : undefined
    case 'in':
    case 'is': {
      const { operand, group } = condition
      if (group === undefined || group.globs.length > 0 || !isOpen(operand, narrowing)) return undefined
      const named = group.right.kind === 'constant' ? entitiesOf(group.right.value) : undefined
      return named?.map((entity) => ({ kind: 'below', entity: values.intern(entity) }))
    }
    case 'probe':
      return ofProbe(condition, narrowing)
    default:
      return undefined
  }
}

type Of<Kind extends LoweredExpr['kind']> = Extract<LoweredExpr, { kind: Kind }>

function isOpen(expr: LoweredExpr, { open }: Narrowing): boolean {
  return expr.kind === 'variable' && expr.name === open
}

function ofEqual({ left, right }: Of<'equal'>, narrowing: Narrowing): Sources {
  const { values } = narrowing
  const [side, other] = right.kind === 'constant' ? [left, right] : [right, left]
  if (other.kind !== 'constant') return undefined
  const value = values.intern(other.value)
  if (side.kind === 'get' && isOpen(side.operand, narrowing)) {
    return [{ kind: 'attribute', key: values.string(side.attribute), value }]
  }
  return isOpen(side, narrowing) ? entitiesOf(other.value) && [{ kind: 'below', entity: value }] : undefined
}

/** `contains` of facts: rows in which the entity stands, by what else of them is known. */
function ofProbe({ facts, method, arg }: Of<'probe'>, narrowing: Narrowing): Sources {
  if (method !== 'contains' || arg === undefined || !narrowing.isMaterialized(facts.predicate)) return undefined
  const parts: (readonly [column: number, value: LoweredExpr])[] =
    facts.arity === 1
      ? [[0, arg]]
      : arg.kind === 'record'
        ? arg.entries.map(({ key, value }) => [facts.keys.indexOf(key), value])
        : []
  const column = parts.find(([, value]) => isOpen(value, narrowing))?.[0] ?? NOWHERE
  if (column === NOWHERE || parts.some(([other]) => other === NOWHERE)) return undefined
  const given = parts.flatMap(([other, value]): (readonly [number, ValueId])[] =>
    value.kind === 'constant' ? [[other, narrowing.values.intern(value.value)]] : [],
  )
  return [{ kind: 'fact', predicate: facts.predicate, column, given: given.sort(([a], [b]) => a - b) }]
}

const NOWHERE = -1

/** Those that are likely to lead to the fewest entities: facts and attributes lead to fewer than groups do. */
function fewest(all: readonly Sources[]): Sources {
  const some = all.filter((sources) => sources !== undefined)
  return some.find((sources) => sources.every(({ kind }) => kind !== 'below')) ?? some[0]
}
