/**
 * One attempt of an attacker: a text, perhaps with a request. It must end in a decision or in diagnostics that a person can
 * use; anything else that is thrown fails the test. Owns what "can use" means.
 */
import { expect } from 'vitest'
import { type AuthorizeRequest, Rune, type TextOptions } from '../../src/index.ts'
import { type Diagnostic, RuneError } from '../../src/text/diagnostic.ts'
import { renderDiagnostics } from '../../src/text/render.ts'
import { positionOf } from '../../src/text/source.ts'

export const HEAD = 'version = "rune/1.0"\n'
export const OPTIONS =
  '[options]\ndefault_principal_type = "User"\ndefault_resource_type = "File"\npath_types = ["File"]\n'
export const REQUEST: AuthorizeRequest = { principal: 'alice', action: 'read', resource: '/tmp/a' }

/** A decision, or the codes of the errors, each once. */
export type Outcome = 'permit' | 'deny' | 'forbid' | 'open' | readonly string[]

/** Opens `text` and decides `request`, if there is one. */
export async function attempt(text: string, request?: unknown, options: TextOptions = {}): Promise<Outcome> {
  let rune: Rune
  try {
    rune = await Rune.fromText(text, { coordinator: 'inline', ...options })
  } catch (error) {
    return codesOf(error, 'text')
  }
  return request === undefined ? 'open' : decide(rune, request)
}

/** Decides a request that may be anything. */
export function decide(rune: Rune, request: unknown): Outcome {
  try {
    const { decision, allowed } = rune.authorize(request as AuthorizeRequest)
    expect(allowed).toBe(decision === 'permit')
    return decision
  } catch (error) {
    return codesOf(error, 'request')
  }
}

/** Opens a file. */
export async function attemptFile(path: string): Promise<Outcome> {
  try {
    await Rune.open(path, { coordinator: 'inline' })
    return 'open'
  } catch (error) {
    return codesOf(error, 'file')
  }
}

/** The codes of a `RuneError` whose diagnostics are fit to be read; anything else is thrown on. */
export function codesOf(error: unknown, from: 'text' | 'file' | 'request'): string[] {
  if (!(error instanceof RuneError)) throw error
  const errors = error.diagnostics.filter(({ severity }) => severity === 'error')
  expect(errors.length).toBeGreaterThan(0)
  for (const diagnostic of errors) expectUseful(diagnostic, from)
  // Whatever stands in the text, the terminal gets one line a line.
  expect(renderDiagnostics(error.diagnostics, { color: false })).not.toMatch(/(?!\n)\p{Cc}|\p{Bidi_Control}/u)
  return [...new Set(errors.map(({ code }) => code))]
}

/** Checks the form of a message and that there is a place, where there is a text. */
function expectUseful({ message, span }: Diagnostic, from: 'text' | 'file' | 'request'): void {
  expect(message.length).toBeLessThan(2000)
  expect(message).not.toMatch(/undefined|\[object|NaN|TypeError|RangeError/)
  if (from === 'text') expect(span, message).toBeDefined()
  if (!span) return
  const { line, column } = positionOf(span.source, span.start)
  expect(span.start).toBeLessThanOrEqual(span.source.text.length)
  expect(line).toBeGreaterThan(0)
  expect(column).toBeGreaterThan(0)
}
