/**
 * Why a condition comes to what it comes to: its smallest parts that made it so, and the values that these read. Every part
 * is compiled and evaluated by itself, by the closures that decide. Made on demand, in time that follows the size of the
 * condition; owns no texts. Recursion is bounded by `EXPR_HEIGHT_MAX`. Spec: LANGUAGE section 8, "Explanations".
 */
import { FALSE, kindOfId, TRUE, type ValueId } from '../../image/value-ids.ts'
import { type LoweredExpr, operandsOf } from '../../program/lowered.ts'
import { assert } from '../../text/assert.ts'
import { compileExpr } from './compile.ts'
import { ERROR, type Frame } from './frame.ts'

export type Outcome = 'true' | 'false' | 'failed'

/** What stands where a bool is asked for, and what it came to. */
export interface Part {
  readonly expr: LoweredExpr
  readonly outcome: Outcome
  /** Of what failed. */
  readonly message?: string
}

/** What a condition came to, and through which of its parts: the first `PARTS_MAX` of `count`. */
export interface Trace {
  readonly outcome: Outcome
  readonly parts: readonly Part[]
  readonly count: number
}

/** A value that was read; without one where nothing is there. */
export interface Read {
  readonly expr: LoweredExpr
  readonly value: ValueId | undefined
}

/** What an expression yields for the request at hand. */
export type Ask = (expr: LoweredExpr) => ValueId

/** So many parts make a condition what it is, at most, and read so many values. */
export const PARTS_MAX = 10
const READS_MAX = 10

/** Evaluates expressions of one policy in `frame`; `renew` comes before each, so that each has the steps of a request. */
export function askerOf(frame: Frame, renew: () => void): Ask {
  return (expr) => {
    renew()
    frame.isQuiet = false
    return compileExpr(expr, frame.values)(frame)
  }
}

/** What `expr` comes to where a bool is asked for. */
export function partOf(expr: LoweredExpr, frame: Frame, ask: Ask): Part {
  const value = ask({ kind: 'and', operands: [expr], span: expr.span })
  if (value !== ERROR) return { expr, outcome: value === TRUE ? 'true' : 'false' }
  assert(frame.failure !== undefined, 'an error that nobody noted')
  return { expr, outcome: 'failed', message: frame.failure.message }
}

/**
 * The parts that made `expr` what it is: of a false `&&` the operand that was false, of a false `||` all of them, of an `if`
 * its test and the branch that was taken.
 */
export function traceOf(expr: LoweredExpr, frame: Frame, ask: Ask): Trace {
  const trace = (inner: LoweredExpr) => traceOf(inner, frame, ask)
  switch (expr.kind) {
    case 'and':
      return chain(expr.operands, 'false', trace)
    case 'or':
      return chain(expr.operands, 'true', trace)
    case 'not':
      // `a != b` has no part that the text says.
      if (isSamePlace(expr, expr.operand)) break
      return opposite(trace(expr.operand))
    case 'if': {
      const test = trace(expr.test)
      if (test.outcome === 'failed') return test
      const branch = test.outcome === 'true' ? expr.whenTrue : expr.whenFalse
      const taken = trace(branch)
      const isPlain = branch.kind === 'constant' && taken.outcome !== 'failed'
      return isPlain ? { ...test, outcome: taken.outcome } : together(taken.outcome, [test, taken])
    }
  }
  const part = partOf(expr, frame, ask)
  return { outcome: part.outcome, parts: [part], count: 1 }
}

/** Ends at the first operand that is `end`. */
function chain(operands: readonly LoweredExpr[], end: Outcome, trace: (expr: LoweredExpr) => Trace): Trace {
  const passed: Trace[] = []
  for (const operand of operands) {
    const one = trace(operand)
    if (one.outcome === end || one.outcome === 'failed') return one
    passed.push(one)
  }
  return together(end === 'true' ? 'false' : 'true', passed)
}

