/** Policies as text: places, recovery, every mistake with its code, limits. Agreement with cedar-wasm is a property test. */
import { describe, expect, test } from 'vitest'
import type { Expr, Policy } from '../../../src/syntax/cedar/ast.ts'
import { MISTAKES_MAX } from '../../../src/syntax/cedar/lex.ts'
import { EXPR_HEIGHT_MAX, EXPR_NESTING_MAX } from '../../../src/syntax/cedar/limits.ts'
import { type PolicyText, parsePolicies } from '../../../src/syntax/cedar/parse.ts'
import { Diagnostics } from '../../../src/text/diagnostic.ts'

const HEAD = 'permit(principal, action, resource)'

describe('policies', () => {
  test('spans are offsets in the whole source', () => {
    const before = '[policies]\n'
    const text = `${before}permit(principal == User::"é", action, resource) when { context.a };\n[tests]`
    const { policies, codes } = parse(text, { start: before.length, end: text.indexOf('\n[tests]') })
    expect(codes).toEqual([])
    const [policy] = policies
    expect(at(text, policy?.span)).toBe('permit(principal == User::"é", action, resource) when { context.a };')
    expect(at(text, policy?.principal.span)).toBe('principal == User::"é"')
    expect(at(text, policy?.conditions[0]?.body.span)).toBe('context.a')
  })

  test('`#` starts a comment where asked for, outside of strings', () => {
    const text = `# é "\n${HEAD} when { "#" == "#" }; // x # y\n`
    expect(parse(text, { hashComments: true }).codes).toEqual([])
    expect(parse(text).codes).not.toEqual([])
  })

  test('annotations keep their order, and one without a value is told from an empty one', () => {
    const { policies, codes } = parse(`@b("x\\n") @if @a("") ${HEAD};`)
    expect(codes).toEqual([])
    expect(policies[0]?.annotations.map(({ key, value, bare }) => [key, value, bare])).toEqual([
      ['b', 'x\n', false],
      ['if', '', true],
      ['a', '', false],
    ])
  })

  test('scopes may hold slots, lists of actions, parentheses and a trailing comma', () => {
    const { policies, codes } = parse(
      'permit(principal is A::B in (?principal), action in ([Action::"a", (N::Action::"b"),]), resource == R::"r",);',
    )
    expect(codes).toEqual([])
    expect(policies[0]).toMatchObject({
      principal: { kind: 'is', type: 'A::B', in: { kind: 'slot', slot: '?principal' } },
      action: {
        kind: 'in',
        list: true,
        entities: [{ uid: { type: 'Action' } }, { uid: { type: 'N::Action', id: 'b' } }],
      },
      resource: { kind: 'eq', entity: { uid: { type: 'R', id: 'r' } } },
    })
  })

  test('an empty text has no policies', () => {
    expect(parse(' // nothing\n').policies).toEqual([])
  })
})

describe('expressions', () => {
  test.each([
    ['1 + 2 * 3 - 4', '((1 + (2 * 3)) - 4)'],
    ['a || b && c', undefined],
    ['true || false && true', '(true || (false && true))'],
    ['1 < 2 && 3 == 4 || false', '(((1 < 2) && (3 == 4)) || false)'],
    ['if true then 1 else 2 + 3', '(if true 1 (2 + 3))'],
    ['--5', '(--5)'],
    ['-(5)', '(-5)'],
    ['-5.a', '(-5.a)'],
    ['!!true', '(!(!true))'],
    ['-9223372036854775808', '-9223372036854775808'],
    ['9223372036854775807 + 0007', '(9223372036854775807 + 7)'],
    ['context has a.b && true', '((context has a.b) && true)'],
    ['principal is A in principal', '(principal is A in principal)'],
  ])('%s is %s', (text, expected) => {
    const { policies } = parse(`${HEAD} when { ${text} };`)
    const body = policies[0]?.conditions[0]?.body
    expect(body && structure(body)).toBe(expected)
  })

  test('`*` in a pattern is any run, `\\*` a star', () => {
    const { policies } = parse(`${HEAD} when { "x" like "**a\\*b\\u{2a}*" };`)
    expect(policies[0]?.conditions[0]?.body).toMatchObject({ pattern: [null, null, 'a*b', null, null] })
  })

  test('keys and attributes that JavaScript knows are ordinary', () => {
    const { policies, codes } = parse(
      `${HEAD} when { {__proto__: 1, constructor: 2}.__proto__ == context["toString"] };`,
    )
    expect(codes).toEqual([])
    expect(policies[0]?.conditions[0]?.body).toMatchObject({
      left: { attribute: '__proto__', operand: { entries: [{ key: '__proto__' }, { key: 'constructor' }] } },
    })
  })
})

