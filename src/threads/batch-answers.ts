/**
 * Decisions of a batch ↔ a region: equal decisions are written once, read once and then shared. Spec:
 * `native-layout/README.md`.
 */
import { ANSWER, ANSWER_COLUMNS, DECISION } from '../../native-layout/batch.ts'
import type { Decision, DecisionError } from '../decide/decision.ts'
import { assert } from '../text/assert.ts'
import { readRegion, writeRegion } from './batch-region.ts'

/** The region of `decisions`, in their order. */
export function encodeAnswers(decisions: readonly Decision[]): SharedArrayBuffer {
  const items = decisions.length
  const answers: Answers = { byDecision: new Map(), byKey: new Map(), rows: [[], [], []], texts: [] }
  const answerOf = decisions.map((decision) => {
    let answer = answers.byDecision.get(decision)
    if (answer === undefined) answers.byDecision.set(decision, (answer = addAnswer(decision, answers)))
    return answer
  })
  return writeRegion({ items, columns: [...answerOf, ...answers.rows.flat()], texts: answers.texts })
}

/** The decisions of a region; asserts that they are as many as `items`, and what decisions can be. */
export function decodeAnswers(buffer: SharedArrayBuffer, items: number): Decision[] {
  const region = readRegion(buffer)
  const count = (region.columns.length - items) / ANSWER_COLUMNS
  assert(region.items === items && Number.isInteger(count), 'answers of another batch')
  const column = (index: number) => region.columns.subarray(items + index * count, items + (index + 1) * count)
  const [decisions, lows, highs] = [ANSWER.decision, ANSWER.epochLow, ANSWER.epochHigh].map(column)
  const distinct = Array.from({ length: count }, (_, i): Decision => {
    const decision = DECISION[decisions?.[i] ?? -1]
    assert(decision !== undefined, 'an answer that is no decision')
    const reasons = parseList<string>(region.text(2 * i))
    const errors = parseList<DecisionError>(region.text(2 * i + 1))
    const epoch = (highs?.[i] ?? 0) * 2 ** 32 + (lows?.[i] ?? 0)
    return Object.freeze({ decision, allowed: decision === 'permit', reasons, errors, epoch })
  })
  return Array.from(region.columns.subarray(0, items), (answer) => {
    const decision = distinct[answer]
    assert(decision !== undefined, 'a request without an answer')
    return decision
  })
}

interface Answers {
  /** Decisions that are one object are found without a look into them. */
  readonly byDecision: Map<Decision, number>
  readonly byKey: Map<string, number>
  readonly rows: readonly number[][]
  readonly texts: string[]
}

/** The number of a decision's answer. */
function addAnswer({ decision, reasons, errors, epoch }: Decision, { byKey, rows, texts }: Answers): number {
  const code = DECISION.indexOf(decision)
  const [reasonText, errorText] = [printList(reasons), printList(errors)]
  // Texts of JSON have no line breaks, so that no two answers have one key.
  const key = `${code} ${epoch}\n${reasonText}\n${errorText}`
  const known = byKey.get(key)
  if (known !== undefined) return known
  byKey.set(key, byKey.size)
  for (const [column, word] of [code, epoch, Math.floor(epoch / 2 ** 32)].entries()) rows[column]?.push(word)
  texts.push(reasonText, errorText)
  return byKey.size - 1
}

function printList(list: readonly unknown[]): string {
  return list.length === 0 ? '' : JSON.stringify(list)
}

function parseList<T>(text: string): readonly T[] {
  return text === '' ? NONE : Object.freeze(JSON.parse(text))
}

const NONE: readonly never[] = Object.freeze([])
