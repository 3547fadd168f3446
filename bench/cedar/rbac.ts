/**
 * Roles: a task that Cedar, CASL and casbin can all express. Users have roles, a role may inherit another, and each role may do
 * a few things to a few modules.
 */
import { createMongoAbility, type MongoAbility } from '@casl/ability'
import { newEnforcer, newModelFromString } from 'casbin'
import type { Contestant } from './contestants.ts'
import { createDraw, drawRequests, type Entity, entity, membersOf, type Task, type Uid, uids } from './task.ts'

/** A task, and what it is made of for those that read no Cedar. */
export interface RbacTask extends Task {
  /** Who has which role, and which role inherits which. */
  readonly people: readonly Entity[]
  readonly grants: readonly Grant[]
}

interface Grant {
  readonly role: Uid
  readonly action: string
  readonly module: Uid
}

const ACTIONS = ['view', 'edit', 'approve', 'export']
const GRANTS_OF_A_ROLE = 5

/** `users` users, a tenth as many roles, half as many grants, and a twentieth as many modules. */
export function rbac(users: number): RbacTask {
  const draw = createDraw(users)
  const [people, roles] = [uids('User', users), uids('Role', Math.ceil(users / 10))]
  const modules = uids('Module', Math.ceil(users / 20))
  const stored = [
    ...roles.map((role, i) => entity(role, draw.earlier(roles, i))),
    ...people.map((user) => entity(user, [draw.pick(roles), ...draw.some(roles).slice(0, 2)])),
  ]
  const grants = roles.flatMap((role) =>
    Array.from({ length: GRANTS_OF_A_ROLE }, () => ({ role, action: draw.pick(ACTIONS), module: draw.pick(modules) })),
  )
  const members = membersOf(stored)
  const targets = grants.map(({ role, action, module }) => {
    return { resource: module, actions: [action], insiders: members(role).filter(({ type }) => type === 'User') }
  })
  const policies = grants.map(({ role, action, module }, i) => {
    const scope = `principal in Role::"${role.id}", action == Action::"${action}", resource == Module::"${module.id}"`
    return [`grant ${i}`, `permit(${scope});`]
  })
  return {
    name: `rbac-${users}`,
    schema: `entity Role in [Role];
entity User in [Role];
entity Module;
action ${ACTIONS.join(', ')} appliesTo { principal: User, resource: Module };`,
    policies: Object.fromEntries(policies),
    templates: {},
    links: [],
    entities: [...stored, ...modules.map((module) => entity(module, []))],
    requests: drawRequests(draw, targets, people),
    people: stored,
    grants,
  }
}

/** By name. */
export const RBAC_CONTESTANTS: Readonly<Record<string, (task: RbacTask) => Contestant | Promise<Contestant>>> = {
  '@casl/ability': openCasl,
  casbin: openCasbin,
}

/** One ability a user, made beforehand, as CASL wants it. */
function openCasl({ people, grants, requests }: RbacTask): Contestant {
  const parents = new Map(people.map(({ uid, parents }) => [uid.id, parents]))
  const held = ({ id }: Uid): Set<string> => {
    const all = new Set<string>()
    const open = [...(parents.get(id) ?? [])]
    for (let role = open.pop(); role !== undefined; role = open.pop()) {
      if (!all.has(role.id)) open.push(...(parents.get(role.id) ?? []))
      all.add(role.id)
    }
    return all
  }
  const abilityOf = (user: Uid): MongoAbility => {
    const roles = held(user)
    const granted = grants.filter(({ role }) => roles.has(role.id))
    return createMongoAbility(granted.map(({ action, module }) => ({ action, subject: module.id })))
  }
  const users = people.filter(({ uid }) => uid.type === 'User')
  const abilities = new Map(users.map(({ uid }) => [uid.id, abilityOf(uid)]))
  const decide = (i: number) => {
    const { principal, action, resource } = requests[i]!
    return abilities.get(principal.id)?.can(action.id, resource.id) ?? false
  }
  return { decide, answer: (i) => ({ allowed: decide(i) }) }
}

const CASBIN_MODEL = `[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, obj, act
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.act == p.act && r.obj == p.obj && g(r.sub, p.sub)
`

async function openCasbin({ people, grants, requests }: RbacTask): Promise<Contestant> {
  const enforcer = await newEnforcer(newModelFromString(CASBIN_MODEL))
  const distinct = new Map(
    grants.map(({ role, action, module }) => [`${role.id} ${action} ${module.id}`, [role.id, module.id, action]]),
  )
  await enforcer.addPolicies([...distinct.values()])
  await enforcer.addGroupingPolicies(people.flatMap(({ uid, parents }) => parents.map((role) => [uid.id, role.id])))
  const decide = (i: number) => {
    const { principal, action, resource } = requests[i]!
    return enforcer.enforceSync(principal.id, resource.id, action.id)
  }
  return { decide, answer: (i) => ({ allowed: decide(i) }) }
}
