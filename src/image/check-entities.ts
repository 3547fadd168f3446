/**
 * What must hold of the entity store once all is derived: no cycle of parents, one value for each attribute and tag. Rules
 * with `entity.*` heads can break it, so it is looked at after the fixpoint. Spec: LANGUAGE section 5.
 */
import { BUILTIN, type PredicateId, type Program } from '../program/program.ts'
import type { Diagnostics } from '../text/diagnostic.ts'
import type { Span } from '../text/source.ts'
import { printBriefly } from '../values/print.ts'
import type { EntityUid } from '../values/value.ts'
import type { Image } from './image.ts'
import { isGone } from './relation.ts'
import { nextRow, searchBy } from './search.ts'
import type { ValueId } from './value-ids.ts'

/**
 * Reports each cycle of parents and each attribute or tag with two values. Where `changed` is given, all rows were checked
 * before, but for those of its predicates from the one on that it says.
 */
export function checkEntities(
  program: Program,
  image: Image,
  diagnostics: Diagnostics,
  changed?: ReadonlyMap<PredicateId, number>,
): void {
  const { relations, values } = image
  const show = (id: ValueId) => printBriefly(values.valueOf(id))
  const firstNew = (predicate: PredicateId) => (changed ? (changed.get(predicate) ?? Number.POSITIVE_INFINITY) : 0)
  const ancestors = relations[BUILTIN.entityAncestor]!
  for (let row = firstNew(BUILTIN.entityAncestor); row < ancestors.count; row++) {
    const entity = ancestors.columns[0]![row]!
    if (entity !== ancestors.columns[1]![row] || isGone(ancestors, row)) continue
    diagnostics.error(
      'R410',
      `entity \`${show(entity)}\` is its own ancestor`,
      placeOf(program, BUILTIN.entityParent, values.uidOf(entity)),
    )
    break
  }
  for (const [predicate, what] of [
    [BUILTIN.entityAttr, 'attribute'],
    [BUILTIN.entityTag, 'tag'],
  ] as const) {
    const relation = relations[predicate]!
    const first = firstNew(predicate)
    if (first >= relation.count) continue
    const search = searchBy(relation, [0, 1])
    const [entities, keys, held] = relation.columns
    for (let row = first; row < relation.count; row++) {
      if (isGone(relation, row)) continue
      const older = nextRow(search, [entities![row]!, keys![row]!], row)
      if (older < 0) continue
      const both = `${show(held![older]!)}\` and \`${show(held![row]!)}`
      const message = `${what} \`${values.textOf(keys![row]!)}\` of \`${show(entities![row]!)}\` has two values, \`${both}\``
      diagnostics.error('R411', message, placeOf(program, predicate, values.uidOf(entities![row]!)))
    }
  }
}

/** Of what says something of the entity: a rule for it, any rule that adds to the predicate, or the entity as written. */
function placeOf(program: Program, predicate: PredicateId, { type, id }: EntityUid): Span | undefined {
  const rules = program.rules.filter(({ head, span }) => head === predicate && span)
  const own = rules.find(({ args: [entity] }) => {
    const value = entity?.kind === 'constant' ? entity.value : undefined
    return typeof value === 'object' && value.kind === 'entity' && value.type === type && value.id === id
  })
  const open = rules.find(({ args: [entity] }) => entity?.kind === 'variable')
  return (own ?? open)?.span ?? program.entities.find(({ uid }) => uid.type === type && uid.id === id)?.span
}
