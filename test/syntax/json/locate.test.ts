/** Places in JSON texts: what stands there is the value that the path leads to. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonLocator, printPath } from '../../../src/syntax/json/locate.ts'

const RUNS = 300 * Number(process.env['RUNE_FUZZ'] ?? 1)

function paths(value: unknown, path: (string | number)[] = []): [(string | number)[], unknown][] {
  const here: [(string | number)[], unknown] = [path, value]
  if (Array.isArray(value)) return [here, ...value.flatMap((item, i) => paths(item, [...path, i]))]
  if (typeof value !== 'object' || value === null) return [here]
  return [here, ...Object.entries(value).flatMap(([key, item]) => paths(item, [...path, key]))]
}

describe('the place of a path', () => {
  it('holds the value that the path leads to, in any order of asking', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 4 }),
        fc.integer({ min: 0, max: 2 }),
        fc.boolean(),
        (value, indent, backwards) => {
          const text = `xx ${JSON.stringify(value, null, indent)} yy`
          const source = { path: 'a', text }
          const locate = jsonLocator({ source, start: 2, end: text.length - 2 })
          const all = paths(JSON.parse(text.slice(2, -2)))
          for (const [path, expected] of backwards ? all.reverse() : all) {
            const span = locate(path)
            expect(JSON.parse(text.slice(span?.start, span?.end))).toEqual(expected)
          }
        },
      ),
      { numRuns: RUNS },
    )
  })

  it('that does not exist is that of what is around it', () => {
    const text = '[{"a": {"b": 1}}]'
    const locate = jsonLocator({ source: { path: 'a', text } })
    const at = (path: (string | number)[]): string => text.slice(locate(path)?.start, locate(path)?.end)
    expect(at([0, 'a', 'c'])).toBe('{"b": 1}')
    expect(at([0, 'a', 'b', 'd', 0])).toBe('1')
    expect(at([7])).toBe(text)
    expect(at([])).toBe(text)
  })

  it('is found in one reading for all elements of a long list', () => {
    const text = `[${'{"a":1},'.repeat(200_000)}{}]`
    const locate = jsonLocator({ source: { path: 'a', text } })
    const start = performance.now()
    for (let i = 0; i < 200_000; i++) locate([i, 'a'])
    expect(performance.now() - start).toBeLessThan(5_000)
  })

  it('is written as JavaScript writes it', () => {
    expect(printPath('context', ['a', 3, 'odd key', '', '0'])).toBe('context.a[3]["odd key"][""]["0"]')
  })
})
