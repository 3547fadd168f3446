/**
 * Attributes: users and documents with departments, clearances and regions, and requests with a context of their own: how
 * somebody signed in, from where, when. Some leave out what a policy asks for, which fails then.
 */
import type { Draw } from '../random.ts'
import { names, type Scenario, scaled } from '../scenario.ts'

const DEPARTMENTS = ['sales', 'legal', 'research', 'finance', 'support', 'design', 'operations', 'security']
const REGIONS = ['eu', 'us', 'asia']

const MAIN = `version = "rune/1.0"

[options]
default_principal_type = "User"
default_resource_type = "Document"
entities = "entities.json"

[data]
on_call = { file = "on_call.tsv" }

[rules]
decl on_call(user: User).
entity.attr(User, "on_call", true) :- on_call(User).

[policies]
@id("the owner")
permit(principal is User, action in [Action::"view", Action::"edit"], resource is Document)
when { resource.owner == principal };

@id("public documents")
permit(principal is User, action == Action::"view", resource is Document)
when { resource.classification == 0 };

@id("edit within the region")
permit(principal is User, action == Action::"edit", resource is Document)
when { resource.region == principal.region && resource.department == principal.department && context.mfa };

@id("on call")
permit(principal is User, action, resource is Document)
when { principal has on_call && principal.on_call && context.network.isInRange(ip("10.0.0.0/8")) };

@id("inactive users")
forbid(principal is User, action, resource) unless { principal.active };

@id("secrets stay within the building")
forbid(principal, action, resource is Document)
when { resource.classification >= 4 && !context.network.isInRange(ip("10.0.0.0/8")) };

@id("edits at night")
forbid(principal, action == Action::"edit", resource)
when { context has hour && (context.hour < 5 || context.hour > 22) && !context.mfa };

`

/** Who works in a department sees what its clearance reaches. */
const OF_DEPARTMENT = (department: string) => `@id("view in ${department}")
permit(principal is User, action == Action::"view", resource is Document)
when {
  principal.department == "${department}" && resource.department == "${department}" &&
  principal.clearance >= resource.classification
};
`

export function abac({ below, chance, pick }: Draw, scale: number): Scenario {
  const users = names('user-', scaled(1000, scale, 20))
  const documents = names('document-', scaled(4000, scale, 40))
  const uid = (type: string, id: string) => ({ type, id })
  const departmentOf = new Map([...users, ...documents].map((name) => [name, pick(DEPARTMENTS)]))
  const owners = documents.map(() => pick(users))
  const department = (name: string) => departmentOf.get(name) ?? 'sales'
  const people = users.map((id, i) => {
    const attrs = { department: department(id), clearance: below(5), region: pick(REGIONS), active: i % 20 !== 3 }
    return { uid: uid('User', id), attrs, parents: [] }
  })
  const things = documents.map((id, i) => {
    const owner = { __entity: uid('User', owners[i] ?? '') }
    const attrs = { department: department(id), classification: below(6), region: pick(REGIONS), owner }
    return { uid: uid('Document', id), attrs, parents: [] }
  })
  const byDepartment = new Map(DEPARTMENTS.map((name) => [name, documents.filter((id) => department(id) === name)]))
  return {
    files: {
      'main.rune': `${MAIN}${DEPARTMENTS.map(OF_DEPARTMENT).join('\n')}`,
      'entities.json': JSON.stringify([...people, ...things]),
      'on_call.tsv': users.flatMap((user) => (chance(0.05) ? [`${user}\n`] : [])).join(''),
    },
    request: ({ pick, chance, below }) => {
      const principal = pick(users)
      const near = byDepartment.get(department(principal)) ?? []
      const resource = near.length > 0 && chance(0.7) ? pick(near) : pick(documents)
      const network = `${chance(0.8) ? '10' : '203'}.0.${below(4)}.${below(32)}`
      const context = {
        network: { __extn: { fn: 'ip', arg: network } },
        hour: below(24),
        ...(chance(0.9) && { mfa: chance(0.7) }),
      }
      return { principal, action: chance(0.7) ? 'view' : 'edit', resource, context }
    },
    update: (i) => ({ entities: [userOf(`guest-${i >> 1}`, i % 2 === 0)] }),
    outcomes: ['permit', 'deny', 'forbid'],
  }
}

function userOf(id: string, active: boolean): object {
  const attrs = { department: 'sales', clearance: 1, region: 'eu', active }
  return { uid: { type: 'User', id }, attrs, parents: [] }
}