describe('mistakes', () => {
  test.each([
    ['R120', `${HEAD} when { true ~~ };`, '~~'],
    ['R122', `${HEAD} when { "é\\q" };`, '\\q'],
    ['R123', `${HEAD} when { 9223372036854775808 };`, '9223372036854775808'],
    ['R123', `${HEAD} when { -9223372036854775809 };`, '-9223372036854775809'],
    ['R220', `${HEAD} when { 1 2 };`, '2'],
    ['R220', `${HEAD} when { !-1 };`, '-'],
    ['R220', `${HEAD} when { context has a + 1 };`, '+'],
    ['R220', `${HEAD} when { [,] };`, ','],
    ['R220', `${HEAD}`, ''],
    ['R220', `${HEAD} when { U::{a: 1} };`, '{'],
    ['R220', `${HEAD} when { principal is "T" };`, '"T"'],
    ['R220', `${HEAD} when { principal is U::"a" };`, 'U::"a"'],
    ['R221', `${HEAD} when { context.if };`, 'if'],
    ['R221', `${HEAD} when { __cedar::T::"a" == principal };`, '__cedar'],
    ['R221', `${HEAD} when { {then: 1} };`, 'then'],
    ['R222', 'allow(principal, action, resource);', 'allow'],
    ['R223', 'permit(principal, action);', ')'],
    ['R223', 'permit(principal, action, resource, context);', 'context'],
    ['R223', 'permit(resource, action, resource);', 'resource'],
    ['R223', 'permit(principal: User, action, resource);', ':'],
    ['R223', 'permit(principal != U::"a", action, resource);', '!='],
    ['R223', 'permit(principal is U == U::"a", action, resource);', '=='],
    ['R223', 'permit(principal, action is A, resource);', 'is'],
    ['R224', 'permit(principal, action == U::"a", resource);', 'U::"a"'],
    ['R224', 'permit(principal, action == [Action::"a"], resource);', '[Action::"a"]'],
    ['R224', 'permit(principal, action in [[Action::"a"]], resource);', '[Action::"a"]'],
    ['R224', 'permit(principal, action == ?action, resource);', '?action'],
    ['R224', 'permit(principal in [U::"a"], action, resource);', '[U::"a"]'],
    ['R224', 'permit(principal == U, action, resource);', 'U'],
    ['R225', `@a @a("x") ${HEAD};`, '@a("x")'],
    ['R226', `${HEAD} advice { true };`, 'advice'],
    ['R226', `${HEAD} unless { };`, 'unless { }'],
    ['R227', `${HEAD} when { principal == ?principal };`, '?principal'],
    ['R227', 'permit(principal == ?resource, action, resource);', '?resource'],
    ['R228', `${HEAD} when { foo };`, 'foo'],
    ['R229', `${HEAD} when { foo(1) };`, 'foo'],
    ['R229', `${HEAD} when { isIpv4("a") };`, 'isIpv4'],
    ['R229', `${HEAD} when { "a".ip() };`, 'ip'],
    ['R229', `${HEAD} when { [1].contains() };`, 'contains'],
    ['R229', `${HEAD} when { principal() };`, 'principal'],
    ['R229', `${HEAD} when { (context.a)(1) };`, '('],
    ['R230', `${HEAD} when { 1 / 2 == 0 };`, '/'],
    ['R230', `${HEAD} when { 1 = 2 };`, '='],
    ['R230', `${HEAD} when { 1 < 2 < 3 };`, '<'],
    ['R230', `${HEAD} when { !!!!!true };`, '!!!!!'],
    ['R231', `${HEAD} when { {a: 1, "a": 2} };`, '"a"'],
  ])('%s: %s', (code, text, place) => {
    const { codes, diagnostics } = parse(text)
    expect(codes).toEqual([code])
    expect(at(text, diagnostics.all[0]?.span)).toBe(place)
  })

  test('a string that is not closed ends with its line, so that the rest is checked', () => {
    const text = `${HEAD} when { "a };\n${HEAD} when { foo };`
    const { codes, diagnostics } = parse(text)
    expect(codes).toEqual(['R121', 'R220'])
    expect(at(text, diagnostics.all[0]?.span)).toBe('"a };')
  })

  test('a mistake in one policy does not hide those in others, nor the good ones', () => {
    const text = `${HEAD} when { true; };\n${HEAD} when { (1 };\nforbid(principal, action, resource);\n${HEAD}\n${HEAD};;`
    const { policies, codes } = parse(text)
    expect(codes).toEqual(['R220', 'R220', 'R220', 'R220'])
    expect(policies.map((policy) => policy.effect)).toEqual(['forbid', 'permit'])
  })

  test('many mistakes in one expression are all reported', () => {
    expect(parse(`${HEAD} when { foo == 1 % bar.if && "\\q" == baz() };`).codes).toEqual([
      'R228',
      'R230',
      'R228',
      'R221',
      'R122',
      'R229',
    ])
  })

  test('an ill-formed text is refused', () => {
    expect(parse(`${HEAD} when { "\ud800" };`).codes).toEqual(['R101'])
  })

  test('the number of mistakes that are reported is bounded', () => {
    for (const text of ["~'".repeat(200_000), ';'.repeat(200_000), '"\\"\n'.repeat(50_000)]) {
      const { codes } = parse(text)
      expect(codes.length).toBe(MISTAKES_MAX + 1)
      expect(codes.at(-1)).toBe('R233')
    }
  })
})

