/**
 * One evaluation: what its strata share, and the errors that end it.
 */
import type { Image } from '../image/image.ts'
import { type Relation, rowCount } from '../image/relation.ts'
import { writtenPredicate } from '../program/links.ts'
import type { ReaderProgram, Rule, Stratum } from '../program/program.ts'
import type { Code } from '../text/codes.ts'
import { type RuneError, runeError } from '../text/diagnostic.ts'
import { printBriefly } from '../values/print.ts'
import type { Storage } from './access.ts'
import type { Best } from './best.ts'
import type { Machine } from './machine.ts'
import type { RowRange } from './scan.ts'
import type { Sources } from './sources.ts'

/** The rows of one relation, as the rounds of its stratum see them. */
export interface Marks {
  readonly stable: RowRange
  readonly recent: RowRange
  readonly known: RowRange
}

export interface Run {
  readonly image: Image
  readonly program: ReaderProgram
  readonly machine: Machine
  readonly modes: Modes
  readonly sources: Sources
  readonly marks: readonly Marks[]
  readonly best: readonly (Best | undefined)[]
  /** Rows that are not counted in `derived`. */
  facts: number
  derived: number
  rounds: number
}

/** How rules are run; what is not `auto` is for tests, which must get the same answers. */
export interface Modes {
  /** `auto`: generated code where there are rows enough to be worth it. */
  readonly code: 'auto' | 'generated' | 'closures'
  readonly storage: Storage
}

/** Whether nothing but the relations' own indexes may be used. */
export function isHashed({ storage }: Modes): boolean {
  return storage === 'scan' || storage === 'hash'
}

export function marksOf(relation: Relation): Marks {
  const range = () => ({ from: 0, to: relation.count })
  return { stable: range(), recent: range(), known: range() }
}

/** All rows below `count` are known and nothing is recent. */
export function openMarks(marks: Marks, count: number): void {
  marks.stable.to = count
  marks.recent.from = count
  marks.recent.to = count
  marks.known.to = count
}

/** Recent rows become stable, pending ones recent; says whether there are any. */
export function advanceMarks(marks: Marks, relation: Relation): boolean {
  marks.stable.to = marks.recent.to
  marks.recent.from = marks.recent.to
  marks.recent.to = relation.count
  marks.known.to = relation.count
  return marks.recent.from < marks.recent.to
}

/** How many more rows there may be, not counting `pending` ones. */
export function roomLeft(run: Run, pending = 0): number {
  return run.program.settings.limits.maxFacts - run.facts - run.derived - pending
}

/** Throws where there are more facts than allowed. */
export function checkFacts(run: Run, rule?: Rule): void {
  if (roomLeft(run) < 0) throw factsError(run, rule)
}

/** As `checkFacts`, for an image of which nothing is evaluated. */
export function checkRows(program: ReaderProgram, { relations }: Image): void {
  if (relations.reduce((sum, relation) => sum + rowCount(relation), 0) > program.settings.limits.maxFacts)
    throw factsError({ program })
}

/** `rule` or, where there is none, `stratum` derives what is too much. */
export function factsError({ program }: Pick<Run, 'program'>, rule?: Rule, stratum?: Stratum): RuneError {
  const { maxFacts } = program.settings.limits
  return limitError(program, stratum, 'R501', `there are more than ${maxFacts} facts`, 'max_facts', rule)
}

/** The rows of all predicates may take so many bytes. */
export function bytesAllowed({ program }: Run): number {
  return program.settings.limits.maxMemory * 2 ** 20
}

export function memoryError({ program }: Run, rule: Rule): RuneError {
  const { maxMemory } = program.settings.limits
  return limitError(program, undefined, 'R506', `the facts need more than ${maxMemory} MiB`, 'max_memory', rule)
}

export function roundsError({ program }: Run, stratum: Stratum): RuneError {
  const { maxIterations } = program.settings.limits
  return limitError(program, stratum, 'R503', `the rules need more than ${maxIterations} rounds`, 'max_iterations')
}

export function timeError(program: ReaderProgram, stratum?: Stratum): RuneError {
  const { maxEvalMs } = program.settings.limits
  return limitError(program, stratum, 'R502', `the rules take longer than ${maxEvalMs} ms`, 'max_eval_ms')
}

export function derivationError(run: Run, rule: Rule, bound: ReadonlySet<number>, environment: Int32Array): RuneError {
  const row = [...bound]
    .filter((variable) => !rule.variables[variable]!.startsWith('$'))
    .map(
      (variable) => `${rule.variables[variable]} = ${printBriefly(run.image.values.valueOf(environment[variable]!))}`,
    )
  const where = row.length > 0 ? ` for ${row.join(', ')}` : ''
  return runeError('R401', `rule \`${rule.name}\` fails: ${run.machine.failure}${where}`, {
    ...(rule.span && { span: rule.span }),
    help: 'a static rule must not fail for any row; exclude such rows in the body',
  })
}

function limitError(
  { predicates }: ReaderProgram,
  stratum: Stratum | undefined,
  code: Code,
  message: string,
  option: string,
  rule?: Rule,
): RuneError {
  // Rules without a text are called as their predicates.
  const at = [rule, ...(rule ? [] : (stratum?.rules ?? []))].find((r) => r?.span)
  const heads = rule ? [rule.head] : (stratum?.predicates ?? [])
  const written = [...new Set(heads.flatMap((id) => writtenPredicate(predicates, id) ?? []))]
  const names = written.map(({ name }) => `\`${name}\``).join(', ')
  const where = [at && `rule \`${at.name}\``, names].filter(Boolean).join(' of ')
  const span = at?.span ?? written[0]?.span
  return runeError(code, where === '' ? message : `${message}, at ${where}`, {
    help: `a recursion that never ends? If not, raise \`${option}\` in [options]`,
    ...(span && { span }),
  })
}
