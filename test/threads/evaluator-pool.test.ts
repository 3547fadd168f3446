/** The pool with a stub in its threads: order, back-pressure, evaluators that die, closing. */
import { afterEach, describe, expect, test } from 'vitest'
import type { Decision } from '../../src/decide/decision.ts'
import type { AuthorizeRequest } from '../../src/decide/request.ts'
import { RuneError } from '../../src/text/diagnostic.ts'
import { createEvaluatorPool, type EvaluatorPool } from '../../src/threads/evaluator-pool.ts'

const ENTRY = new URL('./stub-evaluator.js', import.meta.url)
const pools: EvaluatorPool[] = []
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()))
})

const counter = () => new Int32Array(new SharedArrayBuffer(4))

async function open(
  threads: number,
  handle: unknown = { deaths: counter(), hangs: counter() },
): Promise<EvaluatorPool> {
  const pool = await createEvaluatorPool({ workerData: handle, threads, entry: ENTRY })
  pools.push(pool)
  return pool
}

const request = (i: number, action = 'read') => ({ principal: `user-${i}`, action, resource: '/tmp/a' })
const batch = (length: number, action?: string) => Array.from({ length }, (_, i) => request(i, action))
const permit = (i: number) => ({ decision: 'permit', allowed: true, reasons: [`user-${i}`], errors: [], epoch: 9 })

/** The places whose answer is not the permit that belongs there. */
const wrongPlaces = (decisions: readonly Decision[]): number[] =>
  decisions.flatMap(({ decision, reasons }, i) => (decision === 'permit' && reasons[0] === `user-${i}` ? [] : [i]))

const codeOf = async (promise: Promise<unknown>) => {
  const error = await promise.catch((thrown: unknown) => thrown)
  return error instanceof RuneError ? error.diagnostics[0]?.code : error
}

describe('a batch', () => {
  test('is answered in its order', async () => {
    const pool = await open(2)
    expect(await pool.authorizeBatch([])).toEqual([])
    expect(await pool.authorizeBatch([request(0)])).toEqual([permit(0)])
    const decisions = await pool.authorizeBatch(batch(100_000))
    expect(decisions.length).toBe(100_000)
    expect(wrongPlaces(decisions)).toEqual([])
    expect(Object.isFrozen(decisions[7]) && Object.isFrozen(decisions[7]?.reasons)).toBe(true)
  })

  test('is answered in its order, however long each takes', async () => {
    const pool = await open(3)
    const lengths = [700, 3, 1, 1500]
    const all = await Promise.all(
      lengths.map((length) => pool.authorizeBatch(batch(length).map((r, i) => (i % 50 ? r : request(i, 'delay'))))),
    )
    expect(all.map(({ length }) => length)).toEqual(lengths)
    expect(all.flatMap(wrongPlaces)).toEqual([])
  })

  test('is one that the caller cannot lengthen meanwhile', async () => {
    const pool = await open(1)
    const requests = batch(5000)
    const decided = pool.authorizeBatch(requests)
    requests.length = 3
    expect((await decided).length).toBe(5000)
  })

  test('is encoded as there is room for it, and not at once', async () => {
    const pool = await open(2)
    let read = 0
    const requests = batch(50_000).map((plain) => ({
      ...plain,
      get principal() {
        read++
        return plain.principal
      },
    }))
    const decided = pool.authorizeBatch(requests)
    expect(read).toBeLessThanOrEqual(4 * 1024)
    let turns = 0
    const count = () => {
      turns++
      ticking = setImmediate(count)
    }
    let ticking = setImmediate(count)
    expect(wrongPlaces(await decided)).toEqual([])
    clearImmediate(ticking)
    expect(read).toBe(50_000)
    expect(turns).toBeGreaterThan(50_000 / (4 * 1024))
  })

  test('takes turns with others', async () => {
    const pool = await open(1)
    const order: string[] = []
    const long = pool.authorizeBatch(batch(40_000)).then(() => order.push('long'))
    await pool.authorizeBatch(batch(2)).then(() => order.push('short'))
    await long
    expect(order).toEqual(['short', 'long'])
  })

  test('that is no list is refused', async () => {
    const pool = await open(1)
    for (const wrong of [undefined, null, {}, 'requests', { length: 1 }]) {
      expect(await codeOf(pool.authorizeBatch(wrong as unknown as AuthorizeRequest[]))).toBe('R741')
    }
  })

  test('has requests that fail alone', async () => {
    const pool = await open(1)
    const hostile = {
      get principal(): string {
        throw new Error('no\nprincipal')
      },
      action: 'read',
      resource: 'r',
    }
    const decisions = await pool.authorizeBatch([request(0), hostile, request(2, 'throw'), request(3)])
    const denied = (message: string) => ({
      ...{ decision: 'deny', allowed: false, reasons: [], epoch: 9 },
      errors: [{ kind: 'request', id: 'R750', message }],
    })
    expect(decisions).toEqual([
      permit(0),
      denied('the request cannot be read: no␊principal'),
      denied('internal error: thrown'),
      permit(3),
    ])
  })
})

