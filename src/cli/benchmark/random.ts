/** Random choices that are the same on every machine and in every run with one seed. Pure. */

export interface Draw {
  /** In [0, 1). */
  readonly random: () => number
  /** An integer of `[0, limit)`. */
  readonly below: (limit: number) => number
  readonly chance: (probability: number) => boolean
  /** One of them; there has to be one. */
  readonly pick: <T>(choices: readonly T[]) => T
}

/** Numbers by mulberry32. */
export function createDraw(seed: number): Draw {
  let state = seed | 0
  const random = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(random() * limit)
  return {
    random,
    below,
    chance: (probability) => random() < probability,
    pick: <T>(choices: readonly T[]) => choices[below(choices.length)] as T,
  }
}

/** Draws numbers of `[0, count)`: all alike for the exponent 0; else the number `i` in proportion to `1 / (i + 1)^exponent`. */
export function createZipf({ random, below }: Draw, count: number, exponent: number): () => number {
  if (exponent === 0) return () => below(count)
  const sums = new Float64Array(count)
  let sum = 0
  for (let i = 0; i < count; i++) {
    sum += 1 / (i + 1) ** exponent
    sums[i] = sum
  }
  return () => firstAbove(sums, random() * sum)
}

function firstAbove(sums: Float64Array, value: number): number {
  let [low, high] = [0, sums.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sums[middle] ?? 0) > value) high = middle
    else low = middle + 1
  }
  return low
}
