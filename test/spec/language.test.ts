/**
 * The language reference, `docs/language.md`: every example in it is run. A `rune` block opens without a warning and passes
 * its own `[tests]`; a `rune-error CODE` block is refused with that code. A block that starts with a section is a fragment.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Diagnostic, renderDiagnostics, runTests, validate } from '../../src/index.ts'

/** Names of files in the examples are relative to this. */
const PATH = 'examples/language.rune'

interface Block {
  readonly line: number
  readonly code?: string
  readonly text: string
}

const blocks = blocksOf(readFileSync('docs/language.md', 'utf8'))

function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```rune(?:-error (R\d+))?\n(.*?)^```$/gms)].map((match) => {
    const [, code, body = ''] = match
    const line = markdown.slice(0, match.index).split('\n').length
    const text = body.startsWith('version') ? body : `version = "rune/1.0"\n\n${body}`
    return { line, text, ...(code !== undefined && { code }) }
  })
}

function said(diagnostics: readonly Diagnostic[]): string {
  return renderDiagnostics(diagnostics, { color: false })
}

describe('an example of the language reference', () => {
  test('is found wherever a fence names the language', () => {
    const fences = readFileSync('docs/language.md', 'utf8').match(/^```rune/gm) ?? []
    expect(blocks.length).toBe(fences.length)
    expect(blocks.length).toBeGreaterThan(30)
  })

  test.each(blocks.filter(({ code }) => code === undefined))(
    'opens and decides as it says: line $line',
    async ({ text }) => {
      const input = { text, path: PATH }
      const { diagnostics } = await validate(input)
      expect(said(diagnostics.filter(({ span }) => span?.source.path === PATH))).toBe('')
      const { cases } = await runTests(input)
      expect(cases.filter(({ passed }) => !passed)).toEqual([])
      expect(cases.length > 0).toBe(text.includes('[tests]'))
    },
  )

  test.each(blocks.filter(({ code }) => code !== undefined))(
    'is refused with $code: line $line',
    async ({ text, code }) => {
      const { ok, diagnostics } = await validate({ text, path: PATH })
      expect(ok).toBe(false)
      const errors = diagnostics.filter(({ severity }) => severity === 'error')
      expect([...new Set(errors.map((d) => d.code))], said(errors)).toEqual([code])
      expect(errors.every(({ span }) => span !== undefined)).toBe(true)
    },
  )
})
