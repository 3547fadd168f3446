/**
 * Random Cedar policies for property tests of the syntax: every AST that some text makes, untyped, and texts near to
 * valid ones. Type-directed policies, which can also be evaluated, are generated elsewhere.
 */
import fc from 'fast-check'
import type { Expr, LikePattern, Policy } from '../../src/syntax/cedar/ast.ts'
import { CORE_METHODS, isCoreMethod } from '../../src/syntax/cedar/calls.ts'
import { isPlainAttribute } from '../../src/syntax/cedar/names.ts'
import { EXTENSION_FUNCTIONS } from '../../src/values/extension.ts'

const span = { source: { path: '<generated>', text: '' }, start: 0, end: 0 }

const NAMES = ['a', 'b', 'User', 'Ns::T', 'principal', 'A::B::C', 'context::X', '__cedar_', 'permit', 'contains', 'ip']
const KEYS = [
  'a',
  'b',
  'c',
  'when',
  'action',
  '_',
  'if',
  'in',
  '__cedar',
  '__proto__',
  'constructor',
  '',
  'a b',
  '"',
  'é',
]
const TEXTS = [
  '',
  'a',
  '*',
  '\\',
  '\\*',
  '"',
  "'",
  '\n',
  '\r\n',
  '\t',
  '\0',
  '\u001b',
  '😀',
  'é',
  '\u2028',
  '\ufeff',
  '?',
  '//',
  '#',
  '{}',
]
const LONGS = [0n, 1n, -1n, 5n, -5n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)]

const text = fc.oneof(fc.constantFrom(...TEXTS), fc.string({ unit: 'binary', maxLength: 6 }))
const long = fc.oneof(fc.constantFrom(...LONGS), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))
const key = fc.oneof(fc.constantFrom(...KEYS), text)
const plainKey = fc.constantFrom(...KEYS.filter(isPlainAttribute))
const type = fc.constantFrom(...NAMES)
const uid = fc.record({ kind: fc.constant('entity' as const), type, id: text })
const entity = uid.map((value) => ({ kind: 'entity' as const, uid: value, span }))
const action = fc
  .record({ kind: fc.constant('entity' as const), type: fc.constantFrom('Action', 'Ns::Action'), id: text })
  .map((value) => ({ kind: 'entity' as const, uid: value, span }))

const pattern: fc.Arbitrary<LikePattern> = fc.array(fc.option(text), { maxLength: 4 }).map((parts) => {
  const merged: (string | null)[] = []
  for (const part of parts) {
    const last = merged.at(-1)
    if (part === null) merged.push(null)
    else if (part !== '' && typeof last === 'string') merged[merged.length - 1] = last + part
    else if (part !== '') merged.push(part)
  }
  return merged
})

const leaf: fc.Arbitrary<Expr> = fc.oneof(
  fc.oneof(fc.boolean(), long, text).map((value) => ({ kind: 'literal' as const, value, span })),
  fc
    .constantFrom('principal' as const, 'action' as const, 'resource' as const, 'context' as const)
    .map((name) => ({ kind: 'variable' as const, name, span })),
  entity,
)

const OPERATORS = ['==', '!=', '<', '<=', '>', '>=', 'in', '+', '-', '*', '&&', '||'] as const

