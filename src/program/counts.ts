/**
 * How large a program is, as `validate` prints it: what a user wrote, without what the engine adds.
 */
import { BUILTINS, type Program, type ReaderProgram } from './program.ts'

export interface Counts {
  readonly predicates: number
  /** As written: alternatives count once. */
  readonly rules: number
  readonly policies: number
  /** Those with a rule of the user's. */
  readonly strata: number
  /** Facts in the text; those of files are not known before they are read. */
  readonly facts: number
}

/** The counts of `program`. */
export function counts(program: ReaderProgram & Pick<Program, 'facts'>): Counts {
  const isOwn = (id: number) => program.predicates[id]?.name.startsWith('$') === true
  const clauses = new Set(program.rules.flatMap(({ head, span }) => (span && !isOwn(head) ? [span] : [])))
  const facts = program.facts.reduce((sum, source) => sum + (source.kind === 'inline' ? source.rows.length : 0), 0)
  return {
    predicates: program.predicates.filter(({ id }) => id >= BUILTINS.length && !isOwn(id)).length,
    rules: clauses.size,
    policies: program.policies.length,
    strata: program.strata.filter(({ rules }) => rules.some(({ head, span }) => span && !isOwn(head))).length,
    facts,
  }
}
