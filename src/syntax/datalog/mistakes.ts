/**
 * The mistakes found in one range of rules: reported with their span, up to a limit, so that hostile text can neither fill
 * the memory with messages nor bury the first ones. Owns no message.
 */
import type { Code } from '../../text/codes.ts'
import type { Diagnostics } from '../../text/diagnostic.ts'
import type { Source } from '../../text/source.ts'

export interface Mistakes {
  readonly source: Source
  readonly diagnostics: Diagnostics
  /** How many were found; those beyond `MISTAKES_MAX` are counted, not reported. */
  count: number
  /** The same for warnings. */
  warnings: number
}

/** A mistake in the text from `start` to `end`. */
export interface Mistake {
  readonly code: Code
  readonly message: string
  readonly start: number
  readonly end: number
  readonly help?: string | undefined
}

/** How many mistakes one range can have before the reading ends: more help nobody. */
export const MISTAKES_MAX = 50

/** No mistakes yet. */
export function collectMistakes(source: Source, diagnostics: Diagnostics): Mistakes {
  return { source, diagnostics, count: 0, warnings: 0 }
}

/** Reports an error; yields `undefined`, what every parsing function yields that could not go on. */
export function refuse(mistakes: Mistakes, mistake: Mistake): undefined {
  const { code, message, start, end, help } = mistake
  const { source, diagnostics } = mistakes
  mistakes.count++
  if (mistakes.count > MISTAKES_MAX) return
  const span = { source, start, end }
  diagnostics.error(code, message, span, help === undefined ? {} : { help })
  if (mistakes.count === MISTAKES_MAX) {
    diagnostics.error('R274', `more than ${MISTAKES_MAX} mistakes in rules: the rest is not read`, span)
  }
}

/** Reports a warning. */
export function warn(mistakes: Mistakes, { code, message, start, end, help }: Mistake): void {
  if (++mistakes.warnings > MISTAKES_MAX) return
  const span = { source: mistakes.source, start, end }
  mistakes.diagnostics.warning(code, message, span, help === undefined ? {} : { help })
}
