/**
 * What a scenario is: a configuration with its facts and entities, made up at random, requests that fit it, and updates. Owns
 * what its makers next door share. Pure: nothing is written to files here.
 */
import type { AuthorizeRequest, UpdateInput } from '../../index.ts'
import type { Draw } from './random.ts'

/** What comes of a request. `error`: it was refused, or reached a limit. */
export type Outcome = 'permit' | 'deny' | 'forbid' | 'error'

export interface Scenario {
  /** The files of a folder; `main.rune` is the configuration. */
  readonly files: Readonly<Record<string, string>>
  /** One request, drawn with `draw`. */
  readonly request: (draw: Draw) => AuthorizeRequest
  /** An update; one with an odd number takes back what the one before it did. */
  readonly update: (i: number) => UpdateInput
  /** What comes of its requests; each of them often. */
  readonly outcomes: readonly Outcome[]
}

/** Makes a scenario, with `scale` times as many of what there are most of. */
export type ScenarioMaker = (draw: Draw, scale: number) => Scenario

/** `count` times the scale, and at least `min`. */
export function scaled(count: number, scale: number, min = 4): number {
  return Math.max(min, Math.round(count * scale))
}

/** `prefix0`, `prefix1`, … */
export function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i}`)
}

/** Up to `count` of them, each once. */
export function some<T>({ pick }: Draw, choices: readonly T[], count: number): T[] {
  return [...new Set(Array.from({ length: count }, () => pick(choices)))]
}

/** The text of a fact file. */
export function tsv(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.join('\t')}\n`).join('')
}

/** Adds a value to the list under `key`. */
export function addTo<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key)
  if (list) list.push(value)
  else lists.set(key, [value])
}

/** An update that inserts a row, or takes it back. */
export function toggle(predicate: string, row: readonly unknown[], i: number): UpdateInput {
  return { [i % 2 === 0 ? 'insert' : 'remove']: { [predicate]: [row] } }
}
