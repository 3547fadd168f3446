/**
 * Running the `[tests]` of a configuration: each case is decided as a request would be, with its own facts added where it
 * has some. Spec: LANGUAGE section 8.
 */
import type { Decision } from './decide/decision.ts'
import { type CheckedRequest, checkParts, type RequestTarget, uidOf } from './decide/request.ts'
import type { TestCase } from './syntax/rune-file/ast.ts'
import { type Diagnostic, RuneError } from './text/diagnostic.ts'
import { positionOf } from './text/source.ts'
import { type Built, build, buildWith, type ConfigurationInput, checkInput } from './threads/build.ts'
import { attachReader, type Reader } from './threads/reader.ts'
import { storeOf } from './threads/store-of.ts'

export interface CaseResult {
  readonly name: string
  readonly file: string
  readonly line: number
  readonly passed: boolean
  readonly expected: { readonly decision: TestCase['expect']; readonly reasons?: readonly string[] }
  /** Absent where the case could not be decided; `diagnostics` then says why. */
  readonly got?: Decision
  readonly diagnostics?: readonly Diagnostic[]
}

export interface TestReport {
  readonly cases: readonly CaseResult[]
  readonly passed: number
  readonly failed: number
}

/** Runs all cases of a configuration; those of what it includes belong to the included files. Throws a `RuneError` if it can't be opened. */
export async function runTests(input: ConfigurationInput): Promise<TestReport> {
  const built = build(checkInput(input))
  const shared = readerOf(built)
  const cases = built.program.tests.map((test) => runCase(test, built, shared))
  const passed = cases.filter((result) => result.passed).length
  return { cases, passed, failed: cases.length - passed }
}

function readerOf(built: Built): Reader {
  return attachReader({ memory: storeOf(built).arena.memory })
}

function runCase(test: TestCase, built: Built, shared: Reader): CaseResult {
  const { name, span, expect, reasons } = test
  const { line } = positionOf(span.source, span.start)
  const expected = { decision: expect, ...(reasons && { reasons }) }
  const result = { name, file: span.source.path, line, expected }
  try {
    const reader = test.facts.length > 0 ? readerOf(buildWith(built.configuration, test.facts)) : shared
    const got = reader.decide((target) => requestOf(test, target))
    return { ...result, got, passed: got.decision === expect && (!reasons || sameTexts(reasons, got.reasons)) }
  } catch (error) {
    if (!(error instanceof RuneError)) throw error
    return { ...result, passed: false, diagnostics: error.diagnostics }
  }
}

function requestOf(test: TestCase, target: RequestTarget): CheckedRequest {
  const { settings } = target.program
  const request = {
    principal: uidOf(test.principal, 'principal', settings),
    action: uidOf(test.action, 'action', settings),
    resource: uidOf(test.resource, 'resource', settings),
    context: test.context,
    entities: test.entities,
  }
  return checkParts(request, target)
}

/** The same texts in any order. */
function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return new Set(a).size === new Set(b).size && a.every((text) => b.includes(text))
}
