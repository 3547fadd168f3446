/**
 * `inherits`, `eff` and `can` of the role workload: what a role permits is worked out once a role, and joined user by user,
 * with a stamp per permission in place of a hash table.
 */
import { appendGroup, columnsOf, createPairs, type Groups, groupBy } from './columns.ts'

export interface RoleFacts {
  /** (user, role) */
  readonly userRole: readonly Int32Array[]
  /** (role, its parent) */
  readonly roleParent: readonly Int32Array[]
  /** (role, permission) */
  readonly rolePermission: readonly Int32Array[]
  readonly users: number
  readonly roles: number
  readonly permissions: number
}

/** The columns of `inherits`, `eff` and `can`. */
export function permissionsOfUsers(facts: RoleFacts): { inherits: Int32Array[]; eff: Int32Array[]; can: Int32Array[] } {
  const { users, roles, permissions } = facts
  const inherits = inheritance(facts)
  const own = groupBy(facts.rolePermission[0]!, facts.rolePermission[1]!, roles)
  const eff = join(groupBy(inherits[0]!, inherits[1]!, roles), own, roles, permissions)
  const can = join(
    groupBy(facts.userRole[0]!, facts.userRole[1]!, users),
    groupBy(eff[0]!, eff[1]!, roles),
    users,
    permissions,
  )
  return { inherits, eff, can }
}

/** Each role that has a parent or a child, with all above it and itself. */
function inheritance({ roleParent: [child, parent], roles }: RoleFacts): Int32Array[] {
  const { start, values } = groupBy(child!, parent!, roles)
  const isKnown = new Uint8Array(roles)
  for (let row = 0; row < child!.length; row++) isKnown[child![row]!] = isKnown[parent![row]!] = 1
  const pairs = createPairs()
  const stamps = new Int32Array(roles)
  const above = new Int32Array(roles)
  for (let role = 0; role < roles; role++) {
    if (isKnown[role] === 0) continue
    stamps[role] = role + 1
    above[0] = role
    let count = 1
    for (let done = 0; done < count; done++) {
      const from = above[done]!
      for (let i = start[from]!; i < start[from + 1]!; i++) {
        const target = values[i]!
        if (stamps[target] === role + 1) continue
        stamps[target] = role + 1
        above[count++] = target
      }
    }
    appendGroup(pairs, role, above, count)
  }
  return columnsOf(pairs)
}

/** (x, z) wherever (x, y) is in `left` and (y, z) in `right`. */
function join(left: Groups, right: Groups, keys: number, size: number): Int32Array[] {
  const pairs = createPairs()
  const stamps = new Int32Array(size)
  const found = new Int32Array(size)
  for (let key = 0; key < keys; key++) {
    let count = 0
    for (let i = left.start[key]!; i < left.start[key + 1]!; i++) {
      const middle = left.values[i]!
      for (let j = right.start[middle]!; j < right.start[middle + 1]!; j++) {
        const value = right.values[j]!
        if (stamps[value] === key + 1) continue
        stamps[value] = key + 1
        found[count++] = value
      }
    }
    appendGroup(pairs, key, found, count)
  }
  return columnsOf(pairs)
}
