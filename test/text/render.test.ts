/** Tests of rendering: the layout, what is underlined, and that program text cannot reach the terminal raw. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Diagnostic } from '../../src/text/diagnostic.ts'
import { columnsOf, visible } from '../../src/text/display.ts'
import { renderDiagnostic, renderDiagnostics } from '../../src/text/render.ts'

const PLAIN = { color: false }

/** A diagnostic over the first place where `part` stands in `text`. */
function at(text: string, part: string, more: Partial<Diagnostic> = {}): Diagnostic {
  const start = text.indexOf(part)
  const span = { source: { path: 'a.rune', text }, start, end: start + part.length }
  return { code: 'R201', severity: 'error', message: 'it is wrong', span, ...more }
}

/** The source line and the marks below it, without the margin. */
function underlined(text: string, part: string): string[] {
  const lines = renderDiagnostic(at(text, part), PLAIN).split('\n')
  return lines.slice(3, 5).map((line) => line.replace(/^ *\d* \| ?/, ''))
}

describe('one diagnostic', () => {
  test('has a title, a place, the line underlined, related places and help', () => {
    const text = 'version = "rune/1.0"\n[data]\n[rule]\n'
    const related = [{ message: 'the first', span: { source: { path: 'a.rune', text }, start: 21, end: 27 } }]
    expect(renderDiagnostic(at(text, '[rule]', { help: 'did you mean `rules`?', related }), PLAIN)).toBe(
      [
        'error[R201]: it is wrong',
        ' --> a.rune:3:1',
        '  |',
        '3 | [rule]',
        '  | ^^^^^^',
        'note: the first',
        ' --> a.rune:2:1',
        '  |',
        '2 | [data]',
        '  | ------',
        'help: did you mean `rules`?',
      ].join('\n'),
    )
  })

  test('without a place is a title', () => {
    const d: Diagnostic = { code: 'R700', severity: 'warning', message: 'gone' }
    expect(renderDiagnostic(d, PLAIN)).toBe('warning[R700]: gone')
  })

  test('with colours says the same', () => {
    const d = at('ab', 'b', { help: 'h' })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is removed
    expect(renderDiagnostic(d, { color: true }).replace(/\x1b\[[\d;]*m/g, '')).toBe(renderDiagnostic(d, PLAIN))
    expect(renderDiagnostic(d, { color: true })).toContain('\x1b[1;31m')
  })
})

describe('the marks', () => {
  test.each([
    ['a tab takes four columns', '\tab', 'b', '    ab', '     ^'],
    ['a tab in the place too', 'a\tb', '\tb', 'a    b', ' ^^^^^'],
    ['a wide character takes two columns', '漢字x', 'x', '漢字x', '    ^'],
    ['a character outside of the BMP', '😀x', 'x', '😀x', '  ^'],
    ['a combining mark takes none', 'e\u0301x', 'x', 'e\u0301x', ' ^'],
    ['a place without width has one mark', 'ab', '', 'ab', '^'],
    ['a carriage return belongs to no line', 'ab\r\ncd', 'b\r\nc', 'ab', ' ^'],
    ['a place of many lines is marked on its first', 'ab\ncd', 'b\ncd', 'ab', ' ^'],
    ['an empty line has a mark', 'a\n\nb', '\n\n', 'a', ' ^'],
  ])('%s', (_, text, part, line, marks) => {
    expect(underlined(text, part)).toEqual([line, marks])
  })

  test('the end of the text has a mark', () => {
    const d = at('ab\n', '', {})
    const span = { source: { path: 'a', text: 'ab\n' }, start: 3, end: 3 }
    expect(renderDiagnostic({ ...d, span }, PLAIN)).toMatch(/2 \|\n {2}\| \^$/)
  })

  test('a long line is cut around the place', () => {
    const [line, marks] = underlined(`${'x'.repeat(5e6)}HERE${'y'.repeat(5e6)}`, 'HERE')
    expect(line).toMatch(/^…x{50}HEREy+…$/)
    expect(line?.length).toBeLessThan(120)
    expect(line?.indexOf('HERE')).toBe(marks?.indexOf('^^^^'))
  })
})

describe('text of users', () => {
  test('control, format and unpaired characters are made visible', () => {
    expect(visible('a\x1b[31m\u202eb\ud800\x7f\u2028')).toBe('a␛[31m\\u{202e}b\\u{d800}␡\\u{2028}')
    const [line, marks] = underlined('\x1b\u202eX', 'X')
    expect(line).toBe('␛\\u{202e}X')
    expect(marks).toBe(`${' '.repeat(9)}^`)
  })

  test('no text brings a control character to the terminal, and each diagnostic keeps its lines', () => {
    const texts = fc.string({ unit: 'binary', maxLength: 30 })
    const property = fc.property(texts, texts, fc.nat(40), fc.nat(40), (text, message, a, b) => {
      const [start, end] = [Math.min(a, b, text.length), Math.min(Math.max(a, b), text.length)]
      const span = { source: { path: message, text }, start, end }
      const shown = renderDiagnostic({ code: 'R201', severity: 'error', message, span, help: message }, PLAIN)
      expect(shown.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
      expect(shown.split('\n')).toHaveLength(6)
      expect(shown).toContain('^')
    })
    fc.assert(property, { numRuns: 500 * Number(process.env['RUNE_FUZZ'] ?? 1) })
  })

  test.each([
    ['a', 1],
    ['é', 1],
    ['\u0301', 0],
    ['漢', 2],
    ['한', 2],
    ['😀', 2],
    ['𠀀', 2],
    ['ａ', 2],
  ])('%s takes %i columns', (character, columns) => {
    expect(columnsOf(character)).toBe(columns)
  })
})

describe('many diagnostics', () => {
  test('end with a count', () => {
    const all = [at('a', 'a'), at('a', 'a'), at('a', 'a', { severity: 'warning' })]
    expect(renderDiagnostics(all, PLAIN)).toMatch(/\n\n2 errors, 1 warning\n$/)
    expect(renderDiagnostics(all.slice(2), PLAIN)).toMatch(/\n\n1 warning\n$/)
    expect(renderDiagnostics([], PLAIN)).toBe('')
  })

  test('are shown up to a limit', () => {
    const all = Array.from({ length: 1000 }, () => at('a', 'a'))
    const text = renderDiagnostics(all, PLAIN)
    expect(text.match(/it is wrong/g)).toHaveLength(100)
    expect(text).toMatch(/1000 errors \(the first 100 are shown\)\n$/)
  })
})
