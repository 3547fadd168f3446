/**
 * What a decision costs, uncached: of three small applications with 50 entities of each type, from strings and from objects,
 * and among 10 to 100,000 policies, static and linked. Latencies are taken over blocks of 64 decisions for the median and one
 * by one for the tail, with the clock's own cost taken away from neither. `--smoke` runs toy sizes. Compared with cedar-wasm
 * and others in `cedar.ts`.
 */
import { createHash } from 'node:crypto'
import { Rune } from '../src/engine.ts'

const isSmoke = process.argv.includes('--smoke')
const size = isSmoke ? 5 : 50
const rounds = isSmoke ? 2 : Number(process.env['ROUNDS'] ?? 300)
const requestCount = 1024
const sizes = isSmoke ? [10, 100] : [10, 100, 1000, 10_000, 100_000]

/** Requests as any of the engine's entrances takes them. */
interface Asked {
  readonly principal: string
  readonly action: string
  readonly resource: string
  readonly context?: Readonly<Record<string, unknown>>
}

interface App {
  readonly name: string
  readonly text: string
  readonly requests: readonly Asked[]
}

/** A small generator of numbers (Mulberry32), the same in each run. */
function createRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i)

/** A reference to an entity, as `[entities]` writes it. */
const ref = (uid: string) => `{ entity = '${uid}' }`

/** Some of `of`, each with a chance of a twentieth. */
function someOf(random: (below: number) => number, of: readonly string[]): string {
  return `[${of
    .filter(() => random(20) === 0)
    .map((uid) => `'${uid}'`)
    .join(', ')}]`
}

function todo(): App {
  const random = createRandom(1)
  const uids = (type: string) => numbers(size).map((i) => `${type}::"${type.toLowerCase()}${i}"`)
  const [users, teams, lists] = [uids('User'), uids('Team'), uids('List')] as const
  const pick = (of: readonly string[]) => of[random(of.length)]!
  const entities = [
    ...users.map((uid) => `'${uid}' = { in = ${someOf(random, teams)} }`),
    ...teams.map((uid, i) => `'${uid}' = { in = ${someOf(random, teams.slice(i + 1))} }`),
    ...lists.map(
      (uid) =>
        `'${uid}' = { in = ['Application::"TinyTodo"'], attrs = { owner = ${ref(pick(users))}, readers = ${ref(pick(teams))}, editors = ${ref(pick(teams))} } }`,
    ),
  ]
  const actions = ['CreateList', 'GetLists', 'GetList', 'UpdateList', 'DeleteList', 'CreateTask', 'EditShare']
  return {
    name: 'TinyTodo',
    text: `version = "rune/1.0"
[entities]
${entities.join('\n')}
[policies]
permit(principal, action in [Action::"CreateList", Action::"GetLists"], resource == Application::"TinyTodo");
permit(principal, action, resource is List) when { resource has owner && resource.owner == principal };
permit(principal, action == Action::"GetList", resource is List)
when { principal in resource.readers || principal in resource.editors };
permit(principal, action in [Action::"UpdateList", Action::"CreateTask"], resource is List) when { principal in resource.editors };
`,
    requests: numbers(requestCount).map(() => {
      const action = pick(actions)
      const isCreate = action === 'CreateList' || action === 'GetLists'
      return { principal: pick(users), action, resource: isCreate ? 'Application::"TinyTodo"' : pick(lists) }
    }),
  }
}

