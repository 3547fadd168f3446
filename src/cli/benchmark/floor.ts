/**
 * The floor: what nobody can do without who decides from strings, and has seen them before: three look-ups in a `Map` and one
 * probe of a table, on the strings of the requests. It is timed in turns with the engine, in the same threads, so it also
 * says how fast the machine was meanwhile. Contexts and entities of requests are not looked at.
 */
import type { AuthorizeRequest, EntityInput } from '../../index.ts'

/** A table that answers requests by number. */
export interface Floor {
  readonly texts: readonly (readonly [string, string, string])[]
  readonly ids: readonly [Map<string, number>, Map<string, number>, Map<string, number>]
  /** Three ids and the answer, four words an entry; 0 in the last word: empty. */
  readonly table: Int32Array
}

/** The floor of `requests`; each third of them is allowed. */
export function createFloor(requests: readonly AuthorizeRequest[]): Floor {
  const ids = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()] as const
  const texts = requests.map(({ principal, action, resource }) => {
    return [textOf(principal), textOf(action), textOf(resource)] as const
  })
  for (const text of texts)
    for (const [i, map] of ids.entries()) if (!map.has(text[i] ?? '')) map.set(text[i] ?? '', map.size)
  const entries = 2 ** Math.ceil(Math.log2(2 * requests.length + 2))
  const floor: Floor = { texts, ids: [...ids], table: new Int32Array(4 * entries) }
  for (const [i, [p, a, r]] of texts.entries()) {
    const [principal, action, resource] = [ids[0].get(p) ?? 0, ids[1].get(a) ?? 0, ids[2].get(r) ?? 0]
    floor.table.set(
      [principal, action, resource, 1 + (i % 3 === 0 ? 1 : 0)],
      4 * entryOf(floor.table, principal, action, resource),
    )
  }
  return floor
}

/** Looks up `count` requests of `order` from `from` on, around its end; yields how many are allowed. */
export function runFloor({ texts, ids, table }: Floor, order: Uint32Array, from: number, count: number): number {
  const [principals, actions, resources] = ids
  let at = from
  let allowed = 0
  for (let i = 0; i < count; i++) {
    const text = texts[order[at] ?? 0]
    at = at + 1 === order.length ? 0 : at + 1
    if (text === undefined) continue
    const [principal, action, resource] = [principals.get(text[0]), actions.get(text[1]), resources.get(text[2])]
    if (principal === undefined || action === undefined || resource === undefined) continue
    if (table[4 * entryOf(table, principal, action, resource) + 3] === 2) allowed++
  }
  return allowed
}

/** The entry of three ids, or the empty one where it belongs. */
function entryOf(table: Int32Array, principal: number, action: number, resource: number): number {
  const last = (table.length >> 2) - 1
  let hash = Math.imul(principal, 0x9e3779b1) ^ Math.imul(action, 0x85ebca6b) ^ Math.imul(resource, 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  for (let entry = (hash ^ (hash >>> 13)) & last; ; entry = (entry + 1) & last) {
    const at = 4 * entry
    if (table[at + 3] === 0) return entry
    if (table[at] === principal && table[at + 1] === action && table[at + 2] === resource) return entry
  }
}

function textOf(input: EntityInput): string {
  return typeof input === 'string' ? input : `${input.type ?? ''}::${input.id}`
}