describe('limits', () => {
  const nested = (n: number, open: string, close: string): string =>
    `${HEAD} when { ${open.repeat(n)}true${close.repeat(n)} };`

  test.each([
    ['(', ')'],
    ['[', ']'],
    ['{a: ', '}'],
    ['ip(', ')'],
    ['if true then true else ', ''],
    ['!(', ')'],
    ['[].contains(', ')'],
  ])('nesting by %s is bounded, far from the end of the stack', (open, close) => {
    expect(parse(nested(EXPR_NESTING_MAX - 1, open, close)).codes).toEqual([])
    expect(parse(nested(EXPR_NESTING_MAX, open, close)).codes).toEqual(['R232'])
    expect(parse(nested(20_000, open, close)).codes).toContain('R232')
  })

  test.each([
    ['&& true', 'true'],
    ['+ 1', '1'],
    ['.a', 'context'],
    ['.contains(1)', 'context'],
  ])('chains of %s are bounded', (link, first) => {
    const chain = (n: number): string => `${HEAD} when { ${first}${` ${link}`.repeat(n)} };`
    expect(parse(chain(EXPR_HEIGHT_MAX - 1)).codes).toEqual([])
    expect(parse(chain(EXPR_HEIGHT_MAX)).codes).toEqual(['R232'])
    expect(parse(chain(20_000)).codes).toEqual(['R232'])
  })

  test('scopes nest no deeper than expressions', () => {
    const text = `permit(principal == ${'('.repeat(100_000)}U::"a"${')'.repeat(100_000)}, action, resource);`
    expect(parse(text).codes).toEqual(['R220'])
  })

  test('wide texts are read in linear time', () => {
    const set = `[${'1,'.repeat(100_000)}]`
    const digits = `${'0'.repeat(300_000)}7`
    const record = `{${Array.from({ length: 50_000 }, (_, i) => `k${i}: 1`).join(',')}}`
    expect(parse(`${HEAD} when { ${set} == ${digits} || ${record} has a };`.repeat(3)).codes).toEqual([])
    expect(parse(`${HEAD} when { ${'9'.repeat(1_000_000)} };`).codes).toEqual(['R123'])
  })
})

function parse(
  text: string,
  options: Omit<PolicyText, 'source'> = {},
): { policies: Policy[]; codes: string[]; diagnostics: Diagnostics } {
  const diagnostics = new Diagnostics()
  const policies = parsePolicies({ source: { path: 'test.rune', text }, ...options }, diagnostics)
  return { policies, codes: diagnostics.all.map((d) => d.code), diagnostics }
}

function at(text: string, span: { readonly start: number; readonly end: number } | undefined): string | undefined {
  return span && text.slice(span.start, span.end)
}

/** A tree with all its parentheses. */
function structure(expr: Expr): string {
  switch (expr.kind) {
    case 'literal':
      return String(expr.value)
    case 'variable':
      return expr.name
    case 'binary':
      return `(${structure(expr.left)} ${expr.operator} ${structure(expr.right)})`
    case 'not':
      return `(!${structure(expr.operand)})`
    case 'negate':
      return `(-${structure(expr.operand)})`
    case 'if':
      return `(if ${structure(expr.test)} ${structure(expr.then)} ${structure(expr.else)})`
    case 'has':
      return `(${structure(expr.operand)} has ${expr.attributes.join('.')})`
    case 'is':
      return `(${structure(expr.operand)} is ${expr.type} in ${expr.in && structure(expr.in)})`
    case 'get':
      return `${structure(expr.operand)}.${expr.attribute}`
    default:
      return expr.kind
  }
}
