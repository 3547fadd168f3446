/** Formatting of policies by cedar-wasm's formatter, which keeps comments. Spec: LANGUAGE section 1 for `#` comments. */
import type { Diagnostics } from '../../text/diagnostic.ts'
import type { Source, Span } from '../../text/source.ts'
import { reportProblem } from './problems.ts'
import { CEDAR_NESTING_MAX, scanCedar, slashComments } from './scan.ts'
import { askCedar, type Cedar, type Fence } from './wasm.ts'

/** A text of policies: a whole source, or the range of it that is a `[policies]` section. */
export interface PoliciesToFormat {
  readonly source: Source
  readonly start?: number
  readonly end?: number
  /** `#` starts a comment too; it becomes `//`. */
  readonly hashComments?: boolean
}

/** The text, formatted; `undefined` after a mistake. */
export function formatPolicies(fence: Fence, from: PoliciesToFormat, diagnostics: Diagnostics): string | undefined {
  const { source, start = 0, end = source.text.length, hashComments = false } = from
  const span: Span = { source, start, end }
  const text = source.text.slice(start, end)
  const scan = scanCedar(text, { hashComments })
  if (!text.isWellFormed()) {
    diagnostics.error('R101', 'the text holds half of a surrogate pair', span)
    return undefined
  }
  if (scan.nesting > CEDAR_NESTING_MAX) {
    diagnostics.error('R901', `the policies nest deeper than ${CEDAR_NESTING_MAX} levels`, span)
    return undefined
  }
  const policyText = slashComments(text, scan.hashComments)
  const ask = { what: 'format the policies', span, ask: (cedar: Cedar) => cedar.formatPolicies({ policyText }) }
  const answer = askCedar(fence, ask, diagnostics)
  if (answer === undefined) return undefined
  if (answer.type === 'success') return answer.formatted_policy
  // Offsets after a comment that grew by a character are of no use: the parser of policies says where the mistake is.
  const sent = policyText.length === text.length ? { text: policyText, span } : undefined
  for (const error of answer.errors) reportProblem(error, { code: 'R251', severity: 'error', sent, span }, diagnostics)
  return undefined
}
