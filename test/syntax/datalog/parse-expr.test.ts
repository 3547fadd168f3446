/** Values, arithmetic and methods. */
import { describe, expect, test } from 'vitest'
import { codes, parse, printed, withoutSpans } from './parsed.ts'

/** The value that `text` writes as the argument of a fact. */
function value(text: string): unknown {
  const { clauses, problems } = parse(`p(${text}).`)
  const [clause] = clauses
  const expr = clause?.kind === 'rule' ? clause.head.args[0]?.expr : undefined
  return problems.length === 0 && expr?.kind === 'constant' ? expr.value : problems
}

/** `text` as the right side of a comparison, printed. */
function right(text: string): string {
  return printed(`p :- Z = ${text}.`)[0]!.slice('p :- Z = '.length, -1)
}

describe('a number', () => {
  test.each([
    ['0', 0n],
    ['-3', -3n],
    ['- 3', -3n],
    ['0xff', 255n],
    ['-0xFF', -255n],
    ['0x7fff_ffff_ffff_ffff', 9223372036854775807n],
    ['-0x8000000000000000', -9223372036854775808n],
    ['1_000', 1000n],
    ['9223372036854775807', 9223372036854775807n],
    ['-9223372036854775808', -9223372036854775808n],
    ['9007199254740993', 9007199254740993n],
  ])('that is an integer is exact: %s', (text, expected) => {
    expect(value(text)).toBe(expected)
  })

  test.each([
    ['1.5', 1.5],
    ['-1.5', -1.5],
    ['-0.0', 0],
    ['1_000.25', 1000.25],
    ['1e3', 1000],
    ['2.5e-3', 0.0025],
    ['1E+2', 100],
    ['1e-999', 0],
  ])('that is a float is finite and not -0: %s', (text, expected) => {
    expect(value(text)).toBe(expected)
  })

  test.each(['9223372036854775808', '-9223372036854775809', '0x8000000000000000', '1e400', '-1e400'])(
    'that is too large is refused: %s',
    (text) => {
      expect(codes(`p(${text}).`)).toEqual(['R133'])
    },
  )

  test.each(['1_', '1__0', '0x', '0x_1', '0xfg', '007', '1.2.3', '1a', '1.5x', '1_.5', '0b1'])(
    'that is malformed is refused: %s',
    (text) => {
      expect(codes(`p(${text}).`)).toEqual(['R132'])
    },
  )
})

describe('a value', () => {
  test('is a bool, a bare word or an entity', () => {
    expect(['true', 'false', 'alice', 'count', 'decl', 'min'].map(value)).toEqual([
      true,
      false,
      'alice',
      'count',
      'decl',
      'min',
    ])
    const entity = { kind: 'entity', type: 'Ns::T', id: 'x"y' }
    expect(['Ns::T::"x\\"y"', "Ns :: T :: 'x\"y'"].map(value)).toEqual([entity, entity])
    expect(value('user::""')).toEqual({ kind: 'entity', type: 'user', id: '' })
  })

  test('that is a bare word is marked', () => {
    expect(withoutSpans(parse('p(alice, "alice").').clauses[0])).toMatchObject({
      head: { args: [{ expr: { value: 'alice', bare: true } }, { expr: { value: 'alice' } }] },
    })
  })

  test('of an extension type is a constant', () => {
    expect(value('duration("1h30m")')).toEqual({ kind: 'duration', value: 5_400_000n })
    expect(value('decimal("1.23")')).toEqual({ kind: 'decimal', value: 12300n })
    expect(value('ip("10.0.0.0/8")')).toMatchObject({ kind: 'ipaddr', version: 4, prefix: 8 })
    expect(value('datetime("1970-01-02")')).toEqual({ kind: 'datetime', value: 86_400_000n })
  })

  test.each(['__proto__', 'constructor', 'toString'])('may be called %s', (word) => {
    expect(value(`"${word}"`)).toBe(word)
    expect(value(`T::"${word}"`)).toEqual({ kind: 'entity', type: 'T', id: word })
    expect(codes(`p :- a.${word}(X), Y = ${word}, Z = X.${word}.`)).toEqual([])
  })

  test.each([
    'User::Group "a"',
    'User::alice',
    'User::',
    '::"a"',
    'User::"a"::"b"',
    'ip()',
    'ip(X)',
    'ip("1.2.3.4", "x")',
    'f(a)',
    'X Y',
    '[a]',
    'in',
    'not',
    '',
  ])('is not %j', (text) => {
    expect(codes(`p(a, ${text}).`).length).toBe(1)
  })
})

describe('arithmetic', () => {
  test('binds products before sums, both to the left', () => {
    expect(['1 + 2 * 3 - 4', '(1 + 2) * 3', '1 - (2 - 3)', '1 - 2 - 3', 'A / B % C', 'A / (B % C)'].map(right)).toEqual(
      ['1 + 2 * 3 - 4', '(1 + 2) * 3', '1 - (2 - 3)', '1 - 2 - 3', 'A / B % C', 'A / (B % C)'],
    )
  })

  test('has a sign that binds before them, and after methods', () => {
    expect(['-X * Y', '-(X * Y)', '--X', '-X.length()', '(-X).abs()', 'X--3', '-(3)'].map(right)).toEqual([
      '-X * Y',
      '-(X * Y)',
      '--X',
      '-X.length()',
      '(-X).abs()',
      'X - -3',
      '-(3)',
    ])
  })
})

describe('a method', () => {
  test('may omit its parentheses, and be called on what a method yields', () => {
    expect(
      ['A.id', 'A.id.length()', 'X.replace("a", b).upper', '"s".length', 'T::"x".id', '(A + B).length'].map(right),
    ).toEqual([
      'A.id()',
      'A.id().length()',
      'X.replace("a", b).upper()',
      '"s".length()',
      'T::"x".id()',
      '(A + B).length()',
    ])
  })

  test('may be called as a reserved word', () => {
    expect(right('X.in.count.not')).toBe('X.in().count().not()')
  })

  test('is not called on a bare word', () => {
    expect(codes('p(a.b). q :- X = a.length().')).toEqual(['R273', 'R273'])
  })
})
