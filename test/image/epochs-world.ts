/** A small writer whose every epoch can be told from all others by each of its parts, and what a reader makes of it. */
import { changeFacts } from '../../src/fixpoint/change.ts'
import { isShared } from '../../src/image/fixed-table.ts'
import { createImage, type Image } from '../../src/image/image.ts'
import type { ReaderImage } from '../../src/image/reader-image.ts'
import { createRelation, findRow, insert, type Relation, rowsOf } from '../../src/image/relation.ts'
import { firstRow, nextRow, ROWS_SCANNED, searchBy } from '../../src/image/search.ts'
import { claimNext, createStore, publish, type Step, type Store } from '../../src/image/store.ts'
import { takeOver } from '../../src/image/take-over.ts'
import { createTuples } from '../../src/image/tuples.ts'
import type { Program } from '../../src/program/program.ts'

/** Facts that change in place, and rows that are derived anew in every epoch. */
const [FACTS, DERIVED] = [0, 1]
const PROGRAM = {
  predicates: [{ arity: 1 }, { arity: 2 }],
  strata: [],
  settings: { limits: { maxEvalMs: 60_000, maxFacts: 1_000_000 } },
} as unknown as Program

export class Crash extends Error {}

export class World {
  store: Store
  image: Image
  readonly truth = new Map<number, string>()
  /** Told of each step of the writer, and of what it does before. */
  onStep: (step: Step | 'changed' | 'undone') => void = () => undefined
  #fact = 'base'
  #program = 'p0'
  #derived: readonly (readonly [string, string])[] = []
  #texts: string[] = []
  readonly #options

  constructor(graceMs = 0) {
    this.#options = { graceMs, onStep: (step: Step) => this.onStep(step) }
    this.store = createStore(this.#options)
    this.image = createImage(PROGRAM)
    insert(this.image.relations[FACTS]!, [this.#intern('base')])
    this.image.relations[FACTS]!.baseCount = 1
    for (const text of ['k0', 'k1', 'k2']) this.#intern(text)
    this.publish()
  }

  get epoch(): number {
    return this.store.epoch
  }

  /** Changes facts in place, derives rows anew, and publishes; a new program in every second epoch. Or changes facts alone. */
  publish(what: 'all' | 'facts' = 'all'): void {
    const { image, store } = this
    const epoch = claimNext(store)
    const fact = `g${epoch}`
    const isAll = what === 'all'
    const program = isAll && epoch % 2 === 0 ? `p${epoch}` : this.#program
    this.#change(epoch, fact)
    if (isAll) image.relations[DERIVED] = this.#derive(epoch, fact)
    this.onStep('changed')
    this.truth.set(epoch, truthOf(fact, this.#texts, this.#derived, program))
    publish(store, epoch, {
      image,
      ...((store.epoch === 0 || program !== this.#program) && { program: new TextEncoder().encode(program) }),
      changed: new Set(isAll ? [FACTS, DERIVED] : [FACTS]),
      indexes: new Map([[DERIVED, [[0]]]]),
    })
    this.#fact = fact
    this.#program = program
  }

  /** An update that fails. */
  fail(): void {
    const epoch = claimNext(this.store)
    const { undo } = this.#change(epoch, `bad${epoch}`)
    this.onStep('changed')
    undo()
    this.onStep('undone')
  }

  /** Another writer goes on in the same memory. */
  takeOver(): void {
    const { store, image } = takeOver(this.store.arena, this.#options)
    Object.assign(this, { store, image })
    for (const epoch of this.truth.keys()) if (epoch > store.epoch) this.truth.delete(epoch)
    const { facts, known, derived, program } = JSON.parse(this.truth.get(store.epoch)!)
    this.#fact = facts.at(-1)
    this.#program = program
    this.#derived = derived
    this.#texts = this.#texts.filter((text) => known.includes(text))
  }

  /** Whether a word is an entry of a hash that readers may look at. */
  readonly isEntry = (offset: number): boolean => {
    const { fixed, blobs } = this.image.dictionary.tables
    const buckets = [...Object.values(fixed), ...Object.values(blobs)].map((table) => table.buckets)
    const heads = this.image.relations.flatMap(({ indexes }) => indexes)
    return [...buckets, ...heads.map((index) => index.heads)].some(
      (array) => isShared(array) && offset >= array.byteOffset / 4 && offset < array.byteOffset / 4 + array.length,
    )
  }

  #change(epoch: number, fact: string) {
    const tuples = (text: string) => createTuples(1, [[this.#intern(text)]])
    const facts = new Map([[FACTS, { remove: tuples(this.#fact), insert: tuples(fact) }]])
    return changeFacts(PROGRAM, this.image, facts, epoch)
  }

  #derive(epoch: number, fact: string): Relation {
    const relation = createRelation(2)
    const id = (text: string) => this.image.values.intern(text)
    // Three ways in turn, since blocks come back to the same place after two epochs.
    this.#derived = [...MORE, [fact, `k${epoch % 3}`], ['base', `k${(epoch + 1) % 3}`]]
    for (const [a, b] of this.#derived) insert(relation, [id(a), id(b)])
    return relation
  }

  #intern(text: string): number {
    if (!this.#texts.includes(text)) this.#texts.push(text)
    return this.image.values.intern(text)
  }
}

/** Rows enough for an index. */
const MORE = Array.from({ length: ROWS_SCANNED }, (_, i) => ['base', `more${i}`] as const)

/** Of the generations that a test gets to. */
const NAMES = ['base', ...Array.from({ length: 12 }, (_, i) => [`g${i}`, `bad${i}`]).flat()]

function truthOf(
  fact: string,
  texts: readonly string[],
  derived: readonly (readonly [string, string])[],
  program: string,
): string {
  return JSON.stringify({
    facts: [fact],
    found: true,
    known: NAMES.filter((name) => texts.includes(name)),
    derived,
    byFact: derived.filter(([name]) => name === fact),
    byKey: derived.filter(([, key]) => key === 'k0'),
    program,
  })
}

/** Reads every part of an epoch. */
export function answerOf(reader: ReaderImage, cut: () => void): string {
  const { image } = reader
  const { dictionary, values } = image
  const texts = (tuples: number[][]) => tuples.map((tuple) => tuple.map((id) => values.textOf(id)))
  const [relation, derived] = [image.relations[FACTS]!, image.relations[DERIVED]!]
  const facts = rowsOf(relation)
  const found = facts.every((tuple) => findRow(relation, tuple) >= 0)
  cut()
  const known = NAMES.filter((name) => dictionary.findText(name) >= 0)
  cut()
  // An index that is in the image, and one that this thread makes.
  const byFact = rowsBy(derived, 0, facts[0]?.[0] ?? 0)
  const byKey = rowsBy(derived, 1, dictionary.findText('k0'))
  cut()
  return JSON.stringify({
    facts: texts(facts).flat(),
    found,
    known,
    derived: texts(rowsOf(derived)),
    byFact: texts(byFact),
    byKey: texts(byKey),
    program: new TextDecoder().decode(reader.programBytes()),
  })
}

/** The rows with `id` in a column, newest first. */
export function rowsBy(relation: Relation, column: number, id: number): number[][] {
  const search = searchBy(relation, [column])
  const rows: number[][] = []
  for (let row = firstRow(search, [id], relation.count); row >= 0; row = nextRow(search, [id], row))
    rows.push(relation.columns.map((values) => values[row]!))
  return rows
}
