/**
 * What rules are called: deciding ones `permit0`, `permit1`, … and `forbid0`, … in the order of their file, all others by
 * the predicate of the head and the line. Both start with the prefix of an included file. Spec: LANGUAGE section 6.
 */
import type { Clause } from '../syntax/datalog/ast.ts'
import type { RuneFile } from '../syntax/rune-file/ast.ts'
import type { Span } from '../text/source.ts'
import { isDecision } from './predicate-table.ts'

/** The name of each clause of a file, declarations included. */
export function clauseNames({ clauses, prefix }: Pick<RuneFile, 'clauses' | 'prefix'>): string[] {
  const counts = new Map<string, number>()
  const lineOf = lineCounter()
  return clauses.map((clause: Clause) => {
    if (clause.kind === 'decl') return ''
    const { text } = clause.head.predicate
    if (!isDecision(text)) return `${prefix}${text}:${lineOf(clause.span)}`
    const count = counts.get(text) ?? 0
    counts.set(text, count + 1)
    return `${prefix}${text}${count}`
  })
}

/** Counts lines on from the place asked before: `positionOf` starts at the first line each time. */
function lineCounter(): (span: Span) => number {
  let line = 1
  let at = 0
  let end: number | undefined
  return ({ source, start }) => {
    if (start < at) [line, at, end] = [1, 0, undefined]
    for (;;) {
      // Found once a line, however many clauses stand on it.
      end ??= source.text.indexOf('\n', at)
      if (end < 0 || end >= start) return line + (source.firstLine ?? 1) - 1
      line++
      at = end + 1
      end = undefined
    }
  }
}
