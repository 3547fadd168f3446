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
    const charactersRead = (length: number): number => {
      const { text, reads } = counting(`[${'{"a":1},'.repeat(length)}{}]`)
      const locate = jsonLocator({ source: { path: 'a', text } })
      for (let i = 0; i < length; i++) locate([i, 'a'])
      return reads()
    }
    expect(charactersRead(2000) / charactersRead(1000)).toBeLessThan(2.1)
  })

  it('is written as JavaScript writes it', () => {
    expect(printPath('context', ['a', 3, 'odd key', '', '0'])).toBe('context.a[3]["odd key"][""]["0"]')
  })
})

/** `text`, and how many of its characters were read one by one. */
function counting(text: string): { readonly text: string; readonly reads: () => number } {
  let count = 0
  const isWhole = (from: number, to: number): boolean => from === 0 && to === text.length
  const counted: object = new Proxy(Object(text), {
    get: (_, key) => {
      if (key === 'length') return text.length
      if (key === 'slice') return (from: number, to: number) => (isWhole(from, to) ? counted : text.slice(from, to))
      count++
      return text[Number(key)]
    },
  })
  return { text: counted as unknown as string, reads: () => count }
}
