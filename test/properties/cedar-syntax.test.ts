/** Laws of the Cedar parser, printer and JSON form against cedar-wasm, the reference. */

import { createRequire } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import type * as CedarWasm from '@cedar-policy/cedar-wasm/nodejs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Expr, Policy } from '../../src/syntax/cedar/ast.ts'
import { policyFromJson, policyToJson } from '../../src/syntax/cedar/est.ts'
import { parsePolicies } from '../../src/syntax/cedar/parse.ts'
import { printPolicy } from '../../src/syntax/cedar/print.ts'
import type { Json } from '../../src/syntax/json/json.ts'
import { Diagnostics } from '../../src/text/diagnostic.ts'
import { edits, expression, literalBody, mutate, policy, soup } from './cedar-policies.ts'

setFlagsFromString('--no-turbo-inline-js-wasm-calls')
const cedar: typeof CedarWasm = createRequire(import.meta.url)('@cedar-policy/cedar-wasm/nodejs')

const numRuns = 150 * Number(process.env['RUNE_FUZZ'] ?? 1)

describe('Cedar syntax', () => {
  test('what is printed is accepted by cedar-wasm, parses to the same tree and has the same JSON form', () => {
    fc.assert(
      fc.property(policy, (tree) => {
        const text = printPolicy(tree)
        expect(plain(parse(text)?.[0])).toEqual(plain(tree))
        expect(toJs(policyToJson(tree))).toEqual(reference(text))
      }),
      { numRuns },
    )
  })

  test('a tree survives its JSON form', () => {
    fc.assert(
      fc.property(policy, (tree) => {
        const diagnostics = new Diagnostics()
        const back = policyFromJson(policyToJson(tree), tree.span, diagnostics)
        expect(diagnostics.all).toEqual([])
        expect(plain(back)).toEqual(plain(withoutSingleLists(tree)))
      }),
      { numRuns },
    )
  })

  test('texts near to valid ones are accepted or refused as cedar-wasm does', () => {
    fc.assert(
      fc.property(policy, edits, (tree, changes) => agree(mutate(printPolicy(tree), changes))),
      { numRuns: 3 * numRuns },
    )
  })

  test('expressions near to valid ones are accepted or refused as cedar-wasm does', () => {
    fc.assert(
      fc.property(expression, edits, (body, changes) => {
        const [clause = ''] = printPolicy({ ...EMPTY, conditions: [{ kind: 'when', body, span: SPAN }] })
          .split('\n')
          .slice(1)
        agree(`permit(principal, action, resource) ${mutate(clause, changes)}`)
      }),
      { numRuns: 3 * numRuns },
    )
  })

  test('tokens in any order are accepted or refused as cedar-wasm does', () => {
    fc.assert(fc.property(soup, agree), { numRuns: 3 * numRuns })
  })

  test('string literals and patterns mean what they mean to cedar-wasm', () => {
    fc.assert(
      fc.property(literalBody, fc.constantFrom('==', 'like'), (body, operator) => {
        agree(`permit(principal, action, resource) when { context.a ${operator} "${body}" };`)
      }),
      { numRuns: 2 * numRuns },
    )
  })

  test('JSON near to valid policies is accepted or refused as cedar-wasm does', () => {
    fc.assert(
      fc.property(
        policy,
        fc.array(fc.tuple(fc.nat(60), fc.nat(REPLACEMENTS.length + 3)), { minLength: 1, maxLength: 2 }),
        (tree, changes) => {
          const json = changes.reduce((from, [at, how]) => mutateJson(from, at, how), policyToJson(tree))
          const ours = policyFromJson(json, SPAN, new Diagnostics())
          if (isTolerated(json)) return
          const policies = isTemplate(json) ? { templates: { p: toJs(json) } } : { staticPolicies: { p: toJs(json) } }
          const theirs = cedar.checkParsePolicySet(policies as CedarWasm.PolicySet)
          expect({ json: toJs(json), accepted: ours !== undefined }).toEqual({
            json: toJs(json),
            accepted: theirs.type === 'success',
          })
        },
      ),
      { numRuns: 2 * numRuns },
    )
  })
})

const SPAN = { source: { path: '<generated>', text: '' }, start: 0, end: 0 }
const ANY = { kind: 'any', span: SPAN } as const
const EMPTY: Policy = {
  annotations: [],
  effect: 'permit',
  principal: ANY,
  action: ANY,
  resource: ANY,
  conditions: [],
  span: SPAN,
}

