/**
 * How large a program is, as `validate` prints it: what a user wrote, without what the engine adds.
 */
import { writtenPredicate } from './links.ts'
import { BUILTINS, type FactSource, type Program, type ReaderProgram } from './program.ts'

export interface Counts {
  readonly predicates: number
  /** As written: alternatives count once. */
  readonly rules: number
  readonly policies: number
  /** Those with a rule of the user's. */
  readonly strata: number
  /** Facts in the text: neither those of files, which are not known before they are read, nor what updates changed. */
  readonly facts: number
}

/** The counts of `program`. */
export function counts(program: ReaderProgram & Pick<Program, 'facts'>): Counts {
  const { predicates } = program
  const isOurs = (id: number) => writtenPredicate(predicates, id) === undefined
  const clauses = new Set(program.rules.flatMap(({ head, span }) => (span && !isOurs(head) ? [span] : [])))
  const factsIn = (source: FactSource) =>
    source.kind === 'file' ? 0 : source.kind === 'plain' ? source.rows.count : source.rows.length
  return {
    predicates: predicates.filter(({ id }) => id >= BUILTINS.length && writtenPredicate(predicates, id)?.id === id)
      .length,
    rules: clauses.size,
    policies: program.policies.length,
    strata: program.strata.filter(({ rules }) => rules.some(({ head, span }) => span && !isOurs(head))).length,
    facts: program.facts.reduce((sum, source) => sum + factsIn(source), 0),
  }
}
