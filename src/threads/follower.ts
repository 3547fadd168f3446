/**
 * What a reader decides with, turned to the newest epoch: of a program that is known already, what was compiled stays. Spec:
 * DESIGN section 1.
 */
import { Decider } from '../decide/decider.ts'
import { type CacheStats, DecisionCache } from '../decide/decision-cache.ts'
import type { Entrances } from '../decide/entrances.ts'
import { createMachine, type Machine } from '../fixpoint/machine.ts'
import { createSolver, type Solver } from '../fixpoint/solve.ts'
import { Overlay } from '../image/overlay.ts'
import { decodeProgram, noUnits } from '../image/program-bytes.ts'
import type { ReaderImage } from '../image/reader-image.ts'
import { Values } from '../image/value-ids.ts'
import type { ReaderProgram } from '../program/program.ts'
import { createRuleEvaluation } from './rule-evaluation.ts'

/** What of a program is turned to evaluations. */
export interface Evaluating {
  readonly program: ReaderProgram
  readonly programNumber: number
  readonly decider: Decider
  /** The decider's. */
  readonly entrances: Entrances
  readonly solver: Solver
  readonly overlay: Overlay
  readonly machine: Machine
  readonly cache: DecisionCache | undefined
}

export interface Caching {
  /** 0 for no cache. */
  readonly bytesMax: number
  readonly stats: CacheStats
}

/** Turns to the newest epoch, and compiles what is new in it. */
export class Follower {
  readonly #image: ReaderImage
  readonly #caching: Caching
  #compile: (isNew: boolean) => Evaluating
  #compiledOf: ReaderImage['image']
  #at: Evaluating | undefined

  constructor(image: ReaderImage, caching: Caching) {
    this.#image = image
    this.#caching = caching
    this.#compile = createCompiler(image, caching)
    this.#compiledOf = image.image
  }

  turn(): Evaluating {
    const isNew = this.#image.turn()
    const at = this.#at
    return !isNew && at !== undefined && this.#compiledOf === this.#image.image ? at : this.#compileNew(isNew)
  }

  #compileNew(isNew: boolean): Evaluating {
    this.#at = undefined
    if (this.#compiledOf !== this.#image.image) {
      // Of what may be torn nothing is kept, not even what was compiled or decoded.
      this.#compile = createCompiler(this.#image, this.#caching)
      this.#compiledOf = this.#image.image
    }
    return (this.#at = this.#compile(isNew))
  }
}

/** Compiles what is new in an epoch; what it has made is good for one `image.image`. */
function createCompiler(image: ReaderImage, { bytesMax, stats }: Caching): (isNew: boolean) => Evaluating {
  const overlay = new Overlay(image.image.dictionary)
  const machine = createMachine(new Values(overlay))
  const known = noUnits()
  const cache = bytesMax > 0 ? new DecisionCache(bytesMax, stats) : undefined
  let compiled = new WeakMap()
  let solver: Solver | undefined
  let at: Evaluating | undefined
  let dictionaryNumber = -1
  let predicates: { readonly of?: ReaderProgram['predicates']; readonly signature: string } = { signature: '' }
  const rebuild = () => {
    const program = decodeProgram((from, to) => image.programBytes(from, to), known)
    const isNewDictionary = dictionaryNumber !== image.dictionaryNumber
    const nowPredicates =
      predicates.of === program.predicates ? predicates : { of: program.predicates, signature: signatureOf(program) }
    if (isNewDictionary) compiled = new WeakMap()
    if (solver) solver.use(program, !isNewDictionary && nowPredicates.signature === predicates.signature)
    else solver = createSolver(program, image.image, machine)
    const used = solver
    const decider = new Decider({
      program,
      image: image.image,
      overlay,
      values: machine.values,
      rules: createRuleEvaluation({ program, machine, solver: used, constants: image.image.values }),
      turned: image,
      compiled,
      cache,
      stats,
    })
    ;[dictionaryNumber, predicates] = [image.dictionaryNumber, nowPredicates]
    const { programNumber } = image
    return { program, programNumber, decider, entrances: decider.entrances, solver: used, overlay, machine, cache }
  }
  return (isNew) => {
    if (at && !isNew) return at
    cache?.turn()
    at?.decider.turn()
    solver?.turn()
    if (!at || at.programNumber !== image.programNumber || dictionaryNumber !== image.dictionaryNumber) {
      // Of what fails half-way nothing is kept.
      at = undefined
      at = rebuild()
    }
    return at
  }
}

/** What compiled rules rely on besides the rules themselves. */
function signatureOf({ predicates }: ReaderProgram): string {
  return predicates
    .map(({ name, arity, evaluation, readsEntities, best }) => [
      name,
      arity,
      evaluation,
      readsEntities,
      best?.column,
      best?.order,
    ])
    .join(';')
}