/** Any expression that a text can make. */
export const expression: fc.Arbitrary<Expr> = fc.letrec<{ expr: Expr }>((tie) => {
  const e = tie('expr')
  const es = fc.array(e, { maxLength: 3 })
  return {
    expr: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc
        .record({ operator: fc.constantFrom(...OPERATORS), left: e, right: e })
        .map((parts) => ({ kind: 'binary' as const, ...parts, span })),
      fc
        .record({ kind: fc.constantFrom('not' as const, 'negate' as const), operand: e })
        .map((parts) => ({ ...parts, span })),
      fc.tuple(e, e, e).map(([test, then, otherwise]) => ({ kind: 'if' as const, test, then, else: otherwise, span })),
      fc.record({ operand: e, attribute: key }).map((parts) => ({ kind: 'get' as const, ...parts, span })),
      fc
        .record({
          operand: e,
          attributes: fc.oneof(
            key.map((one) => [one]),
            fc.array(plainKey, { minLength: 1, maxLength: 3 }),
          ),
        })
        .map((parts) => ({ kind: 'has' as const, ...parts, span })),
      fc.record({ operand: e, pattern }).map((parts) => ({ kind: 'like' as const, ...parts, span })),
      fc.record({ operand: e, type }).map((parts) => ({ kind: 'is' as const, ...parts, span })),
      fc.record({ operand: e, type, in: e }).map((parts) => ({ kind: 'is' as const, ...parts, span })),
      es.map((elements) => ({ kind: 'set' as const, elements, span })),
      fc
        .uniqueArray(fc.record({ key, value: e }), { maxLength: 3, selector: (entry) => entry.key })
        .map((entries) => ({ kind: 'record' as const, entries: entries.map((entry) => ({ ...entry, span })), span })),
      fc.tuple(fc.constantFrom(...CORE_METHODS.keys()), e, e).map(([method, receiver, arg]): Expr => {
        if (!isCoreMethod(method)) throw new Error('unreachable')
        return { kind: 'method', method, receiver, args: CORE_METHODS.get(method) === 0 ? [] : [arg], span }
      }),
      fc.tuple(fc.constantFrom(...EXTENSION_FUNCTIONS.values()), e, es).map(([f, receiver, args]): Expr => {
        return { kind: 'extension', name: f.name, args: f.style === 'method' ? [receiver, ...args] : args, span }
      }),
    ),
  }
}).expr

function constraint(slot: '?principal' | '?resource'): fc.Arbitrary<Policy['principal']> {
  const target = fc.oneof(entity, fc.constant({ kind: 'slot' as const, slot, span }))
  return fc.oneof(
    fc.constant({ kind: 'any' as const, span }),
    fc
      .record({ kind: fc.constantFrom('eq' as const, 'in' as const), entity: target })
      .map((parts) => ({ ...parts, span })),
    fc.record({ type }).map((parts) => ({ kind: 'is' as const, ...parts, span })),
    fc.record({ type, in: target }).map((parts) => ({ kind: 'is' as const, ...parts, span })),
  )
}

const actionConstraint: fc.Arbitrary<Policy['action']> = fc.oneof(
  fc.constant({ kind: 'any' as const, span }),
  action.map((one) => ({ kind: 'eq' as const, entity: one, span })),
  action.map((one) => ({ kind: 'in' as const, entities: [one], list: false, span })),
  fc.array(action, { maxLength: 3 }).map((entities) => ({ kind: 'in' as const, entities, list: true, span })),
)

const annotation = fc
  .record({ key: fc.constantFrom('id', 'if', '__cedar', 'x', 'toString'), value: fc.option(text) })
  .map((parts) => ({ key: parts.key, value: parts.value ?? '', bare: parts.value === null, span }))

/** Any policy or template that a text can make. */
export const policy: fc.Arbitrary<Policy> = fc.record({
  annotations: fc.uniqueArray(annotation, { maxLength: 2, selector: (one) => one.key }),
  effect: fc.constantFrom('permit' as const, 'forbid' as const),
  principal: constraint('?principal'),
  action: actionConstraint,
  resource: constraint('?resource'),
  conditions: fc.array(
    fc
      .record({ kind: fc.constantFrom('when' as const, 'unless' as const), body: expression })
      .map((parts) => ({ ...parts, span })),
    { maxLength: 2 },
  ),
  span: fc.constant(span),
})

