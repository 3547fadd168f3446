/** Tests of aggregates over many groups, whose ids lie in many blocks, against sums over plain arrays. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { rowsOf } from '../program/programs.ts'

interface Call {
  readonly user: number
  readonly amount: number
  readonly tag: number
}

/** Every third user calls. */
const USERS = 600

function callsWithin(limit: number): Call[] {
  return Array.from({ length: 3000 }, (_, i) => ({
    user: 3 * ((i * 7919) % (USERS / 3)),
    amount: ((i * 104_729) % (2 * limit)) - limit,
    tag: i % 2,
  }))
}

function programOf(calls: readonly Call[]): string {
  const rows = calls.map(({ user, amount, tag }, i) => `["call${i}", "u${user}", ${amount}, ${tag}]`)
  const users = Array.from({ length: USERS }, (_, user) => `["u${user}"]`)
  const rule = (name: string, aggregate: string, atom: string) =>
    `${name}(U, N) :- user(U), N = ${aggregate}, call(${atom})).`
  return `[data]\nuser = [${users}]\ncall = [${rows}]\n[rules]
${rule('calls', 'count(C', 'C, U, _, _')}
${rule('total', 'sum(X', '_, U, X, _')}
${rule('tagged', 'sum(X', '_, U, X, 1')}
${rule('average', 'mean(X', '_, U, X, 1')}
${rule('least', 'min(X', '_, U, X, _')}
${rule('greatest', 'max(X', '_, U, X, 0')}`
}

/** What `of` makes of the amounts of each user that has some or, with `empty`, of all. */
function expected(
  calls: readonly Call[],
  tags: readonly number[],
  of: (amounts: number[]) => string,
  isEmptyToo = false,
) {
  return Array.from({ length: USERS }, (_, user) => {
    const amounts = calls.filter((call) => call.user === user && tags.includes(call.tag)).map(({ amount }) => amount)
    return amounts.length > 0 || isEmptyToo ? [`"u${user}", ${of(amounts)}`] : []
  })
    .flat()
    .sort()
}

const sum = (amounts: number[]) => amounts.reduce((all, amount) => all + amount, 0)

beforeEach(() => {
  vi.stubEnv('RUNE_CODEGEN', '1')
})
afterEach(() => {
  vi.unstubAllEnvs()
})

describe.each([1000, 2 ** 26])('amounts below %d', (limit) => {
  const calls = callsWithin(limit)
  const program = programOf(calls)
  test.each([
    ['calls', expected(calls, [0, 1], ({ length }) => String(length), true)],
    ['total', expected(calls, [0, 1], (amounts) => String(sum(amounts)), true)],
    ['tagged', expected(calls, [1], (amounts) => String(sum(amounts)), true)],
    ['least', expected(calls, [0, 1], (amounts) => String(Math.min(...amounts)))],
    ['greatest', expected(calls, [0], (amounts) => String(Math.max(...amounts)))],
  ])('%s', (name, rows) => {
    expect(rowsOf(program, name)).toEqual(rows)
  })

  test('average', () => {
    const means = rowsOf(program, 'average').map((row) => Number(row.split(', ')[1]))
    expect(means).toEqual(
      expected(calls, [1], (amounts) => String(sum(amounts) / amounts.length)).map((row) => Number(row.split(', ')[1])),
    )
  })
})
