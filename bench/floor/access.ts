/**
 * `in_group` and `has_access` of the document workload, user by user: groups upwards, then objects downwards, with a stamp
 * per group and per object in place of hash tables.
 */
import { appendGroup, columnsOf, createPairs, type Groups, groupBy } from './columns.ts'

export interface AccessFacts {
  /** (object, its parent) */
  readonly parent: readonly Int32Array[]
  /** (user, group) */
  readonly member: readonly Int32Array[]
  /** (group, the one that it is in) */
  readonly subgroup: readonly Int32Array[]
  /** (group, object) */
  readonly grant: readonly Int32Array[]
  /** (user, object) */
  readonly viewer: readonly Int32Array[]
  readonly users: number
  readonly groups: number
  readonly objects: number
}

/** Numbers that were met for one user. */
interface Met {
  readonly stamps: Int32Array
  readonly found: Int32Array
  count: number
}

/** The columns of `in_group` and `has_access`. */
export function accessOfUsers(facts: AccessFacts): { inGroup: Int32Array[]; hasAccess: Int32Array[] } {
  const { users, groups, objects } = facts
  const children = groupBy(facts.parent[1]!, facts.parent[0]!, objects)
  const above = groupBy(facts.subgroup[0]!, facts.subgroup[1]!, groups)
  const granted = groupBy(facts.grant[0]!, facts.grant[1]!, groups)
  const memberships = groupBy(facts.member[0]!, facts.member[1]!, users)
  const viewed = groupBy(facts.viewer[0]!, facts.viewer[1]!, users)
  const [inGroup, hasAccess] = [createPairs(), createPairs()]
  const [inside, seen] = [createMet(groups), createMet(objects)]
  for (let user = 0; user < users; user++) {
    inside.count = seen.count = 0
    meet(inside, memberships, user, user + 1)
    for (let done = 0; done < inside.count; done++) meet(inside, above, inside.found[done]!, user + 1)
    appendGroup(inGroup, user, inside.found, inside.count)
    meet(seen, viewed, user, user + 1)
    for (let i = 0; i < inside.count; i++) meet(seen, granted, inside.found[i]!, user + 1)
    for (let done = 0; done < seen.count; done++) meet(seen, children, seen.found[done]!, user + 1)
    appendGroup(hasAccess, user, seen.found, seen.count)
  }
  return { inGroup: columnsOf(inGroup), hasAccess: columnsOf(hasAccess) }
}

function createMet(size: number): Met {
  return { stamps: new Int32Array(size), found: new Int32Array(size), count: 0 }
}

/** Adds the values of `key` that have not been met under `stamp`. */
function meet(met: Met, { start, values }: Groups, key: number, stamp: number): void {
  const { stamps, found } = met
  const end = start[key + 1]!
  let count = met.count
  for (let i = start[key]!; i < end; i++) {
    const value = values[i]!
    if (stamps[value] === stamp) continue
    stamps[value] = stamp
    found[count++] = value
  }
  met.count = count
}
