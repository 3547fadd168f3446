/** Rules as the tests of this folder look at them: trees without spans, and diagnostics as lines. */
import type { Clause, Literal } from '../../../src/syntax/datalog/ast.ts'
import { parseBody, parseClauses } from '../../../src/syntax/datalog/parse.ts'
import { printClause } from '../../../src/syntax/datalog/print.ts'
import { Diagnostics } from '../../../src/text/diagnostic.ts'
import { positionOf } from '../../../src/text/source.ts'

export interface Parsed {
  readonly clauses: readonly Clause[]
  /** `code line:column message`, and ` → help` where there is one. */
  readonly problems: readonly string[]
}

/** What `text` parses to. */
export function parse(text: string): Parsed {
  const diagnostics = new Diagnostics()
  const source = { path: 'test.rune', text }
  const clauses = parseClauses({ source, start: 0, end: text.length }, diagnostics)
  return { clauses, problems: problemsOf(diagnostics) }
}

/** The body that `text` is, and what is wrong with it. */
export function parseQuery(text: string): {
  readonly literals: readonly Literal[]
  readonly problems: readonly string[]
} {
  const diagnostics = new Diagnostics()
  const literals = parseBody({ source: { path: 'query', text }, start: 0, end: text.length }, diagnostics)
  return { literals, problems: problemsOf(diagnostics) }
}

/** The clauses of `text`, which has no mistakes, printed. */
export function printed(text: string): string[] {
  const { clauses, problems } = parse(text)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  return clauses.map(printClause)
}

/** The codes of what is wrong with `text`. */
export function codes(text: string): string[] {
  return parse(text).problems.map((line) => line.slice(0, 4))
}

/** `tree` without its spans. */
export function withoutSpans(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.map(withoutSpans)
  if (typeof tree !== 'object' || tree === null) return tree
  return Object.fromEntries(
    Object.entries(tree).flatMap(([key, value]) => (key === 'span' ? [] : [[key, withoutSpans(value)]])),
  )
}

function problemsOf(diagnostics: Diagnostics): string[] {
  return diagnostics.all.map(({ code, message, span, help }) => {
    const { line, column } = span ? positionOf(span.source, span.start) : { line: 0, column: 0 }
    return `${code} ${line}:${column} ${message}${help === undefined ? '' : ` → ${help}`}`
  })
}
