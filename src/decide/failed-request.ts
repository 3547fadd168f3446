/**
 * Requests that fail where others go on, as in a batch: what was thrown → a decision that denies and says why. Where a
 * request stands alone, its caller gets what was thrown. Spec: DESIGN section 7, "Fail closed".
 */
import type { Code } from '../text/codes.ts'
import { RuneError } from '../text/diagnostic.ts'
import { visible } from '../text/display.ts'
import type { Decision, DecisionError } from './decision.ts'

/** The errors that `thrown` is about; of what is no `RuneError`, one that begins with `what`. */
export function errorsOfRequest(thrown: unknown, what: string): DecisionError[] {
  if (thrown instanceof RuneError) {
    const errors = thrown.diagnostics.filter(({ severity }) => severity === 'error')
    return errors.map(({ code, message }) => requestError(code, message))
  }
  return [requestError('R750', `${what}: ${visible(messageOf(thrown))}`)]
}

/** Denies a request for `errors`. */
export function failedDecision(errors: readonly DecisionError[], epoch: number): Decision {
  return Object.freeze({
    decision: 'deny',
    allowed: false,
    reasons: Object.freeze([]),
    errors: Object.freeze([...errors]),
    epoch,
  })
}

function requestError(id: Code, message: string): DecisionError {
  return { kind: 'request', id, message }
}

/** Anything can be thrown, and anything can happen when it is looked at. */
function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown)
  } catch {
    return 'what was thrown cannot be read'
  }
}
