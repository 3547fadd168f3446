/** Whether rows are in the relations of an image, for who asks for many whole rows in one epoch. */
import type { Image } from './image.ts'
import { RowLookup } from './row-lookup.ts'
import { firstRow, searchBy } from './search.ts'

export class StoredRows {
  readonly #image: Image
  /** By predicate, of those with one column or two that were asked for. */
  readonly #lookups: (RowLookup | undefined)[] = []

  constructor(image: Image) {
    this.#image = image
  }

  /** To be called when the image was turned to another epoch. */
  turn(): void {
    // The number of a predicate may be another's from now on.
    this.#lookups.length = 0
  }

  /** Whether `row`, which has a value for each column, is there. */
  has(predicate: number, row: readonly number[]): boolean {
    if (row.length === 2) return this.#lookupOf(predicate, 2).row(row[0]!, row[1]!) >= 0
    if (row.length === 1) return this.#lookupOf(predicate, 1).has(row[0]!)
    const relation = this.#image.relations[predicate]!
    return firstRow(searchBy(relation, relation.indexes[0].key), row, relation.count) >= 0
  }

  #lookupOf(predicate: number, columns: 1 | 2): RowLookup {
    return (this.#lookups[predicate] ??= new RowLookup(this.#image.relations[predicate]!, columns))
  }
}