function parse(text: string): Policy[] | undefined {
  const diagnostics = new Diagnostics()
  const policies = parsePolicies({ source: { path: '<generated>', text } }, diagnostics)
  return diagnostics.hasErrors ? undefined : policies
}

/** cedar-wasm and we accept or refuse `text`, and read the same from it. */
function agree(text: string): void {
  const ours = parse(text)
  const theirs = cedar.policySetTextToParts(text)
  expect({ text, accepted: ours !== undefined }).toEqual({ text, accepted: theirs.type === 'success' })
  for (const one of ours ?? []) {
    const { start, end } = one.span
    expect({ text, json: toJs(policyToJson(one)) }).toEqual({ text, json: reference(text.slice(start, end)) })
    expect(plain(parse(printPolicy(one))?.[0])).toEqual(plain(one))
  }
}

/** The JSON form that cedar-wasm gives to one policy or template. */
function reference(text: string): unknown {
  const policy = cedar.policyToJson(text)
  const answer = policy.type === 'success' ? policy : cedar.templateToJson(text)
  if (answer.type !== 'success') throw new Error(`cedar-wasm refuses ${text}: ${answer.errors[0]?.message}`)
  return answer.json
}

/** A tree without spans, as something that compares and prints well. */
function plain(tree: Policy | Expr | undefined): unknown {
  return JSON.parse(
    JSON.stringify(tree ?? null, (key, value: unknown) => {
      if (key === 'span') return undefined
      return typeof value === 'bigint' ? { long: String(value) } : value
    }),
  )
}

/** JSON with cedar-wasm's rounding of integers; no key is special. */
function toJs(json: Json): unknown {
  if (typeof json === 'bigint') return Number(json)
  if (Array.isArray(json)) return json.map(toJs)
  if (!(json instanceof Map)) return json
  const object = {}
  for (const [key, value] of json) {
    Object.defineProperty(object, key, { value: toJs(value), enumerable: true, configurable: true, writable: true })
  }
  return object
}

/** JSON does not tell `action in [A]` from `action in A`. */
function withoutSingleLists(tree: Policy): Policy {
  const { action } = tree
  if (action.kind !== 'in' || action.entities.length !== 1) return tree
  return { ...tree, action: { ...action, list: false } }
}

const REPLACEMENTS: readonly Json[] = [
  ...[
    null,
    true,
    1n,
    1.5,
    '',
    'a',
    '?principal',
    '?resource',
    'Wildcard',
    'all',
    'principal',
    [],
    new Map<string, Json>(),
  ],
  new Map([['Value', 1n]]),
  new Map([
    [
      'Value',
      new Map([
        [
          '__entity',
          new Map([
            ['type', 'T'],
            ['id', 'x'],
          ]),
        ],
      ]),
    ],
  ]),
  new Map([
    [
      'Value',
      new Map<string, Json>([
        [
          '__extn',
          new Map([
            ['fn', 'ip'],
            ['arg', 'x'],
          ]),
        ],
      ]),
    ],
  ]),
  new Map([
    ['type', 'Action'],
    ['id', 'x'],
  ]),
  new Map([
    [
      'entity',
      new Map([
        ['type', 'T'],
        ['id', 'x'],
      ]),
    ],
  ]),
]

/** `json` with its part number `at`, in order, replaced, removed or given another key. */
function mutateJson(json: Json, at: number, how: number): Json {
  let count = 0
  const replacement = REPLACEMENTS[how]
  const visit = (part: Json): Json | undefined => {
    if (count++ === at) {
      if (replacement !== undefined) return replacement
      if (how === REPLACEMENTS.length) return undefined
      if (part instanceof Map) return new Map([...part, ['extra', 1n]])
      return part
    }
    if (Array.isArray(part)) return part.map(visit).filter((element) => element !== undefined)
    if (!(part instanceof Map)) return part
    return new Map(
      [...part].flatMap(([key, value]) => {
        const changed = visit(value)
        return changed === undefined ? [] : [[key, changed]]
      }),
    )
  }
  return visit(json) ?? null
}

/** Where we differ by intention: arrays for objects, `has` over several quoted names, unknown functions in `__extn`. */
function isTolerated(json: Json): boolean {
  return false && json === null
}

function isTemplate(json: Json): boolean {
  return JSON.stringify(toJs(json)).includes('"slot"')
}
