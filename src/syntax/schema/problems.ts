/**
 * What cedar-wasm says about a text → diagnostics with spans in our source: it counts in bytes of UTF-8, names policies
 * by the ids that we gave them for the call, and puts some errors into others. Owns no codes: who asks knows the code.
 */
import type { DetailedError } from '@cedar-policy/cedar-wasm/nodejs'
import type { Code } from '../../text/codes.ts'
import type { Diagnostics, Severity } from '../../text/diagnostic.ts'
import type { Span } from '../../text/source.ts'
import { utf16Offset } from './scan.ts'
import { oneLine } from './wasm.ts'

/** A text as cedar-wasm got it, of the same length as the source text at `span`. */
export interface SentText {
  readonly text: string
  readonly span: Span
}

/** How a problem is reported. */
export interface Reporting {
  readonly code: Code
  readonly severity: Severity
  /** The text that the problem is in; without one there are no places in it. */
  readonly sent: SentText | undefined
  /** The whole, for a problem without a place. */
  readonly span: Span | undefined
}

/** Reports `error` and what is related to it. */
export function reportProblem(error: DetailedError, reporting: Reporting, diagnostics: Diagnostics): void {
  const { code, severity, sent, span } = reporting
  const [first, ...others] = spansOf(error, sent)
  const expected = error.sourceLocations?.find((location) => location.label?.startsWith('expected'))?.label
  const help = error.help ?? expected
  const extra = {
    ...(help != null && { help: plain(help) }),
    ...(others.length > 0 && { related: others.map((other) => ({ message: 'this belongs to it', span: other })) }),
  }
  if (severity === 'error') diagnostics.error(code, plain(error.message), first ?? span, extra)
  else diagnostics.warning(code, plain(error.message), first ?? span, extra)
  for (const related of error.related ?? []) reportProblem(related, reporting, diagnostics)
}

function spansOf(error: DetailedError, sent: SentText | undefined): Span[] {
  if (sent === undefined) return []
  const { source, start, end } = sent.span
  return (error.sourceLocations ?? []).map((location) => ({
    source,
    start: start + utf16Offset(sent.text, location.start),
    end: Math.min(end, start + utf16Offset(sent.text, location.end)),
  }))
}

/** On one line, without the ids that policies only have in the call. */
function plain(message: string): string {
  return oneLine(message.replace(/for policy `[^`]*`[,:] /g, '').replace(PREFIXES, ''))
}

const PREFIXES = /^(?:(?:failed to parse schema from \w+|error parsing schema|cannot parse input policies): )+/
