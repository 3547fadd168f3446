/**
 * Roles: users have roles that inherit from each other, roles have grants, and what a user can do is derived once. Policies
 * look it up; suspended users can do nothing, and auditors see all.
 */
import type { Draw } from '../random.ts'
import { addTo, names, type Scenario, scaled, some, toggle, tsv } from '../scenario.ts'

const ACTIONS = ['view', 'create', 'update', 'delete', 'approve']

const MAIN = `version = "rune/1.0"

[options]
default_principal_type = "User"
default_resource_type = "Module"

[data]
member = { file = "member.tsv" }
inherits = { file = "inherits.tsv" }
grant = { file = "grant.tsv" }
suspended = { file = "suspended.tsv" }

[rules]
decl member(user: User, role: Role).
decl inherits(role: Role, from: Role).
decl grant(role: Role, action: Action, module: Module).
decl suspended(user: User).
decl holds(user: User, role: Role).
decl can(user: User, action: Action, module: Module).

holds(User, Role) :- member(User, Role).
holds(User, From) :- holds(User, Role), inherits(Role, From).
can(User, Action, Module) :- holds(User, Role), grant(Role, Action, Module).
entity.parent(User, Role) :- member(User, Role).

[policies]
@id("what a role grants")
permit(principal, action, resource)
when { context.facts.can.contains({ user: principal, action: action, module: resource }) };

@id("auditors view")
permit(principal in Role::"role0", action == Action::"view", resource);

@id("suspended users")
forbid(principal is User, action, resource) when { context.facts.suspended.contains(principal) };
`

export function rbac(draw: Draw, scale: number): Scenario {
  const { below, chance, pick } = draw
  const [users, modules, roles] = [names('user-', scaled(1000, scale)), names('module-', 200), names('role', 40)]
  const member = users.flatMap((user) => some(draw, roles, 2).map((role) => [user, role]))
  const inherits = roles.flatMap((role, i) => (i > 2 && chance(0.7) ? [[role, roles[1 + below(i - 1)] ?? '']] : []))
  const grants = roles.map(() => some(draw, modules, 40).map((module) => ({ module, action: pick(ACTIONS) })))
  const suspended = users.filter((_, i) => i % 25 === 3)
  const rolesOf = new Map<string, string[]>()
  for (const [user, role] of member) addTo(rolesOf, user ?? '', role ?? '')
  return {
    files: {
      'main.rune': MAIN,
      'member.tsv': tsv(member),
      'inherits.tsv': tsv(inherits),
      'grant.tsv': tsv(
        roles.flatMap((role, i) => (grants[i] ?? []).map((grant) => [role, grant.action, grant.module])),
      ),
      'suspended.tsv': tsv(suspended.map((user) => [user])),
    },
    request: ({ pick, chance }) => {
      const principal = pick(users)
      const role = pick(rolesOf.get(principal) ?? roles)
      const { action, module } = pick(grants[roles.indexOf(role)] ?? [{ action: 'view', module: 'module-0' }])
      // Half of them ask for what one of their roles grants.
      if (chance(0.5)) return { principal, action, resource: module }
      return { principal, action: pick(ACTIONS), resource: pick(modules) }
    },
    update: (i) => toggle('member', [`guest-${i >> 1}`, 'role1'], i),
    outcomes: ['permit', 'deny', 'forbid'],
  }
}
