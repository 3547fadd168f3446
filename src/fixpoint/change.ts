/**
 * Changes of the facts of an image that is complete: facts are inserted and removed, and the strata that depend on what
 * changed are derived anew; what comes out the same ends the spreading. A change can be undone until it is published.
 * Rows of predicates without rules, and of ancestors, are appended and marked in place, all others get a new relation.
 */
import { ATTRIBUTE, TAG } from '../image/entity-cells.ts'
import type { Image } from '../image/image.ts'
import {
  copyRows,
  findRow,
  insert,
  isGone,
  markGone,
  type Relation,
  reserve,
  rowCount,
  rowsOf,
  takeBack,
  tupleAt,
  unmarkGone,
} from '../image/relation.ts'
import { copyTuple, eachTuple, type Tuples } from '../image/tuples.ts'
import type { ValueId } from '../image/value-ids.ts'
import { BUILTIN, type PredicateId, type Program } from '../program/program.ts'
import { ancestorChange, isOfAncestors } from './ancestors.ts'
import { type Dependents, dependentsOf } from './dependents.ts'
import { createEvaluation, type Evaluation } from './fixpoint.ts'
import { checkRows } from './run.ts'

/** What to change of one predicate's facts. Removals come first; what is not there needs no removing. */
export interface FactChange {
  readonly remove: Tuples
  readonly insert: Tuples
}

export interface Change {
  /** Predicates whose rows differ from before; of each, the first row that is new, if any is. */
  readonly changed: ReadonlyMap<PredicateId, number>
  /** Puts everything back. Only before it is published. */
  undo(): void
}

/**
 * Applies `facts` and derives what follows. `epoch` is the one that is written: it dates the deaths of rows. Throws a
 * `RuneError` where a derivation fails or a limit is reached; all is then as before.
 */
export function changeFacts(
  program: Program,
  image: Image,
  facts: ReadonlyMap<PredicateId, FactChange>,
  epoch: number,
  dependents: Dependents = dependentsOf(program),
): Change {
  const undos: (() => void)[] = []
  const undo = () => {
    for (const step of undos.splice(0).reverse()) step()
  }
  try {
    const changed = new Map<PredicateId, number>()
    const isDue = new Uint8Array(dependents.strata.length)
    apply({ program, image, epoch, undos, dependents, changed, isDue }, facts)
    return { changed, undo }
  } catch (error) {
    undo()
    throw error
  }
}

interface Work {
  readonly program: Program
  readonly image: Image
  readonly epoch: number
  readonly undos: (() => void)[]
  readonly dependents: Dependents
  readonly changed: Map<PredicateId, number>
  /** By stratum, whether it has to be derived anew: something that it reads has changed, or its facts. */
  readonly isDue: Uint8Array
}

function apply(work: Work, facts: ReadonlyMap<PredicateId, FactChange>): void {
  const { program, image, dependents, isDue } = work
  const { strata } = dependents
  for (const [predicate, change] of facts) {
    const maker = dependents.makers.get(predicate)
    if (maker === undefined) changeInPlace(work, predicate, change)
    else isDue[maker] = 1
  }
  let evaluation: Evaluation | undefined
  for (let place = 0; place < strata.length; place++) {
    if (isDue[place] === 0) continue
    const stratum = strata[place]!
    const above = isOfAncestors(stratum) ? newAncestors(work, facts) : undefined
    if (above) {
      const rows = rowCount(image.relations[BUILTIN.entityAncestor]!)
      changeInPlace(work, BUILTIN.entityAncestor, above)
      evaluation?.discount(rows - rowCount(image.relations[BUILTIN.entityAncestor]!))
      continue
    }
    evaluation ??= createEvaluation(program, image)
    const before = stratum.predicates.map((predicate) => startAnew(work, predicate, facts.get(predicate)))
    for (const [i, predicate] of stratum.predicates.entries()) {
      evaluation.discount(rowCount(before[i]!.relation) - rowCount(image.relations[predicate]!))
    }
    evaluation.evaluate(stratum)
    stratum.predicates.forEach((predicate, i) => {
      const old = before[i]!
      if (isSame(old.relation, image.relations[predicate]!) && isSame(old.replaced, image.replaced.get(predicate))) {
        old.putBack()
      } else noteChange(work, predicate, 0)
    })
  }
  if (!evaluation) checkRows(program, image)
}

/** Notes the first row of a predicate that is new, and that its readers are due. */
function noteChange({ changed, dependents, isDue }: Work, predicate: PredicateId, first: number): void {
  changed.set(predicate, first)
  for (const place of dependents.readers.get(predicate) ?? []) isDue[place] = 1
}

