/**
 * `context.facts`: predicates asked through `Demand`, as if the context held their facts. Membership is asked row by row;
 * a whole set is made only where its value is needed. Spec: LANGUAGE section 6.
 */
import { FALSE, kindOfId, TRUE, type ValueId, type Values } from '../../image/value-ids.ts'
import { type DemandAnswer, FREE } from '../../program/demand.ts'
import type { FactSet, LoweredExpr, ProbeMethod } from '../../program/lowered.ts'
import type { Span } from '../../text/source.ts'
import { ERROR, type Evaluate, type Frame, fail, failType } from './frame.ts'

/** The value of a predicate: a bool, a set, or a set of records. */
export function wholeFacts(facts: FactSet, values: Values, span: Span): Evaluate {
  const { rowsFor } = asker(facts, span)
  const pattern = new Array<number>(facts.arity).fill(FREE)
  const keys = facts.keys.map((name) => values.string(name))
  return (frame) => {
    const rows = rowsFor(frame, pattern)
    if (rows === undefined) return ERROR
    if (facts.arity === 0) return rows.length > 0 ? TRUE : FALSE
    const elements: ValueId[] = []
    for (const row of rows) {
      if (row.some((id) => kindOfId(id) === 'float')) {
        return fail(frame, span, `predicate \`${facts.name}\` holds a float, which Cedar does not have`)
      }
      elements.push(facts.arity === 1 ? row[0]! : frame.values.record(row.map((id, i) => [keys[i]!, id] as const)))
    }
    return frame.values.set(elements)
  }
}

/** `isEmpty` of a predicate's facts. */
export function noFacts(facts: FactSet, span: Span): Evaluate {
  const { rowsFor } = asker(facts, span)
  const pattern = new Array<number>(facts.arity).fill(FREE)
  return (frame) => {
    const rows = rowsFor(frame, pattern)
    return rows === undefined ? ERROR : rows.length === 0 ? TRUE : FALSE
  }
}

/** Another set method of a predicate's facts, for a value. */
export type Probe = (frame: Frame, value: ValueId) => ValueId

export function probeFacts(
  method: Exclude<ProbeMethod, 'isEmpty'>,
  { facts, values, span }: { facts: FactSet; values: Values; span: Span },
): Probe {
  const asked = asker(facts, span)
  const keys = facts.keys.map((name) => values.string(name))
  const isFact = (frame: Frame, element: ValueId): ValueId => {
    const row = facts.arity === 1 ? [element] : rowOf(frame.values, element, keys)
    return row === undefined ? FALSE : asked.isFact(frame, row)
  }
  return (frame, value) => {
    if (method === 'contains') return isFact(frame, value)
    if (kindOfId(value) !== 'set') return failType(frame, span, 'set', value)
    // Each element is asked for, so that whether one fails does not depend on the order of ids.
    let count = 0
    const elements = frame.values.elementsOf(value)
    for (const element of elements) {
      const found = isFact(frame, element)
      if (found === ERROR) return ERROR
      if (found === TRUE) count++
    }
    return (method === 'containsAll' ? count === elements.length : count > 0) ? TRUE : FALSE
  }
}

/** `contains` of a record whose fields are the columns, for the values of these. */
export type RowProbe = (frame: Frame, row: readonly ValueId[]) => ValueId

export function probeRow(facts: FactSet, span: Span): RowProbe {
  return asker(facts, span).isFact
}

/** Where each field of the argument of a `contains` goes as a column; nothing if it is not written as a record of the columns. */
export function columnsOf(method: ProbeMethod, arg: LoweredExpr | undefined, { keys }: FactSet) {
  if (method !== 'contains' || arg?.kind !== 'record' || arg.entries.length !== keys.length) return undefined
  const columns = arg.entries.map(({ key }) => keys.indexOf(key))
  return columns.includes(-1) ? undefined : arg.entries.map(({ value }, i) => ({ value, column: columns[i]! }))
}

/** Asks for rows; after a failure the frame says why. */
function asker({ predicate, name }: FactSet, span: Span) {
  const rowsFor = (frame: Frame, pattern: readonly number[]): DemandAnswer['rows'] | undefined => {
    const { rows, error } = frame.demand(predicate, pattern)
    if (error === undefined) return rows
    fail(frame, span, `predicate \`${name}\` cannot be evaluated: ${error}`)
    return undefined
  }
  /** Whether there is a row, which is given as a whole. */
  const isFact = (frame: Frame, row: readonly number[]): ValueId => {
    const isStored = frame.holds(predicate, row)
    if (isStored !== undefined) return isStored ? TRUE : FALSE
    const rows = rowsFor(frame, row)
    return rows === undefined ? ERROR : rows.length > 0 ? TRUE : FALSE
  }
  return { rowsFor, isFact }
}

/** The columns that a record with exactly these keys stands for. */
function rowOf(values: Values, element: ValueId, keys: readonly ValueId[]): ValueId[] | undefined {
  if (kindOfId(element) !== 'record' || values.entriesOf(element).length !== 2 * keys.length) return undefined
  const row = keys.map((key) => values.fieldOf(element, key))
  return row.includes(-1) ? undefined : row
}
