/** Clauses: facts, rules, declarations, where they end, and how reading goes on after a mistake. */
import { describe, expect, test } from 'vitest'
import { parseClauses } from '../../../src/syntax/datalog/parse.ts'
import { Diagnostics } from '../../../src/text/diagnostic.ts'
import { codes, parse, parseQuery, printed, withoutSpans } from './parsed.ts'

describe('a clause', () => {
  test('is a fact or a rule, with or without arguments', () => {
    const text = 'ready. ready(). p(a) :- q(a), r. go :- ready.'
    expect(printed(text)).toEqual(['ready.', 'ready.', 'p(a) :- q(a), r.', 'go :- ready.'])
  })

  test('ends with a dot even where the next one is glued to it', () => {
    expect(printed('p(a).q(b).r :- s(X).t(1).')).toEqual(['p(a).', 'q(b).', 'r :- s(X).', 't(1).'])
  })

  test('ends after a group, a list and an aggregate, too', () => {
    expect(printed('p :- (a, b).q. p :- a(X), X in [1].q. p(N) :- u(N), N = count(X, a(X)).q.')).toHaveLength(6)
  })

  test('has the place of all its text, with the dot', () => {
    const text = 'p(a). q(X) :- r(X) .'
    expect(parse(text).clauses.map(({ span }) => text.slice(span.start, span.end))).toEqual(['p(a).', 'q(X) :- r(X) .'])
  })

  test('has places in the whole source, of which only the range is read', () => {
    const source = { path: 'x', text: '"[rules]\np(a, "b").\n[data] "(' }
    const diagnostics = new Diagnostics()
    const [clause, ...more] = parseClauses({ source, start: 9, end: 19 }, diagnostics)
    expect([clause?.span.start, clause?.span.end, more, diagnostics.all]).toEqual([9, 19, [], []])
  })
})

describe('a predicate', () => {
  test('may be dotted, with any words behind the first', () => {
    expect(printed('agent.capabilities("read"). p(X) :- context.userId(X), a.b.c, x.not(X), y.Upper(X).')).toEqual([
      'agent.capabilities("read").',
      'p(X) :- context.userId(X), a.b.c, x.not(X), y.Upper(X).',
    ])
  })

  test('may be called as a value of an extension or as a word of other languages', () => {
    expect(printed('ip("a"). duration(a, b). p :- ip(X), duration(A, B), ip("x"), if, is(X), and.')).toHaveLength(3)
  })

  test('is no reserved word, unless that is a part of its name', () => {
    const reserved = ['decl', 'not', 'in', 'true', 'false', 'count', 'count_distinct', 'sum', 'min', 'max', 'mean']
    for (const word of reserved) {
      expect(codes(`${word}(X) :- p(X).`), word).not.toEqual([])
      expect(codes(`a.${word}(X, not_in) :- counts(X, min_), ${word}s.`), word).toEqual([])
    }
  })
})

describe('a head', () => {
  test('holds expressions', () => {
    expect(printed('permit("may " + X) :- q(X). next(X + 1) :- n(X).')).toEqual([
      'permit("may " + X) :- q(X).',
      'next(X + 1) :- n(X).',
    ])
  })

  test('marks its best argument by min or max', () => {
    const { clauses } = parse('d(X, min D) :- e(X, D). d(X, max(D + 1)) :- e(X, D). d(min, max).')
    expect(clauses.map((clause) => clause.kind === 'rule' && clause.head.args.map(({ best }) => best))).toEqual([
      [undefined, 'min'],
      [undefined, 'max'],
      [undefined, undefined],
    ])
  })
})

describe('a declaration', () => {
  test('names columns, types, unions of types and one option', () => {
    expect(
      printed('decl p(a: T, b: U|Ns::V, c) equivalence. decl q(x: Long) materialize. decl r on_demand. decl s().'),
    ).toEqual([
      'decl p(a: T, b: U | Ns::V, c) equivalence.',
      'decl q(x: Long) materialize.',
      'decl r on_demand.',
      'decl s.',
    ])
  })

  test('has the place of each column', () => {
    const text = 'decl p(a: T | U, b).'
    const [clause] = parse(text).clauses
    expect(clause?.kind === 'decl' && clause.columns.map(({ span }) => text.slice(span.start, span.end))).toEqual([
      'a: T | U',
      'b',
    ])
  })

  test('normalises names of types', () => {
    expect(printed('decl p(a: Ns :: T).')).toEqual(['decl p(a: Ns::T).'])
  })
})

describe('after a mistake', () => {
  test('the next clause is read', () => {
    expect(parse('p(. q(a). r(] . s(b).').clauses).toHaveLength(2)
    expect(codes('p(. q(a). r(] . s(b). t(} . u v.')).toEqual(['R260', 'R260', 'R260', 'R260'])
  })

  test('that is a missing dot, no clause is lost', () => {
    const { clauses, problems } = parse('p(X) :- q(X)\nr(X) :- s(X)\nt(a)')
    expect([clauses.length, problems.length]).toEqual([3, 3])
  })

  test('a token that was reported already is not reported again', () => {
    expect(codes('p($). q(é, 01). r("\\q").')).toEqual(['R134', 'R134', 'R132', 'R131'])
  })

  test('no more than fifty mistakes are reported', () => {
    const reported = codes('p(.\n'.repeat(1000))
    expect([reported.length, reported.at(-1)]).toEqual([51, 'R274'])
  })
})

describe('the text of a query', () => {
  test('is a body, with or without a dot', () => {
    const [a, b, c] = ['can(alice, P)', ' can(alice, P) . // x', 'can(alice,P), not q(P).'].map(parseQuery)
    expect(a?.literals).toHaveLength(1)
    expect(withoutSpans(b?.literals)).toEqual(withoutSpans(a?.literals))
    expect(c?.literals).toHaveLength(2)
    expect([a?.problems, b?.problems, c?.problems]).toEqual([[], [], []])
  })

  test.each([
    '',
    '.',
    'p(X). q(X)',
    'p(X).q(X)',
    'p(X) :- q(X)',
    'p(X',
    'p(X); q(X)',
    '?- p(X)',
    'p(X),',
    'p(X). "',
    'X',
  ])('is nothing else: %j', (text) => {
    const { literals, problems } = parseQuery(text)
    expect([literals, problems.length]).toEqual([[], 1])
  })
})
