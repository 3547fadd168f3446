/**
 * Which requests are asked, and in which order: distinct ones, drawn evenly or with a few that are asked most; for a mix, some
 * that are asked so rarely that no cache still knows them. Pure.
 */
import type { AuthorizeRequest } from '../../index.ts'
import { createZipf, type Draw } from './random.ts'

/** How requests are asked. */
export interface Mix {
  /** The exponent of a Zipf distribution; 0: all alike. */
  readonly zipf: number
  /** The share of requests that a cache may know; absent: all of them. */
  readonly hitRate?: number
}

/** So many requests that are asked rarely; more than fit in the cache of a mix. */
export const RARE_REQUESTS = 2 ** 15

/** Up to `count` requests, no two alike; fewer, if `draw` yields no more. */
export function distinctRequests(count: number, draw: () => AuthorizeRequest): AuthorizeRequest[] {
  const seen = new Map<string, AuthorizeRequest>()
  for (let tries = 0; seen.size < count && tries < 10 * count + 1000; tries++) {
    const request = draw()
    const text = JSON.stringify(request)
    if (!seen.has(text)) seen.set(text, request)
  }
  return [...seen.values()]
}

/**
 * Numbers of requests in the order in which a thread asks them. The first `common` of `total` requests are asked often; the
 * others take turns, so that each comes again as late as possible.
 */
export function orderOf(
  draw: Draw,
  counts: { readonly common: number; readonly total: number },
  mix: Mix,
): Uint32Array {
  const { common, total } = counts
  const rank = createZipf(draw, common, mix.zipf)
  const { hitRate = 1 } = mix
  const rare = total - common
  const wanted = hitRate < 1 && rare > 0 ? Math.ceil(rare / (1 - hitRate)) : Math.max(ORDER_MIN, common)
  let next = 0
  return Uint32Array.from({ length: Math.min(ORDER_MAX, wanted) }, () => {
    if (hitRate === 1 || rare === 0 || draw.chance(hitRate)) return rank()
    next = next + 1 === rare ? 0 : next + 1
    return common + next
  })
}

/** Each request once, in another order. */
export function onceEach(draw: Draw, total: number): Uint32Array {
  const order = Uint32Array.from({ length: total }, (_, i) => i)
  for (let i = total - 1; i > 0; i--) {
    const other = draw.below(i + 1)
    const number = order[i] ?? 0
    order[i] = order[other] ?? 0
    order[other] = number
  }
  return order
}

const ORDER_MIN = 2 ** 16
const ORDER_MAX = 2 ** 22
