/**
 * The overlay of an image's dictionary: content that is new to the image, under payloads with the local bit. So nothing that
 * a request says enters the image, and what it said is forgotten with it, or soon after.
 */
import { FIXED_WORDS, KIND, LOCAL_BIT } from '../../native-layout/layout.ts'
import { findPair, hasWord } from './blob-table.ts'
import { bounded, type Dictionary, type FixedKind, ImageDictionary } from './dictionary.ts'

/** A dictionary of requests, for one at a time: it knows all that an image's knows, and keeps what is new to itself. */
export class Overlay implements Dictionary {
  /** How often something was forgotten. */
  generation = 0
  readonly #image: ImageDictionary
  readonly #kept = new Map<string, number>()
  readonly #numbers = new Map<string, number>()
  readonly #contents: (string | Uint32Array)[] = []
  #size = 0

  constructor(image: ImageDictionary = new ImageDictionary()) {
    this.#image = image
  }

  /** How much there is that `reset` forgets: words and UTF-16 units, and some for each value. */
  get size(): number {
    return this.#size
  }

  /** Forgets all that is new since `keep`; its ids mean nothing any more. */
  reset(): void {
    if (this.#numbers.size === 0) return
    this.#numbers.clear()
    this.#contents.length = this.#kept.size
    this.#size = 0
    this.generation++
  }

  /** Does so if there is much of it: between requests, so that those that name the same things find them. */
  trim(): void {
    if (this.#size > SIZE_MAX) this.reset()
  }

  /** What there is now outlives every `reset`. */
  keep(): void {
    for (const [key, number] of this.#numbers) this.#kept.set(key, number)
    this.#numbers.clear()
    this.#size = 0
  }

  /** Whether a payload means the same after every `reset`. */
  lasts(payload: number): boolean {
    return !isLocal(payload) || (payload & ~LOCAL_BIT) < this.#kept.size
  }

  fixed(kind: FixedKind, record: Uint32Array): number {
    const found = this.#image.findFixed(kind, record)
    return found >= 0 ? found : this.#wordsNumber(kind, record.subarray(0, FIXED_WORDS[kind]))
  }

  text(text: string): number {
    const found = this.#image.findText(text)
    return found >= 0 ? found : this.#number(`"${text}`, text)
  }

  ids(kind: 'set' | 'record', words: Uint32Array, count: number): number {
    const found = this.#image.findIds(kind, words, count)
    return found >= 0 ? found : this.#wordsNumber(kind, words.subarray(0, count))
  }

  fixedWord(kind: FixedKind, payload: number, word: number): number {
    return isLocal(payload) ? this.#words(payload)[word]! : this.#image.fixedWord(kind, payload, word)
  }

  entityWord(payload: number, word: number): number {
    return isLocal(payload) ? this.#words(payload)[word]! : this.#image.entityWord(payload, word)
  }

  textOf(payload: number): string {
    return isLocal(payload) ? (this.#contents[payload & ~LOCAL_BIT] as string) : this.#image.textOf(payload)
  }

  idsOf(kind: 'set' | 'record', payload: number): Uint32Array {
    return isLocal(payload) ? this.#words(payload).slice() : this.#image.idsOf(kind, payload)
  }

  fieldOf(payload: number, key: number): number {
    if (!isLocal(payload)) return this.#image.fieldOf(payload, key)
    const words = this.#words(payload)
    return findPair(words, 0, words.length >>> 1, key)
  }

  holds(payload: number, id: number): boolean {
    if (!isLocal(payload)) return this.#image.holds(payload, id)
    const words = this.#words(payload)
    return hasWord(words, 0, words.length, id)
  }

  sizeOf(payload: number): number {
    return isLocal(payload) ? this.#words(payload).length : this.#image.sizeOf(payload)
  }

  idAt(payload: number, place: number): number {
    return isLocal(payload) ? this.#words(payload)[place]! : this.#image.idAt(payload, place)
  }

  #words(payload: number): Uint32Array {
    return this.#contents[payload & ~LOCAL_BIT] as Uint32Array
  }

  #wordsNumber(kind: FixedKind | 'set' | 'record', words: Uint32Array): number {
    return this.#number(`${KIND[kind]}:${words.join()}`, words)
  }

  #number(key: string, content: string | Uint32Array): number {
    const known = this.#kept.get(key) ?? this.#numbers.get(key)
    if (known !== undefined) return known | LOCAL_BIT
    const number = bounded(this.#contents.length)
    this.#contents.push(typeof content === 'string' ? content : content.slice())
    this.#numbers.set(key, number)
    this.#size += ENTRY_SIZE + content.length
    return number | LOCAL_BIT
  }
}

function isLocal(payload: number): boolean {
  return (payload & LOCAL_BIT) !== 0
}

/** What an overlay holds between requests: words and UTF-16 units, and some for each value. */
const SIZE_MAX = 2 ** 18
const ENTRY_SIZE = 16
