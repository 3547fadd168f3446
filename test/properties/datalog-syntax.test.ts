/** What holds of the parser and the printer of rules whatever the text or the tree. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Clause } from '../../src/syntax/datalog/ast.ts'
import { parseBody, parseClauses } from '../../src/syntax/datalog/parse.ts'
import { printClause, printLiteral } from '../../src/syntax/datalog/print.ts'
import { Diagnostics } from '../../src/text/diagnostic.ts'
import { withoutSpans } from '../syntax/datalog/parsed.ts'
import { clauseTree, literalTree, tokenSoup } from './datalog-trees.ts'
import { runs } from './random.ts'

interface Reading {
  readonly clauses: readonly Clause[]
  readonly diagnostics: Diagnostics
}

function read(text: string, start = 0, end = text.length): Reading {
  const diagnostics = new Diagnostics()
  return { clauses: parseClauses({ source: { path: 'x', text }, start, end }, diagnostics), diagnostics }
}

function errors({ diagnostics }: Reading): unknown[] {
  return diagnostics.all.filter(({ severity }) => severity === 'error')
}

function places({ diagnostics }: Reading): unknown[] {
  return diagnostics.all.map(({ code, span }) => [code, span?.start, span?.end])
}

test('what is printed parses to the same clauses', () => {
  const property = fc.property(fc.array(clauseTree, { minLength: 1, maxLength: 3 }), (clauses) => {
    const reading = read(clauses.map(printClause).join('\n'))
    expect(errors(reading)).toEqual([])
    expect(withoutSpans(reading.clauses)).toEqual(withoutSpans(clauses))
  })
  fc.assert(property, { numRuns: runs(1000) })
})

test('what is printed parses to the same literals', () => {
  const property = fc.property(literalTree, (literal) => {
    const diagnostics = new Diagnostics()
    const text = printLiteral(literal)
    const body = parseBody({ source: { path: 'x', text }, start: 0, end: text.length }, diagnostics)
    expect(diagnostics.all).toEqual([])
    expect(withoutSpans(body)).toEqual(withoutSpans([literal]))
  })
  fc.assert(property, { numRuns: runs(1000) })
})

test('any text is read or refused at places inside of it, and never throws', () => {
  let readable = 0
  const property = fc.property(tokenSoup, (text) => {
    const reading = read(text)
    for (const { span } of [...reading.diagnostics.all, ...reading.clauses]) {
      expect(span?.start).toBeGreaterThanOrEqual(0)
      expect(span?.end).toBeGreaterThanOrEqual(span?.start ?? 0)
      expect(span?.end).toBeLessThanOrEqual(text.length)
    }
    if (errors(reading).length > 0) return
    readable++
    const again = read(reading.clauses.map(printClause).join('\n'))
    expect(errors(again)).toEqual([])
    expect(withoutSpans(again.clauses)).toEqual(withoutSpans(reading.clauses))
  })
  fc.assert(property, { numRuns: runs(2500) })
  expect(readable).toBeGreaterThan(0)
})

test('a rule with a character left out is read or refused, and never throws', () => {
  const property = fc.property(clauseTree, fc.nat(), (clause, at) => {
    const text = printClause(clause)
    const cut = at % text.length
    const reading = read(`${text.slice(0, cut)}${text.slice(cut + 1)}\nnext(clause).`)
    if (errors(reading).length === 0) expect(reading.clauses.length).toBeGreaterThan(0)
  })
  fc.assert(property, { numRuns: runs(1000) })
})

test('what stands around a range does not matter', () => {
  const property = fc.property(fc.tuple(tokenSoup, tokenSoup, tokenSoup), ([before, text, after]) => {
    const alone = read(text)
    const within = read(before + text + after, before.length, before.length + text.length)
    const shift = (reading: Reading, by: number) =>
      places(reading).map((place) =>
        (place as [string, number, number]).map((n) => (typeof n === 'number' ? n + by : n)),
      )
    expect(withoutSpans(within.clauses)).toEqual(withoutSpans(alone.clauses))
    expect(shift(within, 0)).toEqual(shift(alone, before.length))
  })
  fc.assert(property, { numRuns: runs(1000) })
})
