/** Text that was written to hurt: it is read in linear time, without deep recursion, and each mistake has a place in it. */
import { expect, test } from 'vitest'
import { parseBody, parseClauses } from '../../../src/syntax/datalog/parse.ts'
import { Diagnostics } from '../../../src/text/diagnostic.ts'

const SIZE = 300_000

/** Text around `SIZE` units of a repeated piece. */
const ATTACKS: readonly (readonly [string, string, string])[] = [
  ['p :- ', '(', ''],
  ['p :- ', '()', ''],
  ['p :- ', '(a ; ', ''],
  ['p(', '(', ''],
  ['p :- X in ', '[', ''],
  ['p :- ', 'count(X, ', ''],
  ['p :- ', 'count { X : ', ''],
  ['p :- ', 'not ', 'q.'],
  ['p :- ', '!', 'q.'],
  ['p(', '-', '1).'],
  ['p(', '- ', 'X).'],
  ['p(1', ' + 1', ').'],
  ['p(X', '.a', ').'],
  ['p(X', '.a(X', ').'],
  ['p :- ', '((X).x', ', '],
  ['p(', 'a::', '"x").'],
  ['', 'a.', ''],
  ['', '.', ''],
  ['', 'p(a).', ''],
  ['', 'p(a)\n', ''],
  ['', 'p(X, "X").', ''],
  ['', 'p(', ''],
  ['', '1', ''],
  ['p(', '1.', ').'],
  ['p(', '1_', ').'],
  ['p(0x', 'f', ').'],
  ['p(ip("', '1', '")).'],
  ['p(duration("', '1d', '")).'],
  ['', '"', ''],
  ['', '\\"\n', ''],
  ['p("', '\\n', '").'],
  ['p("', '\\', '").'],
  ['', '/*', ''],
  ['', '/', ''],
  ['', '$ ', ''],
  ['', 'é', ''],
  ['', '\u00a0', ''],
  ['', '\0', ''],
  ['', ')]}', ''],
  ['decl p(a: T', ' | T', ').'],
  ['decl p(a: T', '::T', ').'],
]

test.each(ATTACKS)('%j and %j many times', (before, piece, after) => {
  const text = before + piece.repeat(SIZE / piece.length) + after
  const source = { path: 'x', text }
  for (const read of [parseClauses, parseBody]) {
    const diagnostics = new Diagnostics()
    read({ source, start: 0, end: text.length }, diagnostics)
    expect(diagnostics.all.length).toBeLessThan(210)
    for (const { span, message, help } of diagnostics.all) {
      expect(span?.start).toBeLessThanOrEqual(text.length)
      expect(span?.end).toBeLessThanOrEqual(text.length)
      expect(`${message}${help}`.length).toBeLessThan(500)
    }
  }
})