function github(): App {
  const random = createRandom(2)
  const uids = (type: string) => numbers(size).map((i) => `${type}::"${type.toLowerCase()}${i}"`)
  const [users, teams, repositories, issues] = [uids('User'), uids('Team'), uids('Repository'), uids('Issue')] as const
  const pick = (of: readonly string[]) => of[random(of.length)]!
  const roles = ['readers', 'triagers', 'writers', 'maintainers', 'admins']
  const roleOf = (uid: string, role: string) => `Role::"${uid.split('"')[1]}_${role}"`
  const holds = () => (random(3) === 0 ? [`'${roleOf(pick(repositories), pick(roles))}'`] : [])
  const entities = [
    ...users.map(
      (uid) =>
        `'${uid}' = { in = [${[...someOf(random, teams).slice(1, -1).split(', ').filter(Boolean), ...holds()]}] }`,
    ),
    ...teams.map((uid) => `'${uid}' = { in = [${[...holds(), ...holds()]}] }`),
    ...repositories.flatMap((uid) => [
      `'${uid}' = { attrs = { ${roles.map((role) => `${role} = ${ref(roleOf(uid, role))}`).join(', ')} } }`,
      ...roles.map(
        (role, i) => `'${roleOf(uid, role)}' = { in = [${i > 0 ? `'${roleOf(uid, roles[i - 1]!)}'` : ''}] }`,
      ),
    ]),
    ...issues.map(
      (uid) => `'${uid}' = { attrs = { repo = ${ref(pick(repositories))}, reporter = ${ref(pick(users))} } }`,
    ),
  ]
  const on = (actions: string, role: string) =>
    `permit(principal, action in [${actions}], resource) when { principal in resource.${role} };`
  const onIssue = (action: string, test: string) =>
    `permit(principal, action == Action::"${action}", resource) when { ${test} };`
  return {
    name: 'GitHub',
    text: `version = "rune/1.0"
[entities]
${entities.join('\n')}
[policies]
${on('Action::"pull", Action::"fork"', 'readers')}
${onIssue('delete_issue', 'principal in resource.repo.readers && principal == resource.reporter')}
${onIssue('edit_issue', 'principal in resource.repo.readers && principal == resource.reporter')}
${onIssue('edit_issue', 'principal in resource.repo.writers')}
${onIssue('assign_issue', 'principal in resource.repo.triagers')}
${onIssue('delete_issue', 'principal in resource.repo.maintainers')}
${on('Action::"push"', 'writers')}
${on('Action::"add_reader", Action::"add_writer"', 'admins')}
`,
    requests: numbers(requestCount).map(() => {
      const isIssue = random(2) === 0
      const action = pick(
        isIssue ? ['delete_issue', 'edit_issue', 'assign_issue'] : ['pull', 'fork', 'push', 'add_reader'],
      )
      return { principal: pick(users), action, resource: pick(isIssue ? issues : repositories) }
    }),
  }
}

function drive(): App {
  const random = createRandom(3)
  const uids = (type: string) => numbers(size).map((i) => `${type}::"${type.toLowerCase()}${i}"`)
  const [users, groups, documents, folders] = [uids('User'), uids('Group'), uids('Document'), uids('Folder')] as const
  const pick = (of: readonly string[]) => of[random(of.length)]!
  const documentFields = (uid: string) =>
    `in = ['${pick(folders)}', 'View::"${uid.split('"')[1]}"'], attrs = { owner = ${ref(pick(users))}, isPublic = ${random(10) === 0}, viewers = ${ref(pick(groups))} }`
  const entities = [
    ...users.map(
      (uid) =>
        `'${uid}' = { in = ${someOf(random, groups)}, attrs = { documents = [${numbers(random(5)).map(() => ref(pick([...documents, ...folders])))}] } }`,
    ),
    ...groups.map((uid, i) => `'${uid}' = { in = ${someOf(random, groups.slice(i + 1))} }`),
    ...documents.map((uid) => `'${uid}' = { ${documentFields(uid)} }`),
    ...folders.map(
      (uid, i) =>
        `'${uid}' = { in = ${someOf(random, folders.slice(i + 1))}, attrs = { owner = ${ref(pick(users))} } }`,
    ),
  ]
  return {
    name: 'Drive',
    text: `version = "rune/1.0"
[entities]
${entities.join('\n')}
[policies]
permit(principal, action == Action::"readDocument", resource) when { resource.isPublic };
permit(principal, action == Action::"readDocument", resource) when { principal in resource.viewers };
permit(principal, action in [Action::"readDocument", Action::"writeDocument"], resource)
when { resource.owner == principal };
permit(principal, action in [Action::"readDocument", Action::"writeDocument"], resource) when { resource in principal.documents };
permit(principal, action == Action::"createDocument", resource) when { resource == principal };
`,
    requests: numbers(requestCount).map(() => {
      const action = pick(['readDocument', 'writeDocument', 'createDocument', 'readDocument'])
      return { principal: pick(users), action, resource: action === 'createDocument' ? pick(users) : pick(documents) }
    }),
  }
}

