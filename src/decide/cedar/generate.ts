/**
 * Generated code of policies: functions of the texts that `policy-text.ts` writes, one for each text, whatever policies have
 * it. They say what a condition comes to and never why it fails: that is for the closures of `compile.ts`, which are the
 * truth. `RUNE_CODEGEN=0` runs closures alone, `1` generated code from the first request on; else it comes with use.
 */
import { FALSE, TRUE, type ValueId, type Values } from '../../image/value-ids.ts'
import type { LoweredExpr } from '../../program/lowered.ts'
import { compute, isLess, opposite } from './arithmetic.ts'
import { isTagged, step, tagOf } from './attributes.ts'
import { call, isLike } from './compile.ts'
import { ERROR, type Frame } from './frame.ts'
import { membership } from './hierarchy.ts'
import { type PolicyText, policyText } from './policy-text.ts'
import { areElements, hasNoElements, isElement } from './sets.ts'

/** Conditions as generated code, for a quiet frame: yields the bits of those that are true, and adds failing ones to the frame's. */
type Code = (frame: Frame, constants: readonly ValueId[], objects: readonly unknown[]) => number

/** Code, and what it is called with. */
export interface Generated extends Omit<PolicyText, 'text'> {
  readonly code: Code
}

/** So many requests are evaluated by closures, before code is generated. */
const REQUESTS_INTERPRETED = 4

/** After how many requests code is generated in this process. */
export function requestsInterpreted(): number {
  const wanted = process.env['RUNE_CODEGEN']
  if (wanted === '0' || !canGenerate) return Number.POSITIVE_INFINITY
  return wanted === '1' ? 0 : REQUESTS_INTERPRETED
}

/** The generated code of conditions; nothing where one of them has to be interpreted. `values` are the image's. */
export function generate(conditions: readonly LoweredExpr[], values: Values): Generated | undefined {
  const written = policyText(conditions, values)
  if (written === undefined) return undefined
  const { text, constants, objects } = written
  return { code: codeOf(text), constants, objects: objects.length === 0 ? NO_OBJECTS : objects }
}

const NO_OBJECTS: readonly unknown[] = []

/** The bits of the conditions that are true; those that fail are the frame's `failing` then. */
export function run({ code, constants, objects }: Generated, frame: Frame): number {
  frame.isQuiet = true
  frame.failing = 0
  return code(frame, constants, objects)
}

/** What the only one comes to, as an `Evaluate` says. */
export function resultOf(generated: Generated, frame: Frame): ValueId {
  const bits = run(generated, frame)
  return frame.failing !== 0 ? ERROR : bits !== 0 ? TRUE : FALSE
}

/** What texts call, by the names that they have there. */
const OPERATIONS = {
  compute,
  opposite,
  isLess,
  step,
  membership,
  isLike,
  call,
  isElement,
  containsAll: (frame: Frame, at: never, set: ValueId, other: ValueId) => areElements(frame, at, 'all', set, other),
  containsAny: (frame: Frame, at: never, set: ValueId, other: ValueId) => areElements(frame, at, 'any', set, other),
  hasNoElements,
  tagOf,
  isTagged,
}

/** By text, which holds nothing of a policy but its shape. The policies that are in use hold on to what is dropped here. */
const codes = new Map<string, Code>()
const CODES_MAX = 2000

/** The texts of the functions that are kept, in the order in which they were made; forgets them. @internal */
export function takeCodes(): string[] {
  const texts = [...codes.keys()]
  codes.clear()
  return texts
}

function codeOf(text: string): Code {
  let code = codes.get(text)
  if (code === undefined) {
    // `AT` is the place of a failure, which a quiet frame does not note.
    const names = Object.keys(OPERATIONS).join()
    const make = new Function(
      'H',
      `"use strict";const AT={operands:[]},{${names}}=H;return function(f,K,O){\n${text}\n}`,
    )
    code = make(OPERATIONS) as Code
    const [oldest] = codes.keys()
    if (oldest !== undefined && codes.size >= CODES_MAX) codes.delete(oldest)
    codes.set(text, code)
  }
  return code
}

const canGenerate = canGenerateHere()

function canGenerateHere(): boolean {
  try {
    return new Function('return true')() === true
  } catch {
    return false
  }
}
