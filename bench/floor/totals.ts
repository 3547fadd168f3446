/** The four aggregates over calls, in one pass over them with an accumulator per user. */
import { columnsOf, type Pairs } from './columns.ts'

export interface CallFacts {
  /** (call, user, amount); no two are equal. */
  readonly calls: readonly Int32Array[]
  /** Users to be listed. */
  readonly user: Int32Array
  readonly users: number
}

export interface Totals {
  readonly calls: Int32Array[]
  readonly total: Int32Array[]
  readonly worst: Int32Array[]
  readonly over: Int32Array[]
}

/** The columns of `calls`, `total`, `worst` and `over`. A user without calls has 0 of them and a total of 0, but no worst. */
export function totalsOfUsers({ calls: [, callers, amounts], user, users }: CallFacts): Totals {
  const [counts, sums, most] = [new Int32Array(users), new Int32Array(users), new Int32Array(users)]
  for (let row = 0; row < callers!.length; row++) {
    const caller = callers![row]!
    const amount = amounts![row]!
    counts[caller]!++
    sums[caller]! += amount
    if (amount > most[caller]!) most[caller] = amount
  }
  const worst: Pairs = { count: 0, left: new Int32Array(user.length), right: new Int32Array(user.length) }
  const over: Pairs = { count: 0, left: new Int32Array(user.length), right: new Int32Array(0) }
  const [countOf, sumOf] = [new Int32Array(user.length), new Int32Array(user.length)]
  for (let row = 0; row < user.length; row++) {
    const u = user[row]!
    countOf[row] = counts[u]!
    sumOf[row] = sums[u]!
    if (sums[u]! > 10_000) over.left[over.count++] = u
    if (counts[u] === 0) continue
    worst.left[worst.count] = u
    worst.right[worst.count++] = most[u]!
  }
  return {
    calls: [user.slice(), countOf],
    total: [user.slice(), sumOf],
    worst: columnsOf(worst),
    over: [over.left.subarray(0, over.count)],
  }
}
