/**
 * Analysis as a whole: defaults, counts, all mistakes in one run, the entity store, hostile input.
 */
import { describe, expect, test } from 'vitest'
import { counts } from '../../src/program/counts.ts'
import { analyseText, codesOf, messageOf, programOf } from './programs.ts'

describe('a program', () => {
  test('has the defaults of all options', () => {
    expect(programOf('').settings).toEqual({
      defaultActionType: 'Action',
      pathTypes: new Set(),
      globs: true,
      onPolicyError: 'deny',
      limits: {
        maxFacts: 50_000_000,
        maxIterations: 1_000_000,
        maxEvalMs: 60_000,
        maxMemory: 4096,
        maxSteps: 1_000_000,
      },
    })
  })

  test('is counted as it was written', () => {
    const program = programOf(`[data]
user = ["a", "b"]
[rules]
p(x). q(X) :- (user(X) ; p(X)). n(U, N) :- N = count(X, (q(X), U = X)). permit :- action("a").
[policies]
permit(principal, action, resource);`)
    expect(counts(program)).toEqual({ predicates: 4, rules: 3, policies: 1, strata: 3, facts: 3 })
  })

  test('reports all mistakes of a run, in every phase', () => {
    const text = `[data]
principal = ["x"]
[rules]
p(1). p(1, 2). q(X) :- p(Y). r(X) :- p(X), X.starts_with("a"). s(X) :- p(X), not s(X).
[policies]
permit(principal == User::"a*", action, resource);`
    expect(new Set(codesOf(text))).toEqual(new Set(['R331', 'R330', 'R350', 'R407', 'R400', 'R460']))
  })

  test('has no span computed that nobody asks for', () => {
    const program = programOf('[data]\np = [1]')
    const p = program.predicates.find(({ name }) => name === 'p')
    expect(Object.getOwnPropertyDescriptor(p, 'span')?.get).toBeTypeOf('function')
    expect(p?.span?.start).toBe('version = "rune/1.0"\n[data]\n'.length)
  })
})

describe('entities', () => {
  const OPTIONS = '[options]\npath_types = ["File"]\n[entities]\n'

  test('of path types are normalised, in parents and attributes too', () => {
    const { entities } = programOf(
      `${OPTIONS}'File::"/a/./b"' = { in = ['File::"/a/"'], attrs = { twin = { entity = 'File::"/a//b"' } } }`,
    )
    expect(entities[0]).toMatchObject({ uid: { id: '/a/b' }, parents: [{ id: '/a' }] })
    expect(entities[0]?.attrs.get('twin')).toMatchObject({ id: '/a/b' })
  })

  test('that become one are given alike, or refused', () => {
    expect(programOf(`${OPTIONS}'File::"/a"' = {}\n'File::"/./a"' = {}`).entities).toHaveLength(1)
    expect(codesOf(`${OPTIONS}'File::"/a"' = {}\n'File::"/./a"' = { attrs = { x = 1 } }`)).toEqual(['R290'])
  })

  test('whose path is none are refused', () => {
    expect(messageOf(`${OPTIONS}'File::"a"' = {}`, 'R340')).toMatch(/is not an absolute path/)
    expect(codesOf(`${OPTIONS}'User::"a"' = { in = ['File::"/../x"'] }`)).toEqual(['R340'])
  })
})

test('hostile input ends in diagnostics, not in a stack overflow or a hang', () => {
  const deep = `${'('.repeat(150)}q(X)${')'.repeat(150)}`
  const many = Array.from({ length: 5000 }, (_, i) => `p${i}(X) :- (a(X) ; b(X)), (a(X) ; b(X)), (a(X) ; b(X)).`).join(
    '\n',
  )
  const chain = `p(X) :- q(X), Y = ${Array.from({ length: 900 }, () => 'X').join(' + ')}.`
  for (const rules of [`p(X) :- ${deep}.`, `a(1). b(1).\n${many}`, `q(1).\n${chain}`]) {
    expect(analyseText(`[rules]\n${rules}`).diagnostics.every(({ code }) => code.startsWith('R'))).toBe(true)
  }
})
