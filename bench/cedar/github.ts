/**
 * GitHub: repositories with five roles, held by users, teams and the roles of organizations; in one form, roles are entities
 * that a repository names, in the other each grant is a link of a template. Written after the description in Cedar's
 * evaluation at OOPSLA 2024; names, policies and numbers are our own.
 */
import {
  createDraw,
  drawRequests,
  type Entity,
  entity,
  membersOf,
  reference,
  type Task,
  type Uid,
  uids,
} from './task.ts'

/** From the least to the most, with what each adds to those before it. */
const ROLES = {
  reader: ['pull', 'fork', 'openIssue'],
  triager: ['labelIssue', 'closeIssue'],
  writer: ['push', 'merge', 'editIssue'],
  maintainer: ['deleteIssue', 'editSettings'],
  admin: ['addReader', 'addWriter', 'addAdmin'],
} as const
type Role = keyof typeof ROLES
const NAMES = Object.keys(ROLES) as Role[]
const ACTIONS = NAMES.flatMap((role) => ROLES[role])

const APPLIES = `action ${ACTIONS.join(', ')} appliesTo { principal: User, resource: Repository };`

const SCHEMA_OF_ROLES = `entity Role in [Role];
entity Organization { members: Role, writers: Role, owners: Role };
entity Team in [Team, Role];
entity User in [Team, Role];
entity Repository {
  organization: Organization, archived: Bool, reader: Role, triager: Role, writer: Role, maintainer: Role, admin: Role
};
${APPLIES}`

const SCHEMA_OF_GRANTS = `entity Organization;
entity Team in [Team, Organization];
entity User in [Team, Organization];
entity Repository { organization: Organization, archived: Bool };
${APPLIES}`

const ARCHIVED = `forbid(principal, action in ${listOf(ROLES.writer)}, resource is Repository) when { resource.archived };`

function listOf(actions: readonly string[]): string {
  return `[${actions.map((action) => `Action::"${action}"`).join(', ')}]`
}

/** Of users, teams, repositories and organizations there are `n`, of roles `8 n`. */
export function github(n: number): Task {
  const draw = createDraw(n)
  const [teams, users] = [uids('Team', n), uids('User', n)]
  const [repositories, organizations] = [uids('Repository', n), uids('Organization', n)]
  const roleOf = ({ id }: Uid, role: string): Uid => ({ type: 'Role', id: `${id}/${role}` })
  const owners = repositories.map(() => draw.pick(organizations))
  const ownedBy = new Map(organizations.map(({ id }) => [id, [] as Uid[]]))
  for (const [i, { id }] of owners.entries()) ownedBy.get(id)?.push(repositories[i]!)
  const inRole = (organization: Uid, role: Role) =>
    ownedBy.get(organization.id)?.map((owned) => roleOf(owned, role)) ?? []
  const ofOrganizations = organizations.flatMap((organization) => {
    const [members, writers, admins] = ['members', 'writers', 'owners'].map((role) => roleOf(organization, role))
    const names = { members: reference(members!), writers: reference(writers!), owners: reference(admins!) }
    return [
      entity(organization, [], names),
      entity(members!, inRole(organization, 'reader')),
      entity(writers!, [members!, ...inRole(organization, 'writer')]),
      entity(admins!, [writers!, ...inRole(organization, 'admin')]),
    ]
  })
  const ofRepositories = repositories.flatMap((repository, i) => {
    const roles = NAMES.map((role) => roleOf(repository, role))
    const names = Object.fromEntries(NAMES.map((role, place) => [role, reference(roles[place]!)]))
    return [
      entity(repository, [], { organization: reference(owners[i]!), archived: draw.chance(0.1), ...names }),
      ...roles.map((role, place) => entity(role, place > 0 ? [roles[place - 1]!] : [])),
    ]
  })
  const someRoles = () => [
    ...draw.some(repositories).map((repository) => roleOf(repository, draw.pick(NAMES))),
    ...(draw.chance(0.3) ? [roleOf(draw.pick(organizations), draw.pick(['members', 'writers', 'owners']))] : []),
  ]
  const people = [
    ...teams.map((team, i) => entity(team, [...draw.earlier(teams, i), ...someRoles()])),
    ...users.map((user) => entity(user, [...draw.some(teams), ...someRoles()])),
  ]
  const direct = membersOf(people)
  const insidersOf = (repository: Uid, i: number) => [
    ...NAMES.flatMap((role) => direct(roleOf(repository, role))),
    ...['members', 'writers', 'owners'].flatMap((role) => direct(roleOf(owners[i]!, role))),
  ]
  const conditions = NAMES.map((role) => {
    const scope = `permit(principal, action in ${listOf(ROLES[role])}, resource is Repository)`
    return [`${role}s`, `${scope} when { principal in resource.${role} };`]
  })
  return {
    name: `github-${n}`,
    schema: SCHEMA_OF_ROLES,
    policies: { ...Object.fromEntries(conditions), archived: ARCHIVED },
    templates: {},
    links: [],
    entities: [...ofOrganizations, ...ofRepositories, ...people],
    requests: drawRequests(draw, targetsOf(repositories, insidersOf, people), users),
  }
}

/** Of each entity type there are `n`; a link for each role of each repository. */
export function githubLinks(n: number): Task {
  const draw = createDraw(n)
  const [teams, users] = [uids('Team', n), uids('User', n)]
  const [repositories, organizations] = [uids('Repository', n), uids('Organization', n)]
  const someOrganization = (chance: number) => (draw.chance(chance) ? [draw.pick(organizations)] : [])
  const people = [
    ...teams.map((team, i) => entity(team, [...draw.earlier(teams, i), ...someOrganization(0.3)])),
    ...users.map((user) => entity(user, [...draw.some(teams), ...someOrganization(0.3)])),
  ]
  const links = repositories.flatMap((resource) =>
    NAMES.map((role) => {
      const principal = draw.pick(draw.chance(0.1) ? organizations : draw.chance(0.6) ? teams : users)
      return { id: `${role} of ${resource.id}`, template: role, principal, resource }
    }),
  )
  const insidersOf = (_: Uid, i: number) =>
    links.slice(NAMES.length * i, NAMES.length * (i + 1)).map(({ principal }) => principal)
  const templates = NAMES.map((role, i) => {
    const allowed = NAMES.slice(0, i + 1).flatMap((held) => ROLES[held])
    return [role, `permit(principal in ?principal, action in ${listOf(allowed)}, resource == ?resource);`]
  })
  return {
    name: `github-links-${n}`,
    schema: SCHEMA_OF_GRANTS,
    policies: { archived: ARCHIVED },
    templates: Object.fromEntries(templates),
    links,
    entities: [
      ...organizations.map((organization) => entity(organization, [])),
      ...repositories.map((repository) =>
        entity(repository, [], { organization: reference(draw.pick(organizations)), archived: draw.chance(0.1) }),
      ),
      ...people,
    ],
    requests: drawRequests(draw, targetsOf(repositories, insidersOf, people), users),
  }
}

/** Insiders are users, and members of those that are none. */
function targetsOf(
  repositories: readonly Uid[],
  holdersOf: (repository: Uid, i: number) => readonly Uid[],
  people: readonly Entity[],
) {
  const members = membersOf(people)
  return repositories.map((resource, i) => {
    const insiders = holdersOf(resource, i).flatMap((holder) => (holder.type === 'User' ? [holder] : members(holder)))
    return { resource, actions: ACTIONS, insiders: insiders.filter(({ type }) => type === 'User') }
  })
}
