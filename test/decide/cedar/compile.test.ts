/** Every operator against what cedar-wasm says (`probes.txt`), and expressions at the limits of the parser. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { EXPR_HEIGHT_MAX, EXPR_NESTING_MAX } from '../../../src/syntax/cedar/limits.ts'
import { Diagnostics } from '../../../src/text/diagnostic.ts'
import type { Value } from '../../../src/values/value.ts'
import { answer, entity, lowerText, uid, type World } from './world.ts'

const record = (fields: Record<string, Value>): Value => ({ kind: 'record', fields: new Map(Object.entries(fields)) })

const WORLD: World = {
  entities: [
    entity('U::"a"', { in: ['G::"g"'], attrs: { n: 1n, r: record({ x: 1n }) }, tags: { t: 1n } }),
    entity('G::"g"', { in: ['O::"o"'] }),
  ],
  request: {
    context: new Map<string, Value>([
      ['s', 'héllo'],
      ['b', true],
      ['big', 2n ** 63n - 1n],
      ['e', uid('U::"a"')],
    ]),
  },
}

/** What a policy with the condition `text` comes to. */
function outcome(text: string): string {
  const diagnostics = new Diagnostics()
  const policies = lowerText(`permit (principal, action, resource) when { ${text} };`, {}, diagnostics)
  if (diagnostics.hasErrors) return 'refused'
  const { satisfiedPermits, errors } = answer(policies, WORLD)
  return errors[0] ? `error: ${errors[0].message}` : String(satisfiedPermits.length === 1)
}

describe('an expression comes to what cedar-wasm says it does, errors included', () => {
  // One expression a line, with the answer of cedar-wasm 4.13; a long error may be cut.
  const lines = readFileSync(new URL('probes.txt', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
  test.each(lines.map((line) => line.split('  =>  ') as [string, string]))('%s', (text, expected) => {
    expect(outcome(text).slice(0, expected.length)).toBe(expected)
    if (!expected.startsWith('error')) expect(outcome(text)).toBe(expected)
  })
})

const nested = (open: string, inner: string, close: string, times: number) =>
  open.repeat(times) + inner + close.repeat(times)

test.each([
  [
    '&&',
    Array(EXPR_HEIGHT_MAX - 2)
      .fill('true')
      .join(' && '),
    'true',
  ],
  [
    '+',
    `${Array(EXPR_HEIGHT_MAX - 2)
      .fill('1')
      .join(' + ')} == ${EXPR_HEIGHT_MAX - 2}`,
    'true',
  ],
  ['.', `context${'.a'.repeat(EXPR_HEIGHT_MAX - 2)}`, 'error: record does not have the attribute `a`'],
  [
    '.offset',
    `datetime("2024-01-01")${'.offset(duration("1d"))'.repeat(EXPR_HEIGHT_MAX - 4)} > datetime("2026-01-01")`,
    'true',
  ],
  ['( )', nested('(true && ', 'true', ')', EXPR_NESTING_MAX - 2), 'true'],
  [
    '[ ]',
    `[${nested('[', 'context.b', ']', EXPR_NESTING_MAX - 4)}].contains(${nested('[', 'true', ']', EXPR_NESTING_MAX - 4)})`,
    'true',
  ],
  ['if', nested('if context.b then ', 'true', ' else false', EXPR_NESTING_MAX - 2), 'true'],
])('expressions of `%s` at the limits of the parser are evaluated', (_, text, expected) => {
  expect(outcome(text)).toBe(expected)
})

test('names that mean something to JavaScript are ordinary attributes', () => {
  expect(outcome('context has "__proto__" || context has constructor || {} has toString')).toBe('false')
  expect(outcome('{"__proto__": 1, constructor: 2}["__proto__"] == 1')).toBe('true')
})

test.each([
  ['principal.r.none', 'principal.r.none'],
  ['context.s.x', 'context.s'],
  ['"a" < principal.n', '"a"'],
  ['9223372036854775807 + principal.n > 0', '9223372036854775807 + principal.n'],
])(
  'an error stands at the operation that fails, or at the operand that is of no type for it: %s',
  (condition, place) => {
    const text = `permit (principal, action, resource) when { 1 < 2 && ${condition} };`
    const [error] = answer(lowerText(text), WORLD).errors
    expect(error?.span && text.slice(error.span.start, error.span.end)).toBe(place)
  },
)

test('a set of 130,000 elements is evaluated, constant or not', () => {
  const numbers = Array.from({ length: 130_000 }, (_, i) => i).join()
  expect(outcome(`[${numbers}].contains(129999) && [principal, ${numbers}].contains(129999)`)).toBe('true')
})
