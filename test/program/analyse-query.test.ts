/**
 * Queries: their columns, how their literals are read, and what a query cannot ask.
 */
import { describe, expect, test } from 'vitest'
import { analyseQuery } from '../../src/program/analyse-query.ts'
import { parseBody } from '../../src/syntax/datalog/parse.ts'
import { Diagnostics } from '../../src/text/diagnostic.ts'
import { programOf } from './programs.ts'

const PROGRAM = programOf(`[data]
member = [["alice", "admins"]]
n = [1, 2]
[rules]
decl member(user: User, group: Group).
now(X) :- action(X).
call(alice, 1). call(alice, 2).`)

function ask(text: string) {
  const diagnostics = new Diagnostics()
  const source = { path: '<query>', text }
  const query = analyseQuery(PROGRAM, parseBody({ source, start: 0, end: text.length }, diagnostics), diagnostics)
  return { query, codes: diagnostics.all.map(({ code }) => code) }
}

describe('queries', () => {
  test('have a column for each variable, in the order of the text', () => {
    const { query } = ask('Z = X + 1, n(X), not call("bob", X)')
    expect(query?.columns).toEqual(['Z', 'X'])
    expect(query?.rule).toMatchObject({ head: -1, index: -1 })
    expect(query?.rule.args).toHaveLength(2)
    expect(ask('n(1), n(_)').query?.columns).toEqual([])
  })

  test('read literals as the declared types', () => {
    const atom = ask('member("alice", G)').query?.rule.body[0]
    expect(atom).toMatchObject({
      args: [{ value: { kind: 'entity', type: 'User', id: 'alice' } }, { kind: 'variable' }],
    })
  })

  test('group aggregates by what other literals bind', () => {
    expect(ask('call(U, _), N = count(X, call(U, X))').query?.columns).toEqual(['U', 'N'])
    expect(ask('N = count(X, call(_, X))').query?.columns).toEqual(['N'])
  })

  test.each([
    ['now(X)', 'R355'],
    ['action(X)', 'R355'],
    ['not context.mfa(true)', 'R355'],
    ['nn(X)', 'R356'],
    ['n(X, Y)', 'R330'],
    ['permit(X)', 'R332'],
    ['n(X), X = "a"', 'R406'],
    ['member(1, G)', 'R340'],
    ['n(X), X.length = 1', 'R407'],
    ['not n(X)', 'R350'],
    ['(n(X) ; call(_, X))', 'R342'],
    ['N = count(X, (n(X) ; call(_, X)))', 'R346'],
    ['N = count(X, call(U, X)), M = sum(X, call(U, X))', 'R347'],
    ['count(X, n(X))', 'R347'],
    ['n(X), X.nothing', 'R343'],
  ])('%s is refused', (text, code) => {
    const { query, codes } = ask(text)
    expect(new Set(codes)).toEqual(new Set([code]))
    expect(query).toBeUndefined()
  })
})
