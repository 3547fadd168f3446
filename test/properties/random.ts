/**
 * Random choices that a seed repeats, and the search for a smaller failing case: what the generators of this folder share.
 */

export interface Random {
  /** An integer of `[0, below)`. */
  readonly int: (below: number) => number
  readonly chance: (probability: number) => boolean
  readonly pick: <T>(choices: readonly T[]) => T
  /** Every choice, each with the given probability. */
  readonly some: <T>(choices: readonly T[], probability: number) => T[]
  /** `make` called between `least` and `most` times. */
  readonly list: <T>(least: number, most: number, make: (index: number) => T) => T[]
}

/** A generator of random choices (mulberry32). */
export function createRandom(seed: number): Random {
  let state = seed | 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (below: number): number => Math.floor(next() * below)
  return {
    int,
    chance: (probability) => next() < probability,
    pick: <T>(choices: readonly T[]) => choices[int(choices.length)] as T,
    some: (choices, probability) => choices.filter(() => next() < probability),
    list: (least, most, make) => Array.from({ length: least + int(most - least + 1) }, (_, i) => make(i)),
  }
}

/** `items` with all that can be left out left out, one at a time, while it still `fails`. */
export function smallest<T>(items: readonly T[], fails: (items: readonly T[]) => boolean): readonly T[] {
  let kept = items
  for (let i = items.length - 1; i >= 0; i--) {
    const fewer = kept.filter((_, j) => j !== i)
    if (fails(fewer)) kept = fewer
  }
  return kept
}

/** How many cases a property tries: `count`, times what the environment variable `RUNE_FUZZ` says. */
export function runs(count: number): number {
  return Math.max(1, Math.round(count * Number(process.env['RUNE_FUZZ'] ?? 1)))
}
