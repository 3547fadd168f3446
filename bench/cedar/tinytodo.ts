/**
 * TinyTodo: lists of tasks that have an owner, and teams that read and edit them. Written after the description in Cedar's
 * evaluation at OOPSLA 2024; names, policies and numbers are our own.
 */
import { createDraw, drawRequests, entity, membersOf, reference, type Task, uids } from './task.ts'

const SCHEMA = `entity Application;
entity Team in [Team, Application];
entity User in [Team, Application];
entity List in [Application] {
  name: String, owner: User, readers: Team, editors: Team, tasks: Set<{ number: Long, title: String, done: Bool }>
};
action createList, listLists appliesTo { principal: User, resource: Application };
action readList, renameList, deleteList, addTask, finishTask, removeTask, shareList appliesTo { principal: User, resource: List };`

const POLICIES = {
  'users start lists': `permit(principal is User, action in [Action::"createList", Action::"listLists"], resource == Application::"application-0");`,
  'owners do it all': `permit(principal, action, resource is List) when { resource.owner == principal };`,
  'teams read': `permit(principal, action == Action::"readList", resource is List)
when { principal in resource.readers || principal in resource.editors };`,
  'editors write': `permit(principal, action in [Action::"renameList", Action::"addTask", Action::"finishTask", Action::"removeTask"], resource is List)
when { principal in resource.editors };`,
  'the first team cleans up': `permit(principal in Team::"team-0", action == Action::"deleteList", resource in Application::"application-0");`,
  'newcomers only look': `forbid(principal in Team::"team-1", action in [Action::"createList", Action::"shareList"], resource);`,
}

const OF_A_LIST = [
  'readList',
  'readList',
  'renameList',
  'deleteList',
  'addTask',
  'finishTask',
  'removeTask',
  'shareList',
]

/** Of each entity type there are `n`, and one application. */
export function tinytodo(n: number): Task {
  const draw = createDraw(n)
  const application = { type: 'Application', id: 'application-0' }
  const [teams, users, lists] = [uids('Team', n), uids('User', n), uids('List', n)]
  const people = [
    ...teams.map((team, i) => entity(team, [application, ...draw.earlier(teams, i)])),
    ...users.map((user) => entity(user, [application, ...draw.some(teams)])),
  ]
  const members = membersOf(people)
  const stored = lists.map((list) => {
    const [owner, readers, editors] = [draw.pick(users), draw.pick(teams), draw.pick(teams)]
    const tasks = Array.from({ length: draw.below(4) }, (_, number) => {
      return { number, title: `task ${draw.below(1000)}`, done: draw.chance(0.5) }
    })
    const names = { owner: reference(owner), readers: reference(readers), editors: reference(editors) }
    const insiders = [owner, ...members(readers), ...members(editors)].filter(({ type }) => type === 'User')
    return { insiders, list: entity(list, [application], { name: list.id, ...names, tasks }) }
  })
  const targets = [
    { resource: application, actions: ['createList', 'listLists'], insiders: users },
    ...stored.map(({ list, insiders }) => ({ resource: list.uid, actions: OF_A_LIST, insiders })),
  ]
  return {
    name: `tinytodo-${n}`,
    schema: SCHEMA,
    policies: POLICIES,
    templates: {},
    links: [],
    entities: [entity(application, []), ...people, ...stored.map(({ list }) => list)],
    requests: drawRequests(draw, targets, users),
  }
}
