/** Tokens: what is one, what a dot is, what is no token at all. */
import { describe, expect, test } from 'vitest'
import { lexRun } from '../../../src/syntax/datalog/lex.ts'
import { collectMistakes } from '../../../src/syntax/datalog/mistakes.ts'
import { Diagnostics } from '../../../src/text/diagnostic.ts'
import { codes, parse, printed } from './parsed.ts'

/** The kinds of the tokens of the first run. */
function kinds(text: string): string {
  return lexRun(text, 0, collectMistakes({ path: 't', text }, new Diagnostics())).kinds.join(' ')
}

describe('a dot', () => {
  test('is glued between what ends right before it and a word right after it', () => {
    expect(kinds('a.b X.y "s".c p(a).q .')).toBe(
      'name glued name variable glued name string glued name name ( name ) glued name .',
    )
  })

  test('ends a clause where white space or a comment stands on either side', () => {
    expect([kinds('a .b'), kinds('a. b'), kinds('a/**/.b'), kinds('a.//\nb'), kinds('a."b"')]).toEqual([
      'name .',
      'name .',
      'name .',
      'name .',
      'name .',
    ])
  })

  test('belongs to a number before a digit', () => {
    expect([kinds('1.5'), kinds('1.q(a).'), kinds('1. 5')]).toEqual([
      'float end',
      'integer glued name ( name ) .',
      'integer .',
    ])
  })
})

describe('a comment', () => {
  test('starts with //, # or /* and is white space', () => {
    expect(printed('p(a). // q(b).\n# r(c).\np(/* "x" ) . */b).')).toEqual(['p(a).', 'p(b).'])
  })

  test('is text inside of a string, and a string is text inside of a comment', () => {
    expect(printed('p("// # /*"). // "\np("*/").')).toEqual(['p("// # /*").', 'p("*/").'])
  })

  test('at the end needs no line break', () => {
    expect([printed('p. #'), printed('p. //'), printed('p. /**/'), printed('// only')]).toEqual([
      ['p.'],
      ['p.'],
      ['p.'],
      [],
    ])
  })
})

describe('a string', () => {
  test('stands in either quotes, with the escapes of Cedar, and may span lines', () => {
    const { clauses } = parse(`p("it's", 'say "hi"', "a\\n\\t\\\\\\"\\'\\0\\x41\\u{1f600}", 'two\nlines').`)
    expect(clauses[0]).toMatchObject({
      head: {
        args: ["it's", 'say "hi"', 'a\n\t\\"\'\0A😀', 'two\nlines'].map((value) => ({
          expr: { kind: 'constant', value },
        })),
      },
    })
  })

  test('holds no half of a surrogate pair', () => {
    expect(codes('p("\ud800").')).toEqual(['R101'])
  })

  test('holds no carriage return but as an escape, as in Cedar', () => {
    expect(codes('p("a\r\nb").')).toEqual(['R131'])
  })
})

test('operators need no white space around them', () => {
  expect(kinds('X<-1')).toBe('variable < - integer end')
  expect(kinds('X>-1')).toBe('variable > - integer end')
  expect(kinds('X==Y!=Z<=1>=2')).toBe('variable == variable != variable <= integer >= integer end')
  expect(kinds('p:-!q')).toBe('name :- ! name end')
})

test('a variable starts upper-case or with _, and _ alone is a wildcard', () => {
  expect(kinds('X _x _ __ x aB')).toBe('variable variable wildcard variable name name end')
})

test('Unicode white space and a byte order mark separate tokens', () => {
  expect(kinds('\ufeffa\u00a0b\u2003.')).toBe('name name .')
})

test('nothing behind the end of the text is read', () => {
  const source = { path: 't', text: 'p(a)."' }
  const diagnostics = new Diagnostics()
  expect(lexRun('p(a).', 0, collectMistakes(source, diagnostics)).next).toBe(5)
  expect(diagnostics.all).toEqual([])
})