/** `count` policies of which few can match a request; the entities and requests are as many for any count. */
function many(count: number, kind: 'static' | 'linked'): App {
  const random = createRandom(4)
  const users = numbers(isSmoke ? 20 : 1000).map((i) => `User::"user${i}"`)
  const groups = numbers(20).map((i) => `Group::"group${i}"`)
  const documents = numbers(isSmoke ? 20 : 1000).map((i) => `Document::"document${i}"`)
  const pick = (of: readonly string[]) => of[random(of.length)]!
  const grants = numbers(count).map((i) => ({
    who: users[(i * 7) % users.length]!,
    what: documents[(i * 13 + Math.floor(i / 1000)) % documents.length]!,
  }))
  const policies = grants.map(
    ({ who, what }) =>
      `permit(principal == ${who}, action == Action::"read", resource == ${what}) when { context.level > 2 };`,
  )
  const links = grants.map(
    ({ who, what }, i) => `[[options.links]]
template = "viewer"
id = "link${i}"
values = { "?principal" = '${who}', "?resource" = '${what}' }
`,
  )
  const template =
    '@id("viewer")\npermit(principal == ?principal, action == Action::"read", resource == ?resource) when { context.level > 2 };'
  return {
    name: `${count} ${kind}`,
    text: `version = "rune/1.0"
${kind === 'linked' ? links.join('') : ''}
[entities]
${users.map((uid, i) => `'${uid}' = { in = ['${groups[i % 20]}'] }`).join('\n')}
[policies]
${kind === 'linked' ? template : policies.join('\n')}
`,
    requests: numbers(requestCount).map(() => {
      const { who, what } = grants[random(grants.length)]!
      const isGranted = random(2) === 0
      const [principal, resource] = isGranted ? [who, what] : [pick(users), pick(documents)]
      return { principal, action: 'read', resource, context: { level: 3 } }
    }),
  }
}

interface Times {
  readonly median: number
  readonly p99: number
}

/** Nanoseconds of `run(i)`. */
function measure(run: (i: number) => unknown): Times {
  const block = 64
  const medians: number[] = []
  const singles: number[] = []
  for (let round = 0; round < rounds; round++) {
    for (let start = 0; start < requestCount; start += block) {
      const from = performance.now()
      for (let i = start; i < start + block; i++) run(i)
      medians.push(((performance.now() - from) * 1e6) / block)
    }
    const i = (round * 37) % requestCount
    for (let k = 0; k < 64; k++) {
      const from = process.hrtime.bigint()
      run((i + k) % requestCount)
      singles.push(Number(process.hrtime.bigint() - from))
    }
  }
  return { median: at(medians, 0.5), p99: at(singles, 0.99) }
}

function at(times: number[], share: number): number {
  return times.sort((a, b) => a - b)[Math.floor(times.length * share)]!
}

async function bench({ name, text, requests }: App): Promise<void> {
  const started = performance.now()
  const rune = await Rune.fromText(text, { coordinator: 'inline', cache: false })
  const opened = performance.now() - started
  const first = performance.now()
  rune.authorize(requests[0]!)
  const cold = performance.now() - first
  const decisions = requests.map((request) => rune.authorize(request))
  const uid = (literal: string, type: string) => {
    const [of, id] = literal.split('::"')
    return id === undefined ? { type, id: literal } : { type: of!, id: id.slice(0, -1) }
  }
  const objects = requests.map(({ principal, action, resource, context }) => ({
    principal: uid(principal, ''),
    action: uid(action, 'Action'),
    resource: uid(resource, ''),
    ...(context && { context }),
  }))
  const texts = measure((i) => rune.authorize(requests[i]!))
  const things = measure((i) => rune.authorize(objects[i]!))
  const permits = decisions.filter(({ allowed }) => allowed).length
  const failing = decisions.filter(({ errors }) => errors.length > 0).length
  const sum = createHash('sha256').update(JSON.stringify(decisions)).digest('hex').slice(0, 8)
  const show = ({ median, p99 }: Times) => `${median.toFixed(0).padStart(8)} ${p99.toFixed(0).padStart(8)}`
  console.log(
    `${name.padEnd(16)}${show(texts)}${show(things)}   open ${opened.toFixed(0)} ms, first ${cold.toFixed(1)} ms, permits ${permits}, failing ${failing}, answers ${sum}`,
  )
  await rune.close()
}

console.log(`ns: median, p99 from strings; median, p99 from objects; Node ${process.version}`)
for (const app of [todo(), github(), drive()]) await bench(app)
for (const count of sizes) for (const kind of ['static', 'linked'] as const) await bench(many(count, kind))
