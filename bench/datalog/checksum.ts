/** What two evaluations of one program are compared by: how many rows there are, and a sum over their values. */

export interface Summary {
  readonly rows: number
  /** The same for the same rows in any order. */
  readonly checksum: number
}

/** Of rows whose columns hold numbers; `textOf` yields the values that the numbers of each column stand for, as texts. */
export function summarise(
  columns: readonly ArrayLike<number>[],
  rows: number,
  textOf: readonly ((n: number) => string)[],
): Summary {
  const hashes = columns.map(() => new Map<number, number>())
  const hashOf = (column: number, n: number): number => {
    const known = hashes[column]!.get(n)
    if (known !== undefined) return known
    const hash = hashText(textOf[column]!(n))
    hashes[column]!.set(n, hash)
    return hash
  }
  let checksum = 0
  for (let row = 0; row < rows; row++) {
    let mixed = columns.length
    for (let i = 0; i < columns.length; i++) mixed = mix(mixed ^ hashOf(i, columns[i]![row]!))
    checksum = (checksum + mixed) >>> 0
  }
  return { rows, checksum }
}

/** FNV-1a over the units of a text. */
function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash
}

/** The finalizer of MurmurHash3; it tells the columns apart, since each is mixed into what the ones before it left. */
function mix(word: number): number {
  let h = word
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
