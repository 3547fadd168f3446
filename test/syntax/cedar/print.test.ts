/** Policies printed: the fewest parentheses, escapes, one line a part. That printing loses nothing is a property test. */
import { describe, expect, test } from 'vitest'
import { parsePolicies } from '../../../src/syntax/cedar/parse.ts'
import { printExpr, printPolicy } from '../../../src/syntax/cedar/print.ts'
import { Diagnostics } from '../../../src/text/diagnostic.ts'

describe('printing', () => {
  test.each([
    ['((1) + (2 * 3)) - ((4 - 5))', '1 + 2 * 3 - (4 - 5)'],
    ['(true || false) && (true && (false && true))', '(true || false) && (true && (false && true))'],
    ['(((1 < 2)) == (true))', '(1 < 2) == true'],
    ['!(true) && !(1 == 1)', '!true && !(1 == 1)'],
    ['!!!!(!true)', '!!!!(!true)'],
    ['----(-5)', '----(-5)'],
    ['----5', '----5'],
    ['-(5)', '-(5)'],
    ['-(context.a)', '-context.a'],
    ['(-1).a', '(-1).a'],
    ['-1.a', '-1.a'],
    ['1 - -1', '1 - -1'],
    ['(if true then 1 else 2) + (if true then (if true then 1 else 2) else (3))', undefined],
    ['[(1), {"a": (2), "b c": 3, "if": 4}]', '[1, {a: 2, "b c": 3, "if": 4}]'],
    ['context["a"]["a b"]["__cedar"]', 'context.a["a b"]["__cedar"]'],
    ['(context has "a") && context has a.b', 'context has a && context has a.b'],
    ['context.a like "\\*a*\\"\\n\\u{1F600}"', 'context.a like "\\*a*\\"\\n😀"'],
    ['(principal is A::B in (action)) || (1 + 1).lessThan(decimal("1.0"))', undefined],
    ['U :: "\\u{0}\\u{202e}"', 'U::"\\0\\u{202e}"'],
  ])('%s is %s', (text, expected) => {
    const body = parse(`permit(principal, action, resource) when { ${text} };`)?.conditions[0]?.body
    expect(body).toBeDefined()
    if (body && expected !== undefined) expect(printExpr(body)).toBe(expected)
    if (body) expect(printExpr(body)).not.toContain('((')
  })

  test('a policy has a line for each part', () => {
    const text = `@id("a") @b permit(principal is U in ?principal,action in [Action::"a"],resource==R::"x",)
      when {true}unless{false};`
    const policy = parse(text)
    expect(policy && printPolicy(policy)).toBe(
      '@id("a")\n@b\npermit(principal is U in ?principal, action in [Action::"a"], resource == R::"x")\nwhen { true }\nunless { false };',
    )
  })
})

function parse(text: string) {
  const diagnostics = new Diagnostics()
  const [policy] = parsePolicies({ source: { path: 'test.rune', text } }, diagnostics)
  expect(diagnostics.all).toEqual([])
  return policy
}
