/**
 * What was found for pairs of ids, for who asks for the same ones again and again: direct-mapped tables of fixed size in the
 * memory of one thread, which forget as they like.
 */

/** Nothing is known of a pair. */
export const UNKNOWN_PAIR = -2

/** 64 KiB, which a processor's second cache holds beside all else. */
const PLACES = 4096
const PLACE_WORDS = 4
const PLACE_SHIFT = 32 - Math.log2(PLACES)

/** Answers are ids, or -1; each is in one line of the processor's cache. */
export class PairMemo {
  readonly #words = new Int32Array(PLACES * PLACE_WORDS)
  #stamp = 1

  /** Forgets all answers, at once. */
  clear(): void {
    this.#stamp = (this.#stamp + 1) | 0
    if (this.#stamp !== 0) return
    this.#words.fill(0)
    this.#stamp = 1
  }

  get(first: number, second: number): number {
    const words = this.#words
    const at = PLACE_WORDS * placeOf(first, second)
    const isKnown = words[at] === first && words[at + 1] === second && words[at + 2] === this.#stamp
    return isKnown ? words[at + 3]! : UNKNOWN_PAIR
  }

  /** Keeps `answer`, and yields it. */
  keep(first: number, second: number, answer: number): number {
    const words = this.#words
    const at = PLACE_WORDS * placeOf(first, second)
    words[at] = first
    words[at + 1] = second
    words[at + 2] = this.#stamp
    words[at + 3] = answer
    return answer
  }
}

/** Answers are objects, a reference each; how large they may be is for who keeps them to say. */
export class PairObjects<Answer extends object> {
  readonly #pairs = new Int32Array(PLACES * 2)
  readonly #answers = new Array<Answer | undefined>(PLACES).fill(undefined)

  /** Forgets all answers. */
  clear(): void {
    this.#answers.fill(undefined)
  }

  get(first: number, second: number): Answer | undefined {
    const place = placeOf(first, second)
    const isKnown = this.#pairs[2 * place] === first && this.#pairs[2 * place + 1] === second
    return isKnown ? this.#answers[place] : undefined
  }

  keep(first: number, second: number, answer: Answer): void {
    const place = placeOf(first, second)
    this.#pairs[2 * place] = first
    this.#pairs[2 * place + 1] = second
    this.#answers[place] = answer
  }
}

/** The place of a pair: the upper bits of a product depend on all bits of its factors. */
function placeOf(first: number, second: number): number {
  return (Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b)) >>> PLACE_SHIFT
}
