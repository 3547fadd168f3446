/** Values of JavaScript: as JSON text would be read, or refused; never silently changed. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonFromJs } from '../../../src/syntax/json/from-js.ts'
import { type Json, parseJson } from '../../../src/syntax/json/json.ts'
import { Diagnostics } from '../../../src/text/diagnostic.ts'

const RUNS = 300 * Number(process.env['RUNE_FUZZ'] ?? 1)

function convert(value: unknown): Json | undefined | string {
  const diagnostics = new Diagnostics()
  const json = jsonFromJs(value, 'context', diagnostics)
  const [first] = diagnostics.all
  expect(diagnostics.all.length).toBe(json === undefined ? 1 : 0)
  return first === undefined ? json : `${first.code} ${first.message}`
}

describe('a value of JavaScript', () => {
  it('is what its JSON text is', () => {
    const value = fc.jsonValue({ maxDepth: 5 })
    fc.assert(
      fc.property(value, (any) => {
        const text = JSON.stringify(any)
        fc.pre(!/e\+|\d{16}/.test(text))
        expect(convert(any)).toEqual(parseJson({ source: { path: 'a', text } }, new Diagnostics()))
      }),
      { numRuns: RUNS },
    )
  })

  it.each([
    [{ a: { b: [1, undefined] } }, 'R283 `context.a.b[1]` has no value'],
    [{ a: () => 1 }, 'R283 `context.a` is a function, which has no form in JSON'],
    [{ 'odd key': Symbol('x') }, 'R283 `context["odd key"]` is a symbol, which has no form in JSON'],
    [{ a: new Date(0) }, 'R283 `context.a` is an instance of a class'],
    [new Map(), 'R283 `context` is an instance of a class'],
    [Object('a'), 'R283 `context` is an instance of a class'],
    [Number.NaN, 'R283 `context` is not a finite number'],
    [2 ** 53, 'R284 `context` is an integer too large to be exact'],
    [[-(2 ** 60)], 'R284 `context[0]` is an integer too large to be exact'],
    [2n ** 63n, 'R151 `context` does not fit in 64 bits'],
    ['\ud800', 'R101 `context` holds half of a surrogate pair'],
    [{ '\udc00': 1 }, 'R101 `context` has a key with half of a surrogate pair'],
    [undefined, 'R283 `context` has no value'],
    [new Array(2 ** 32 - 1), 'R283 `context[0]` has no value'],
  ])('that has no exact form is refused: %#', (value, message) => {
    expect(convert(value)).toBe(message)
  })

  it('keeps integers exact and drops properties that are undefined', () => {
    expect(convert([2 ** 53 - 1, 2n ** 63n - 1n, -0, 1.5])).toEqual([9007199254740991n, 9223372036854775807n, 0n, 1.5])
    expect(convert({ a: undefined, b: null })).toEqual(new Map([['b', null]]))
  })

  it('is read by its own enumerable string keys, each once', () => {
    let reads = 0
    const value = Object.defineProperties(
      {
        get a() {
          return ++reads
        },
        [Symbol('s')]: 1,
      },
      { hidden: { value: 1, enumerable: false } },
    )
    expect(convert(value)).toEqual(new Map([['a', 1n]]))
    expect(reads).toBe(1)
    expect(convert(JSON.parse('{"__proto__": {"x": 1}}'))).toEqual(new Map([['__proto__', new Map([['x', 1n]])]]))
    expect(convert(Object.assign(Object.create(null), { b: 1 }))).toEqual(new Map([['b', 1n]]))
    expect(convert(Object.create({ inherited: 1 }))).toMatch(/^R283/)
  })

  it('that holds itself, is too deep, or unfolds without end is refused', () => {
    const cycle: Record<string, unknown> = {}
    cycle['self'] = [cycle]
    expect(convert(cycle)).toMatch(/^R282 .* or holds itself$/)
    let shared: unknown = 'leaf'
    for (let i = 0; i < 60; i++) shared = [shared, shared]
    expect(convert(shared)).toMatch(/^R282 .* holds more than/)
  })
})