describe('an evaluator', () => {
  const lost = (message: string) => ({
    ...{ decision: 'deny', allowed: false, reasons: [], epoch: 0 },
    errors: [{ kind: 'request', id: 'R750', message: `no evaluator could decide the request: ${message}` }],
  })

  test('that dies once takes no request with it', async () => {
    const pool = await open(2)
    const decisions = await pool.authorizeBatch([...batch(2999), request(2999, 'exitOnce')])
    expect(wrongPlaces(decisions)).toEqual([])
  })

  test('that dies of a request takes only the chunk of that request with it', async () => {
    const pool = await open(1)
    const requests = batch(1000).map((plain, i) => (i === 10 ? request(i, 'exit') : plain))
    const decisions = await pool.authorizeBatch(requests)
    expect(wrongPlaces(decisions)).toEqual(Array.from({ length: 500 }, (_, i) => i))
    expect(decisions[0]).toEqual(lost('worker exited with code: 3'))
    expect(wrongPlaces(await pool.authorizeBatch(batch(1000)))).toEqual([])
  })

  test('that dies time and again does not end the pool', async () => {
    const pool = await open(2)
    const all = await Promise.all(
      Array.from({ length: 12 }, (_, i) => pool.authorizeBatch(batch(10, i % 3 === 0 ? 'exit' : 'read'))),
    )
    expect(all.map((decisions) => wrongPlaces(decisions).length)).toEqual(all.map((_, i) => (i % 3 === 0 ? 10 : 0)))
  })

  test('that fails as a whole denies', async () => {
    const pool = await open(1, { fails: true })
    expect(await pool.authorizeBatch(batch(2))).toEqual([lost('the task failed'), lost('the task failed')])
  })

  test.each([
    ['throw', 'cannot attach'],
    ['exit', 'no thread starts'],
  ])('that never starts denies: %s', async (handle, message) => {
    const pool = await open(2, handle)
    const first = await pool.authorizeBatch(batch(2000))
    expect(first.filter(({ allowed }) => allowed)).toEqual([])
    expect(await pool.authorizeBatch(batch(1))).toEqual([lost(message)])
  })
})

describe('a closed pool', () => {
  test('refuses batches', async () => {
    const pool = await open(1)
    await pool.close()
    await pool.close()
    expect(await codeOf(pool.authorizeBatch(batch(1)))).toBe('R740')
  })

  test('rejects what waits, and ends evaluators that never answer', async () => {
    const hangs = counter()
    const pool = await open(1, { hangs })
    const batches = [batch(3, 'hang'), batch(5000), batch(1)].map((requests) => codeOf(pool.authorizeBatch(requests)))
    while (Atomics.load(hangs, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    await pool.close()
    expect(await Promise.all(batches)).toEqual(['R740', 'R740', 'R740'])
  })

  test('stays closed if a request closes it', async () => {
    const pool = await open(1)
    const closing = {
      ...request(0),
      get context() {
        pool.close()
        return {}
      },
    }
    expect(await codeOf(pool.authorizeBatch([closing]))).toBe('R740')
  })
})
