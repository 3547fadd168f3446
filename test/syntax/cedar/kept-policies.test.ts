/** Policies that were parsed before are what `parse.ts` makes of the text now. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keepPolicies, nextRound, parseKeptPolicies } from '../../../src/syntax/cedar/kept-policies.ts'
import { parsePolicies } from '../../../src/syntax/cedar/parse.ts'
import { Diagnostics } from '../../../src/text/diagnostic.ts'

/** Pieces of text that a statement may begin, end or be broken with. */
const PIECES = [
  'permit(principal, action, resource);',
  'permit(principal, action, resource) when { context.a == "x;y\\";" };',
  '@id("a") forbid(principal == User::"é", action, resource) unless { principal.b < 5 };',
  '@id("a") permit(principal == ?principal, action, resource);',
  '// a comment; with "quotes\n',
  '# another; one\r',
  '\n\n  ',
  ';',
  '"',
  '\\',
  '/',
  'permit(principal, action, resource)',
  '$$',
]

const parsed = (text: string, kept = keepPolicies()) => {
  const source = { path: 'main.rune', text: `[policies]\n${text}[tests]\n` }
  const section = { source, start: 11, end: 11 + text.length, hashComments: true }
  const diagnostics = new Diagnostics()
  nextRound(kept)
  const policies = parseKeptPolicies(section, kept, diagnostics)
  const plain = new Diagnostics()
  return { policies, found: diagnostics.all, expected: parsePolicies(section, plain), expectedFound: plain.all, source }
}

describe('policies that are kept', () => {
  test('are what a parser makes of the whole text, whatever was parsed before', () => {
    const text = fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((pieces) => pieces.join(''))
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), (texts) => {
        const kept = keepPolicies()
        for (const one of texts) {
          const { policies, found, expected, expectedFound } = parsed(one, kept)
          expect(policies).toEqual(expected)
          expect(found).toEqual(expectedFound)
        }
      }),
    )
  })

  test('are the same objects wherever they stand now, each once, and in the new text', () => {
    const kept = keepPolicies()
    const statement = 'permit(principal, action, resource);'
    const [first, second] = parsed(`${statement}${statement}`, kept).policies
    const { policies, source } = parsed(`forbid(principal, action, resource);${statement}${statement}`, kept)
    expect(policies[1]).toBe(first)
    expect(policies[2]).toBe(second)
    expect(first?.span.source).toBe(source)
  })

  test('are forgotten when a text does not hold them', () => {
    const kept = keepPolicies()
    const statement = 'permit(principal, action, resource);'
    const [first] = parsed(statement, kept).policies
    parsed('', kept)
    expect(parsed(statement, kept).policies[0]).not.toBe(first)
  })
})