function together(outcome: Outcome, traces: readonly Trace[]): Trace {
  const count = traces.reduce((sum, one) => sum + one.count, 0)
  return { outcome, parts: traces.flatMap(({ parts }) => parts).slice(0, PARTS_MAX), count }
}

function opposite(trace: Trace): Trace {
  const { outcome } = trace
  return outcome === 'failed' ? trace : { ...trace, outcome: outcome === 'true' ? 'false' : 'true' }
}

function isSamePlace({ span: a }: LoweredExpr, { span: b }: LoweredExpr): boolean {
  return a.start === b.start && a.end === b.end
}

/** The values that a part read on the way to what it came to, the first ones. */
export function readsOf({ expr, outcome }: Part, ask: Ask): Read[] {
  const reads: Read[] = []
  if (outcome === 'failed') read(expr, ask, reads)
  else for (const operand of reached(expr, ask)) readOperand(expr, operand, ask, reads)
  return reads.slice(0, READS_MAX)
}

function read(expr: LoweredExpr, ask: Ask, reads: Read[]): void {
  if (reads.length >= READS_MAX || expr.kind === 'constant') return
  if (SHOWN.has(expr.kind) || (expr.kind === 'method' && expr.method === 'getTag')) {
    const value = ask(expr)
    if (value !== ERROR) reads.push({ expr, value })
    // What it was read from says no more.
    if (value !== ERROR && (expr.kind === 'get' || expr.kind === 'variable')) return
  }
  for (const operand of reached(expr, ask)) readOperand(expr, operand, ask, reads)
  if (isAbsent(expr, ask)) reads.push({ expr, value: undefined })
}

/** What people want to see the value of, besides what it is made from. */
const SHOWN: ReadonlySet<LoweredExpr['kind']> = new Set([
  'variable',
  'get',
  'facts',
  'probe',
  'arithmetic',
  'negate',
  'extension',
])

/** The whole context is no news to who asks for one of its attributes. */
function readOperand(of: LoweredExpr, operand: LoweredExpr, ask: Ask, reads: Read[]): void {
  const isOwner = of.kind === 'get' || of.kind === 'has'
  if (isOwner && operand.kind === 'variable' && operand.name === 'context') return
  read(operand, ask, reads)
}

/** Whether `expr` asks what could have it for an attribute or a tag that it does not have. */
function isAbsent(expr: LoweredExpr, ask: Ask): boolean {
  const owner = expr.kind === 'get' ? expr.operand : expr.kind === 'method' ? expr.receiver : undefined
  if (owner === undefined || (expr.kind === 'method' && expr.method !== 'getTag') || ask(expr) !== ERROR) return false
  const values = operandsOf(expr).map(ask)
  const kinds = values.map((value) => (value === ERROR ? 'error' : kindOfId(value)))
  if (expr.kind === 'get') return kinds[0] === 'entity' || kinds[0] === 'record'
  return kinds[0] === 'entity' && kinds[1] === 'string'
}

/** The operands of `expr` that were evaluated. */
function reached(expr: LoweredExpr, ask: Ask): readonly LoweredExpr[] {
  const all = operandsOf(expr)
  switch (expr.kind) {
    case 'if': {
      const value = ask(expr.test)
      return value === TRUE ? [expr.test, expr.whenTrue] : value === FALSE ? [expr.test, expr.whenFalse] : [expr.test]
    }
    case 'is': {
      const { kind, operand, type, span } = expr
      return ask({ kind, operand, type, span }) === TRUE ? all : [operand]
    }
    case 'and':
    case 'or': {
      const otherwise = expr.kind === 'and' ? TRUE : FALSE
      return upTo(all, (operand) => ask(operand) !== otherwise)
    }
    default:
      return upTo(all, (operand) => ask(operand) === ERROR)
  }
}

function upTo<T>(items: readonly T[], isLast: (item: T) => boolean): readonly T[] {
  const last = items.findIndex(isLast)
  return last < 0 ? items : items.slice(0, last + 1)
}
