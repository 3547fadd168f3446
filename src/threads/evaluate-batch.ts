/**
 * What an evaluator does with a region of requests: decides each, and writes the answers. A request that fails is denied in
 * its answer, and no other suffers from it. Owns no thread (`evaluator-pool.ts`). Spec: DESIGN section 7, "Fail closed".
 */
import type { Decision } from '../decide/decision.ts'
import { errorsOfRequest, failedDecision } from '../decide/failed-request.ts'
import type { AuthorizeRequest } from '../decide/request.ts'
import { encodeAnswers } from './batch-answers.ts'
import { type BatchRequest, decodeRequests } from './batch-requests.ts'

/** What decides in this thread. */
export interface BatchReader {
  /** Throws a `RuneError` for a request that is malformed or reaches a limit. */
  authorize(request: AuthorizeRequest): Decision
  /** Of the latest decision or refusal; of the image before the first. */
  epoch(): number
}

/** Decides the requests of a region; the answers are a region of their own, as large as it must be. */
export function evaluateBatch(region: SharedArrayBuffer, reader: BatchReader): SharedArrayBuffer {
  const decisions: Decision[] = []
  for (const request of decodeRequests(region)) decisions.push(decide(request, reader))
  return encodeAnswers(decisions)
}

function decide(item: BatchRequest, reader: BatchReader): Decision {
  if (item.kind === 'refused') return failedDecision(item.errors, reader.epoch())
  try {
    return reader.authorize(item.request)
  } catch (thrown) {
    return failedDecision(errorsOfRequest(thrown, 'internal error'), reader.epoch())
  }
}
