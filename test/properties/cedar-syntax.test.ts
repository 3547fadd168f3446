/** Laws of the Cedar parser, printer and JSON form against cedar-wasm, the reference. */

import { createRequire } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import type * as CedarWasm from '@cedar-policy/cedar-wasm/nodejs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Policy } from '../../src/syntax/cedar/ast.ts'
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
          const json = changes.reduce((from, [at, how]) => mutateJson(from, at, how), small(policyToJson(tree)))
          const diagnostics = new Diagnostics()
          const ours = policyFromJson(json, SPAN, diagnostics)
          // What we refuse and cedar-wasm takes, though no text can say it.
          if (diagnostics.all.some((d) => /must all be identifiers|is no function/.test(d.message))) return
          const p = toJs(json) as CedarWasm.PolicyJson
          const theirs = [{ staticPolicies: { p } }, { templates: { p } }].map(
            (set) => cedar.checkParsePolicySet(set).type,
          )
          const shown = JSON.stringify(toJs(json))
          expect(`${ours !== undefined} ${shown}`).toBe(`${theirs.includes('success')} ${shown}`)
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
  expect(`${ours !== undefined} ${text}`).toBe(`${theirs.type === 'success'} ${text}`)
  for (const one of ours ?? []) {
    const { start, end } = one.span
    expect(toJs(policyToJson(one))).toEqual(reference(text.slice(start, end)))
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
function plain(tree: Policy | undefined): unknown {
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

/** JSON whose integers cedar-wasm's bridge does not round. */
function small(json: Json): Json {
  if (typeof json === 'bigint') return json % 2n ** 53n
  if (Array.isArray(json)) return json.map(small)
  return json instanceof Map ? new Map([...json].map(([key, value]) => [key, small(value)])) : json
}

/** JSON does not tell `action in [A]` from `action in A`. */
function withoutSingleLists(tree: Policy): Policy {
  const { action } = tree
  if (action.kind !== 'in' || action.entities.length !== 1) return tree
  return { ...tree, action: { ...action, list: false } }
}

function record(fields: Record<string, Json>): Json {
  return new Map(Object.entries(fields))
}

const REPLACEMENTS: readonly Json[] = [
  ...[null, true, 1n, 1.5, '', 'a', '?principal', '?resource', 'Wildcard', 'all', 'principal', [], record({})],
  record({ Value: 1n }),
  record({ Value: record({ __entity: record({ type: 'T', id: 'x' }) }) }),
  record({ Value: record({ __extn: record({ fn: 'ip', arg: 'x' }) }) }),
  record({ type: 'Action', id: 'x' }),
  record({ entity: record({ type: 'T', id: 'x' }) }),
]

/** `json` with its part number `at`, in order, replaced, removed or given another key. */
function mutateJson(json: Json, at: number, how: number): Json {
  let count = 0
  const replacement = REPLACEMENTS[how]
  const visit = (part: Json): Json | undefined => {
    if (count++ === at) {
      if (replacement !== undefined) return replacement
      if (how === REPLACEMENTS.length) return undefined
      return part instanceof Map ? new Map([...part, ['extra', 1n]]) : part
    }
    if (Array.isArray(part)) return part.map(visit).filter((element) => element !== undefined)
    if (!(part instanceof Map)) return part
    const changed = new Map<string, Json>()
    for (const [key, value] of part) {
      const kept = visit(value)
      if (kept !== undefined) changed.set(key, kept)
    }
    return changed
  }
  return visit(json) ?? null
}
