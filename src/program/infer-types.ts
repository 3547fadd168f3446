/**
 * The types of all columns, as the least fixpoint of what facts and rules put into them. A declared or built-in column has
 * the types that are said of it, whatever is put there: `check-types.ts` sees to it. Spec: LANGUAGE section 2, "Types".
 */
import { NOTHING, only, typeOf, union } from './column-types.ts'
import type { PredicateDraft } from './predicate-table.ts'
import type { ColumnType, PredicateId } from './program.ts'
import { type RuleDraft, readsOf, stepsOf } from './rule-draft.ts'
import { type TypeSource, typesOfBody } from './rule-types.ts'
import type { Components } from './strata.ts'

/** By predicate and column. */
export type ColumnTypes = readonly ColumnType[][]

/** The types of all columns. */
export function inferTypes(components: Components, drafts: readonly PredicateDraft[]): ColumnTypes {
  const columns = drafts.map((draft) => draft.columns.map((column) => fixedType(column) ?? column.known))
  const source = typeSource(columns)
  for (const component of components.all) {
    const rules = component.flatMap((predicate) => components.rulesOf[predicate] ?? [])
    if (rules.length > 0) inferComponent(rules, columns, drafts, source)
  }
  return columns
}

/** What typing a rule asks. */
export function typeSource(columns: ColumnTypes): TypeSource {
  return { columnType: (predicate, column) => columns[predicate]?.[column] ?? NOTHING }
}

/** The types of the head's columns, as the body gives them. */
export function headTypes(rule: RuleDraft, source: TypeSource): ColumnType[] {
  const types = typesOfBody(rule.body, source, new Map(), stepsOf(rule))
  return rule.args.map((arg) =>
    arg.kind === 'constant' ? only(typeOf(arg.value)) : (types.get(arg.variable) ?? 'any'),
  )
}

/** The types that are said of a column. */
export function fixedType({ declared, bound }: PredicateDraft['columns'][number]): ColumnType | undefined {
  return declared ?? bound
}

function inferComponent(
  rules: readonly RuleDraft[],
  columns: ColumnTypes,
  drafts: readonly PredicateDraft[],
  source: TypeSource,
): void {
  const readers = new Map<PredicateId, Set<RuleDraft>>(rules.map(({ head }) => [head, new Set()]))
  for (const rule of rules) for (const { predicate } of readsOf(rule)) readers.get(predicate)?.add(rule)
  const queue = new Set(rules)
  // A set keeps the order in which rules were added, and its iterator sees those that are added later.
  for (const rule of queue) {
    queue.delete(rule)
    const own = columns[rule.head] ?? []
    if (drafts[rule.head]?.columns.every((column) => fixedType(column) !== undefined)) continue
    let changed = false
    for (const [i, type] of headTypes(rule, source).entries()) {
      const column = drafts[rule.head]?.columns[i]
      if (!column || fixedType(column) !== undefined) continue
      const all = union(own[i] ?? NOTHING, type)
      changed ||= all !== own[i]
      own[i] = all
    }
    if (changed) for (const reader of readers.get(rule.head) ?? []) queue.add(reader)
  }
}
