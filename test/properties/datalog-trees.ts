/**
 * Random trees of rules, all that the parser can yield: for properties of the parser and the printer. They mean nothing;
 * most would be refused by the analysis. Spans are those of no text.
 */
import fc from 'fast-check'
import type { Aggregate, Clause, Expr, HeadArgument, Literal, Name } from '../../src/syntax/datalog/ast.ts'
import type { Value } from '../../src/values/value.ts'

const span = { source: { path: '<random>', text: '' }, start: 0, end: 0 }

const RESERVED = ['decl', 'not', 'in', 'true', 'false', 'count', 'count_distinct', 'sum', 'min', 'max', 'mean']

const lowerWord = fc.oneof(
  fc.constantFrom('p', 'q', 'has_role', 'not_in', 'ip', 'decimal', 'duration', 'is', 'and', 'if', 'x1', 'aB'),
  fc.stringMatching(/^[a-z][A-Za-z0-9_]{0,5}$/).filter((word) => !RESERVED.includes(word)),
)
const anyWord = fc.oneof(lowerWord, fc.constantFrom(...RESERVED, 'X', '_', '__proto__', 'Upper'))
const variable = fc.oneof(
  fc.constantFrom('X', 'Y', 'AND', 'NOT', '_x', '__'),
  fc.stringMatching(/^[A-Z][A-Za-z0-9_]{0,4}$/),
)
const bareWord = fc.oneof(lowerWord, fc.constantFrom('count', 'min', 'max', 'decl', 'sum'))
const typeName = fc
  .array(fc.constantFrom('User', 'Ns', 'T1', 'user', 'count', 'not', '_', 'decl'), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join('::'))
const name: fc.Arbitrary<Name> = fc
  .tuple(lowerWord, fc.array(anyWord, { maxLength: 2 }))
  .map(([first, rest]) => ({ text: [first, ...rest].join('.'), span }))

const text = fc.oneof(fc.string({ maxLength: 8 }), fc.string({ unit: 'grapheme', maxLength: 8 }), variable)
const long = fc.oneof(fc.bigInt({ min: -5n, max: 5n }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))
const value: fc.Arbitrary<Value> = fc.oneof(
  text,
  long,
  fc.boolean(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
  fc.record({ kind: fc.constant('entity' as const), type: typeName, id: text }),
  fc.record({ kind: fc.constant('decimal' as const), value: long }),
  fc.record({ kind: fc.constant('duration' as const), value: long }),
  fc.record({
    kind: fc.constant('datetime' as const),
    value: fc.bigInt({ min: -62_167_219_200_000n, max: 253_402_300_799_999n }),
  }),
  fc.record({
    kind: fc.constant('ipaddr' as const),
    version: fc.constant(4 as const),
    bits: fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }),
    prefix: fc.integer({ min: 0, max: 32 }),
  }),
)

interface Trees {
  readonly expr: Expr
  readonly aggregate: Aggregate
  readonly literal: Literal
}

/** What has no parts. */
const leaf: fc.Arbitrary<Expr> = fc.oneof(
  value.map((v): Expr => ({ kind: 'constant', value: v, span })),
  variable.map((word): Expr => ({ kind: 'variable', name: word, span })),
  bareWord.map((word): Expr => ({ kind: 'constant', value: word, bare: true, span })),
  fc.constant<Expr>({ kind: 'wildcard', span }),
)

const trees = fc.letrec<Trees>((tie: fc.LetrecTypedTie<Trees>) => ({
  expr: fc.oneof({ maxDepth: 4, depthSize: 'small' }, leaf, arithmeticOf(tie), negateOf(tie), methodOf(tie)),
  aggregate: fc.record({
    kind: fc.constant('aggregate' as const),
    function: fc.constantFrom('count', 'count_distinct', 'sum', 'min', 'max', 'mean'),
    over: tie('expr'),
    body: literalsOf(tie).filter((body) => body.length > 1 || !isGroupOfOne(body[0])),
    span: fc.constant(span),
  }),
  literal: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.record({
      kind: fc.constant('atom' as const),
      negated: fc.boolean(),
      predicate: name,
      args: fc.array(tie('expr'), { maxLength: 3 }),
      span: fc.constant(span),
    }),
    compareOf(tie),
    inOf(tie),
    fc.record({
      kind: fc.constant('test' as const),
      negated: fc.boolean(),
      expr: methodOf(tie),
      span: fc.constant(span),
    }),
    tie('aggregate').map((aggregate): Literal => ({ kind: 'bare_aggregate', aggregate, span })),
    fc
      .array(literalsOf(tie), { minLength: 1, maxLength: 3 })
      .map((alternatives): Literal => ({ kind: 'or', alternatives, span })),
  ),
}))

type Tie = fc.LetrecTypedTie<Trees>