/** What becomes of the ancestors, if that need not be derived. */
function newAncestors(work: Work, facts: ReadonlyMap<PredicateId, FactChange>): FactChange | undefined {
  const { program, image } = work
  const parents = facts.get(BUILTIN.entityParent)
  if (!parents || isMade(work, BUILTIN.entityParent)) return undefined
  const children = new Set<ValueId>()
  for (const { count, words } of [parents.remove, parents.insert]) {
    for (let i = 0; i < count; i++) children.add(words[2 * i]!)
  }
  return ancestorChange(image, children, program.settings.limits.maxIterations)
}

/** Whether the predicate's relation is made anew when it changes. */
function isMade({ dependents }: Work, predicate: PredicateId): boolean {
  return dependents.makers.has(predicate)
}

/** Appends and marks, and notes it where anything changed. */
function changeInPlace(work: Work, predicate: PredicateId, change: FactChange): void {
  const { image, epoch, undos } = work
  const relation = image.relations[predicate]!
  const { count } = relation
  const isBase = !isMade(work, predicate)
  const settle = () => {
    if (isBase) relation.baseCount = relation.count
  }
  const gone: number[] = []
  // Before anything is appended, so that what is undone was never half in the arena.
  reserve(relation, change.insert.count)
  undos.push(() => {
    takeBack(relation, count)
    settle()
    for (const row of gone) unmarkGone(relation, row)
  })
  if (relation.deaths === undefined) relation.deathBase = epoch - 1
  const tuple = new Uint32Array(relation.arity)
  for (let i = 0; i < change.remove.count; i++) {
    copyTuple(change.remove, i, tuple)
    const row = findRow(relation, tuple)
    if (row < 0) continue
    markGone(relation, row, epoch - relation.deathBase)
    markCell(image, predicate, tuple)
    gone.push(row)
  }
  for (let i = 0; i < change.insert.count; i++) {
    copyTuple(change.insert, i, tuple)
    if (insert(relation, tuple)) markCell(image, predicate, tuple)
  }
  settle()
  if (gone.length > 0 || relation.count > count) noteChange(work, predicate, count)
}

/** The cell of an attribute or a tag is not right any more; where the change is undone, the row is found without it. */
function markCell({ cells }: Image, predicate: PredicateId, tuple: Uint32Array): void {
  if (predicate === BUILTIN.entityAttr) cells.mark(tuple[0]!, tuple[1]!, ATTRIBUTE)
  else if (predicate === BUILTIN.entityTag) cells.mark(tuple[0]!, tuple[1]!, TAG)
}

interface Before {
  readonly relation: Relation
  readonly replaced: Relation | undefined
  putBack(): void
}

/** Puts a relation with the facts alone in the place of a derived one. */
function startAnew({ image, undos }: Work, predicate: PredicateId, change?: FactChange): Before {
  const relation = image.relations[predicate]!
  const replaced = image.replaced.get(predicate)
  const putBack = () => {
    image.relations[predicate] = relation
    if (replaced) image.replaced.set(predicate, replaced)
    else image.replaced.delete(predicate)
  }
  undos.push(putBack)
  const removed = new Set<string>()
  for (const tuple of change ? eachTuple(change.remove) : []) removed.add(tuple.join())
  const isRemoved = (of: Relation, row: number) => removed.size > 0 && removed.has(tupleAt(of, row).join())
  const fresh = copyRows(relation, (row) => row < relation.baseCount && !isRemoved(relation, row), [])
  for (const tuple of replaced ? rowsOf(replaced) : []) if (!removed.has(tuple.join())) insert(fresh, tuple)
  for (const tuple of change ? eachTuple(change.insert) : []) insert(fresh, tuple)
  fresh.baseCount = fresh.count
  image.relations[predicate] = fresh
  image.replaced.delete(predicate)
  return { relation, replaced, putBack }
}

/** The same rows, and the same of them facts. */
function isSame(a: Relation | undefined, b: Relation | undefined): boolean {
  if (!a || !b) return (a ? rowCount(a) : 0) === (b ? rowCount(b) : 0)
  if (rowCount(a) !== rowCount(b)) return false
  const tuple = new Uint32Array(a.arity)
  for (let row = 0; row < a.count; row++) {
    if (isGone(a, row)) continue
    for (let i = 0; i < tuple.length; i++) tuple[i] = a.columns[i]![row]!
    const other = findRow(b, tuple)
    if (other < 0 || isFact(b, other) !== isFact(a, row)) return false
  }
  return true
}

function isFact(relation: Relation, row: number): boolean {
  return row < relation.baseCount
}