const TOKENS = [
  ...[
    'permit',
    'forbid',
    'when',
    'unless',
    'principal',
    'action',
    'resource',
    'context',
    'true',
    'false',
    'if',
    'then',
  ],
  ...['else', 'in', 'has', 'like', 'is', '__cedar', 'a', 'User', 'ip', 'contains', 'isEmpty', 'isIpv4', 'decimal'],
  ...[
    '@',
    '.',
    ',',
    ';',
    ':',
    '::',
    '(',
    ')',
    '{',
    '}',
    '[',
    ']',
    '==',
    '!=',
    '<',
    '<=',
    '>',
    '>=',
    '||',
    '&&',
    '+',
    '-',
  ],
  ...[
    '*',
    '/',
    '%',
    '!',
    '=',
    '?principal',
    '?resource',
    '?x',
    '0',
    '7',
    '9223372036854775808',
    '18446744073709551616',
  ],
  ...[
    '"a"',
    '"a*"',
    '"\\*"',
    '"\\u{41}"',
    '"\\x2a"',
    '"\\q"',
    '""',
    'User::"a"',
    'Action::"b"',
    'Ns::T',
    '// c\n',
    '# c\n',
  ],
  ...[
    '"',
    "'",
    '&',
    '?',
    '\u00a0',
    '\u0085',
    '\ufeff',
    'é',
    '\r',
    '/*',
    'principal',
    'action',
    'resource',
    '(',
    ')',
    '1',
  ],
]

const token = fc.constantFrom(...TOKENS)

/** Tokens in any order, in the body of a policy or alone. */
export const soup: fc.Arbitrary<string> = fc
  .tuple(fc.array(token, { maxLength: 12 }), fc.constantFrom(' ', ' ', ''), fc.integer({ min: 0, max: 3 }))
  .map(([tokens, space, frame]) => {
    const body = tokens.join(space)
    if (frame === 0) return body
    return frame === 1 ? `permit(${body});` : `permit(principal, action, resource) when { ${body} };`
  })

interface Edit {
  readonly at: number
  readonly kind: 'delete' | 'insert' | 'replace' | 'duplicate' | 'swap'
  readonly token: string
}

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(200),
  kind: fc.constantFrom('delete', 'insert', 'replace', 'duplicate', 'swap'),
  token,
})

/** Random edits of the tokens of a text. */
export const edits = fc.array(edit, { minLength: 1, maxLength: 3 })

/** `source` after `changes`. */
export function mutate(source: string, changes: readonly Edit[]): string {
  const tokens = source.match(/"(?:\\.|[^"\\])*"|[_a-zA-Z0-9]+|::|[=!<>]=|&&|\|\||[\s\S]/g) ?? []
  for (const { at, kind, token: other } of changes) {
    const i = at % Math.max(1, tokens.length)
    const here = tokens[i] ?? ''
    if (kind === 'delete') tokens.splice(i, 1)
    else if (kind === 'insert') tokens.splice(i, 0, ` ${other} `)
    else if (kind === 'replace') tokens.splice(i, 1, other)
    else if (kind === 'duplicate') tokens.splice(i, 0, here)
    else if (i > 0) tokens.splice(i - 1, 2, here, tokens[i - 1] ?? '')
  }
  return tokens.join('')
}

/** What may stand between the quotes of a string literal, right or wrong. */
export const literalBody: fc.Arbitrary<string> = fc
  .array(
    fc.constantFrom(
      ...[
        'a',
        '\\',
        '\\n',
        '\\r',
        '\\t',
        '\\0',
        "\\'",
        '\\"',
        '\\\\',
        '\\*',
        '*',
        '\\x',
        '\\x7',
        '\\x7f',
        '\\x80',
        '\\x2A',
      ],
      ...[
        '\\u',
        '\\u{',
        '\\u{}',
        '\\u{41}',
        '\\u{d800}',
        '\\u{10ffff}',
        '\\u{110000}',
        '\\u{0_1}',
        '\\u{_1}',
        '\\u{0000041}',
      ],
      ...['{', '}', '_', '1', 'F', '\n', '\r', '\r\n', '\t', '\0', '😀', 'é', '\\\n', ' ', '\\ ', '\u2028'],
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''))