function literalsOf(tie: Tie): fc.Arbitrary<Literal[]> {
  return fc.array(tie('literal'), { minLength: 1, maxLength: 3 })
}

function arithmeticOf(tie: Tie): fc.Arbitrary<Expr> {
  return fc.record({
    kind: fc.constant('arithmetic' as const),
    operator: fc.constantFrom('+', '-', '*', '/', '%'),
    left: tie('expr'),
    right: tie('expr'),
    span: fc.constant(span),
  })
}

function negateOf(tie: Tie): fc.Arbitrary<Expr> {
  return tie('expr').map((operand) => ({ kind: 'negate', operand, span }))
}

function methodOf(tie: Tie): fc.Arbitrary<Expr> {
  return fc.record({
    kind: fc.constant('method' as const),
    method: anyWord,
    receiver: tie('expr').filter((receiver) => receiver.kind !== 'constant' || receiver.bare !== true),
    args: fc.array(tie('expr'), { maxLength: 3 }),
    span: fc.constant(span),
  })
}

function compareOf(tie: Tie): fc.Arbitrary<Literal> {
  const side = fc.oneof({ weight: 3, arbitrary: tie('expr') }, { weight: 1, arbitrary: tie('aggregate') })
  return fc
    .record({
      kind: fc.constant('compare' as const),
      operator: fc.constantFrom('=', '!=', '<', '<=', '>', '>='),
      left: side,
      right: side,
      span: fc.constant(span),
    })
    .filter(({ operator, left, right }) => {
      const aggregates = [left, right].filter((e) => e.kind === 'aggregate').length
      return aggregates === 0 || (aggregates === 1 && operator === '=')
    })
}

function inOf(tie: Tie): fc.Arbitrary<Literal> {
  const list = fc.array(tie('expr'), { maxLength: 3 }).map((elements) => ({ kind: 'list' as const, elements, span }))
  return fc.record({
    kind: fc.constant('in' as const),
    negated: fc.boolean(),
    left: tie('expr'),
    right: fc.oneof(tie('expr'), list),
    span: fc.constant(span),
  })
}

/** The body of `count(X, (a))` is `a`: a group of one alternative is not kept there. */
function isGroupOfOne(literal: Literal | undefined): boolean {
  return literal?.kind === 'or' && literal.alternatives.length === 1
}

const headArgument: fc.Arbitrary<HeadArgument> = fc.oneof(
  trees.expr.map((expr) => ({ expr })),
  fc.record({ best: fc.constantFrom('min' as const, 'max' as const), expr: trees.expr }),
)

/** Any literal. */
export const literalTree: fc.Arbitrary<Literal> = trees.literal

/** Any clause. */
export const clauseTree: fc.Arbitrary<Clause> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('decl' as const),
      predicate: name,
      columns: fc.array(
        fc.oneof(
          fc.record({ name: lowerWord, types: fc.constant([]), span: fc.constant(span) }),
          fc.record({
            name: fc.oneof(lowerWord, fc.constantFrom('Id', 'count')),
            types: fc.array(typeName, { minLength: 1, maxLength: 3 }),
            span: fc.constant(span),
          }),
        ),
        { maxLength: 3 },
      ),
      option: fc.constantFrom('equivalence' as const, 'materialize' as const, 'on_demand' as const),
      span: fc.constant(span),
    },
    { requiredKeys: ['kind', 'predicate', 'columns', 'span'] },
  ),
  fc.record({
    kind: fc.constant('rule' as const),
    head: fc.record({ predicate: name, args: fc.array(headArgument, { maxLength: 3 }), span: fc.constant(span) }),
    body: fc.array(trees.literal, { maxLength: 4 }),
    span: fc.constant(span),
  }),
)

/** Text of pieces of rules in no order. */
export const tokenSoup: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          'p(X)',
          'q',
          'X',
          '_',
          '1',
          '-',
          '1.5',
          '"s"',
          "'",
          '"',
          'User',
          '::',
          ':-',
          '.',
          '.',
          ',',
          ';',
          '(',
          ')',
          '[',
        ],
        ...[
          ']',
          '{',
          '}',
          ':',
          '=',
          '==',
          '<',
          '>=',
          '!',
          '!=',
          '+',
          '*',
          '/',
          '%',
          '|',
          'not',
          'in',
          'decl',
          'count',
          'min',
        ],
        ...[
          'true',
          'ip("1.2.3.4")',
          'ip(',
          'count(X,',
          'count {X:',
          'a.b',
          '.c',
          '\n',
          ' ',
          '//',
          '/*',
          '*/',
          '#',
          '<-',
          '\\+',
        ],
        ...['&&', 'AND', 'is', '$', 'é', '\ud800', '\\', '0x', '1_', 'materialize', 'p(a) :- q(X).', 'r(b).'],
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
    { maxLength: 40 },
  )
  .chain((pieces) => fc.constantFrom(pieces.join(''), pieces.join(' ')))
