/**
 * What a body is compiled for and with: the ends of the chain, and how atoms are matched. The chain itself is in `body.ts`.
 */
import type { Values } from '../image/value-ids.ts'
import type { AtomLiteral, Literal } from '../program/program.ts'
import type { Environment } from './expression.ts'
import type { Machine } from './machine.ts'

/** Goes on with a binding. True where one way through the rest is enough and was found: then the loops before are left, as far as the tail goes. */
export type Next = (environment: Environment) => boolean

/** Matches atoms. A failure of what an atom reads goes to `failed`, with the variables that are known all the same. */
export interface Reader {
  match(
    atom: AtomLiteral,
    layout: AtomLayout,
    place: number,
    next: Next,
    failed: (known: readonly number[]) => Next,
  ): Next
  /** Calls `next` if no row matches. */
  absent(atom: AtomLiteral, layout: AtomLayout, next: Next, failed: Next): Next
}

/** What the arguments of an atom are, column by column, once the variables bound before are known. */
export interface AtomLayout {
  /** Columns with a constant or a bound variable, ascending; `sources` says which: a value id, or the variable as `~number`. */
  readonly key: readonly number[]
  readonly sources: readonly number[]
  /** Columns that bind a variable. */
  readonly binds: readonly { readonly column: number; readonly variable: number }[]
  /** Columns whose variable an earlier column of this atom binds. */
  readonly repeats: readonly { readonly column: number; readonly variable: number }[]
}

/** What a body is compiled for. */
export interface BodyTarget {
  readonly body: readonly Literal[]
  /** Variables that no atom binds (`src/program/defined.ts`). */
  readonly defined: ReadonlySet<number>
  readonly machine: Machine
  readonly reader: Reader
  /** Where constants are interned. */
  readonly constants: Values
  /** Called for every binding of the whole body. */
  readonly emit: Next
  /** Called for a binding that counts as an error, with `bound` the variables that have a value; `machine.failure` says why. */
  readonly error: (bound: ReadonlySet<number>) => Next
}
