/**
 * Expressions of rules, compiled into closures from an environment to a value id or `ERROR`. What a method does is owned by
 * `src/program/methods.ts`; arithmetic is here. Spec: LANGUAGE section 4, "Expressions" and "Methods".
 */
import { inlineInt, isInlineInt, kindOfId, type ValueId, type Values } from '../image/value-ids.ts'
import { callMethod, isFailure, TEXT_MAX } from '../program/methods.ts'
import type { Expr } from '../program/program.ts'
import { ERROR, fail, floatId, longId, type Machine, smallIntId, stepOverText } from './machine.ts'

/** The values of a rule's variables, by number. Slots of variables that are not bound hold anything. */
export type Environment = Int32Array

export type Evaluate = (environment: Environment) => ValueId | typeof ERROR

/** Compiles `expr`; constants are interned now, through `constants`. */
export function compileExpr(expr: Expr, machine: Machine, constants: Values): Evaluate {
  switch (expr.kind) {
    case 'variable': {
      const { variable } = expr
      return (environment) => environment[variable]!
    }
    case 'constant': {
      const id = constants.intern(expr.value)
      return () => id
    }
    case 'negate': {
      const operand = compileExpr(expr.operand, machine, constants)
      return (environment) => negate(machine, operand(environment))
    }
    case 'arithmetic': {
      const left = compileExpr(expr.left, machine, constants)
      const right = compileExpr(expr.right, machine, constants)
      const { operator } = expr
      return (environment) => {
        const a = left(environment)
        if (a === ERROR) return ERROR
        const b = right(environment)
        return b === ERROR ? ERROR : arithmetic(machine, operator, a, b)
      }
    }
    default: {
      const operands = [expr.receiver, ...expr.args].map((e) => compileExpr(e, machine, constants))
      const { method } = expr
      return (environment) => {
        const ids: ValueId[] = []
        for (const operand of operands) {
          const id = operand(environment)
          if (id === ERROR) return ERROR
          ids.push(id)
        }
        const values = ids.map((id) => machine.values.valueOf(id))
        const [receiver, ...args] = values
        const result = callMethod(method, receiver!, args)
        stepOverText(machine, lengthOf(result) + values.reduce((sum: number, value) => sum + lengthOf(value), 0))
        return isFailure(result) ? fail(machine, result.message) : machine.values.intern(result)
      }
    }
  }
}

function lengthOf(value: unknown): number {
  return typeof value === 'string' ? value.length : 0
}

type Operator = (Expr & { kind: 'arithmetic' })['operator']

function arithmetic(machine: Machine, operator: Operator, a: ValueId, b: ValueId): ValueId | typeof ERROR {
  if (isInlineInt(a) && isInlineInt(b)) return inlineArithmetic(machine, operator, inlineInt(a), inlineInt(b))
  const { values } = machine
  const kind = kindOfId(a)
  if (kind !== kindOfId(b)) return fail(machine, `\`${operator}\` of a ${kind} and a ${kindOfId(b)}`)
  if (kind === 'long') return longArithmetic(machine, operator, values.longOf(a), values.longOf(b))
  if (kind === 'float')
    return floatArithmetic(machine, operator, values.valueOf(a) as number, values.valueOf(b) as number)
  if (kind === 'string' && operator === '+') return concatenate(machine, values.textOf(a), values.textOf(b))
  return fail(machine, `\`${operator}\` is not defined on a ${kind}`)
}

function concatenate(machine: Machine, a: string, b: string): ValueId | typeof ERROR {
  if (a.length + b.length > TEXT_MAX) return fail(machine, 'the result of `+` is too long')
  stepOverText(machine, a.length + b.length)
  return machine.values.string(a + b)
}

/** Both are below 2^26 in size, so that every result is exact. */
function inlineArithmetic(machine: Machine, operator: Operator, a: number, b: number): ValueId | typeof ERROR {
  switch (operator) {
    case '+':
      return smallIntId(machine, a + b)
    case '-':
      return smallIntId(machine, a - b)
    case '*':
      return smallIntId(machine, a * b)
    default:
      if (b === 0) return fail(machine, 'division by zero')
      return smallIntId(machine, operator === '/' ? Math.trunc(a / b) : a % b)
  }
}

function longArithmetic(machine: Machine, operator: Operator, a: bigint, b: bigint): ValueId | typeof ERROR {
  const what = `\`${a} ${operator} ${b}\``
  switch (operator) {
    case '+':
      return longId(machine, a + b, what)
    case '-':
      return longId(machine, a - b, what)
    case '*':
      return longId(machine, a * b, what)
    default:
      if (b === 0n) return fail(machine, 'division by zero')
      return longId(machine, operator === '/' ? a / b : a % b, what)
  }
}

function floatArithmetic(machine: Machine, operator: Operator, a: number, b: number): ValueId | typeof ERROR {
  const what = `\`${a} ${operator} ${b}\``
  switch (operator) {
    case '+':
      return floatId(machine, a + b, what)
    case '-':
      return floatId(machine, a - b, what)
    case '*':
      return floatId(machine, a * b, what)
    default:
      if (b === 0) return fail(machine, 'division by zero')
      return floatId(machine, operator === '/' ? a / b : a % b, what)
  }
}

function negate(machine: Machine, id: ValueId | typeof ERROR): ValueId | typeof ERROR {
  if (id === ERROR) return ERROR
  if (isInlineInt(id)) return smallIntId(machine, -inlineInt(id))
  const kind = kindOfId(id)
  if (kind === 'long') return longId(machine, -machine.values.longOf(id), 'a negation')
  if (kind === 'float') return floatId(machine, -(machine.values.valueOf(id) as number), 'a negation')
  return fail(machine, `\`-\` is not defined on a ${kind}`)
}
