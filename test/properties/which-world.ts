/**
 * Random configurations about documents in folders, for what is answered by a column: policies and rules of which much is
 * known once the principal is, or the document. Reproduced by their seed.
 */
import type { Random } from './random.ts'

export interface EntityJson {
  readonly uid: { readonly type: string; readonly id: string }
  readonly attrs: Readonly<Record<string, unknown>>
  readonly parents: readonly { readonly type: string; readonly id: string }[]
}

export const numbers = (count: number) => Array.from({ length: count }, (_, i) => i)
const [USERS, GROUPS, FOLDERS] = [4, 3, 4]
export const DOCUMENTS = 12

export const uidOf = (type: string, n: number) => ({ type, id: `${type.toLowerCase()}${n}` })
const literal = (type: string, n: number) => `${type}::"${type.toLowerCase()}${n}"`
const entity = (type: string, n: number) => ({ __entity: uidOf(type, n) })

const user = (random: Random) => literal('User', random.int(USERS))
const folder = (random: Random) => literal('Folder', random.int(FOLDERS))
const action = (random: Random) =>
  random.pick(['action', 'action == Action::"read"', 'action in [Action::"read", Action::"write"]'])

/** Each a condition, mostly of a document. */
const CONDITIONS: readonly ((random: Random) => string)[] = [
  () => 'resource.owner == principal',
  () => 'principal == resource.owner && context.mfa',
  () => 'resource.public',
  () => 'resource has public && resource.public == true',
  () => 'principal in resource.owner',
  () => 'resource has readers && principal in resource.readers',
  () => 'resource.readers.contains(principal)',
  (random) => `resource in ${folder(random)}`,
  (random) => `resource in ${folder(random)} || resource.owner == principal`,
  (random) =>
    `if principal in Group::"group0" then resource.level > ${random.int(3)} else resource == ${literal('Doc', random.int(DOCUMENTS))}`,
  (random) => `principal.level + resource.level > ${random.int(6)}`,
  () => '[principal, context.owner].contains(resource.owner)',
  () => 'principal.level > 0 && resource.missing',
  () => 'principal.missing && resource.public',
  () => 'context has missing && context.missing == resource',
  () => 'resource.owner has level && resource.owner.level == principal.level',
  () => 'context.facts.shared.contains({ user: principal, doc: resource })',
  () => 'context.facts.starred.contains(resource)',
  () => '!context.facts.starred.contains(resource)',
  () => 'context.facts.shared.isEmpty()',
  () => 'context.facts.near.contains(context.owner)',
]

const RULES: readonly string[] = [
  'permit :- principal(P), resource(R), owns(P, R).',
  'permit("mine") :- principal(P), action("read"), resource(R, "Doc"), owns(P, R), not hidden(R).',
  'forbid("hidden") :- resource(R), hidden(R).',
  'permit :- request(P, Action::"read", R), entity.attr(R, "owner", P).',
  'permit :- request(P, _, R), entity.ancestor(R, F), entity.attr(F, "owner", P).',
  'permit :- principal("user0"), resource(_).',
  'forbid :- resource(R), size(R, S), 10 / S > 3.',
  'permit("quotient") :- resource(R), size(R, S), 10 / S > 8.',
  'permit("small") :- principal(P), resource(R), size(R, S), 10 / S > 1, owns(P, R).',
  'permit :- principal(P), resource(R), close(R), owns(P, _).',
  'permit :- resource(R), resource(Q, "Doc"), owns("user1", R), size(Q, _).',
  'permit :- principal(P), resource(R), not hidden(R), owns(P, R), context.mfa(true).',
  'forbid :- principal(P), resource(R), N = count{ D : owns(P, D) }, N > 3, size(R, 1).',
  'permit :- request(Q, _, R), principal(P), owns(P, _), entity.attr(R, "owner", Q).',
]

const SCHEMA = `[schema]
entity Group;
entity User in [Group] = { level: Long };
entity Folder in [Folder] = { owner?: User };
entity Doc in [Folder] = { owner: User, level: Long, public?: Bool, readers?: Group };
action read, write appliesTo { principal: User, resource: Doc, context: { mfa: Bool, owner: User } };
action list appliesTo { principal: User, resource: Doc, context: { mfa: Bool, owner: User } };`
/** Those that the schema accepts. */
const TYPED = [0, 1, 3, 5, 7, 8, 9, 10, 11, 15]

export interface Documents {
  readonly text: string
  readonly entities: readonly EntityJson[]
  readonly hasSchema: boolean
}

export function randomDocuments(random: Random): Documents {
  const hasSchema = random.chance(0.3)
  const condition = () => (hasSchema ? CONDITIONS[random.pick(TYPED)]?.(random) : random.pick(CONDITIONS)(random))
  const on = hasSchema ? 'resource is Doc' : random.pick(['resource', 'resource', 'resource is Doc'])
  const usual = random.list(0, 4, () => {
    const effect = random.pick(['permit', 'permit', 'permit', 'forbid'])
    const who = random.pick(['principal', 'principal', `principal == ${user(random)}`, 'principal in Group::"group0"'])
    const act = hasSchema ? 'action in [Action::"read", Action::"write"]' : action(random)
    return `${effect}(${who}, ${act}, ${on}) ${random.pick(['when', 'when', 'unless'])} { ${condition()} };`
  })
  const scoped = random.list(0, random.pick([2, 30]), () => {
    const what = random.pick([`in ${folder(random)}`, `== ${literal('Doc', random.int(DOCUMENTS))}`])
    const act = hasSchema ? 'action == Action::"read"' : action(random)
    return `${random.pick(['permit', 'permit', 'forbid'])}(principal == ${user(random)}, ${act}, resource ${what});`
  })
  const rules = random.chance(0.5) ? random.list(1, 3, () => random.pick(RULES)) : []
  const rows = (count: number, row: () => string) => random.list(0, count, row).join(', ')
  const doc = () => `"doc${random.int(DOCUMENTS)}"`
  const text = `version = "rune/1.0"
[options]
on_policy_error = "${random.pick(['deny', 'skip', 'strict'])}"
default_principal_type = "User"
default_resource_type = "Doc"
[data]
owns = [${rows(8, () => `["user${random.int(USERS)}", ${doc()}]`)}]
hidden = [${rows(3, () => `[${doc()}]`)}]
size = [${rows(6, () => `[${doc()}, ${random.int(6)}]`)}]
starred = [${rows(5, () => `['${literal('Doc', random.int(DOCUMENTS))}']`)}]
shared = [${rows(5, () => `['${user(random)}', '${literal('Doc', random.int(DOCUMENTS))}']`)}]
[rules]
decl owns(user: String, doc: String).
decl hidden(doc: String).
decl size(doc: String, size: Long).
decl shared(user: User, doc: Doc).
decl starred(doc: Doc).
close(R) :- resource(R), size(R, _).
near(P) :- request(P, _, R), entity.attr(R, "owner", P).
${rules.join('\n')}
${hasSchema ? SCHEMA : ''}
[policies]
${[...usual, ...scoped].join('\n')}
`
  const entities = [
    ...numbers(USERS).map((n) => randomEntity(random, 'User', n)),
    ...numbers(FOLDERS).map((n) => randomEntity(random, 'Folder', n)),
    ...numbers(DOCUMENTS).flatMap((n) => (random.chance(0.8) ? [randomEntity(random, 'Doc', n)] : [])),
  ]
  return { text, entities, hasSchema }
}

export function randomEntity(random: Random, type: 'User' | 'Folder' | 'Doc', n: number): EntityJson {
  const uid = uidOf(type, n)
  const owner = () => entity('User', random.int(USERS))
  switch (type) {
    case 'User':
      return {
        uid,
        attrs: { level: random.int(4) },
        parents: random.list(0, 2, () => uidOf('Group', random.int(GROUPS))),
      }
    case 'Folder':
      return {
        uid,
        attrs: random.chance(0.5) ? { owner: owner() } : {},
        parents: n > 0 && random.chance(0.7) ? [uidOf('Folder', random.int(n))] : [],
      }
    case 'Doc':
      return {
        uid,
        attrs: {
          owner: owner(),
          level: random.int(4),
          ...(random.chance(0.5) && { public: random.chance(0.5) }),
          ...(random.chance(0.5) && { readers: entity('Group', random.int(GROUPS)) }),
        },
        parents: random.list(0, 2, () => uidOf('Folder', random.int(FOLDERS))),
      }
  }
}

/** A request about them. */
export function randomQuestion(random: Random) {
  return {
    principal: uidOf('User', random.int(USERS + 1)),
    action: { type: 'Action', id: random.pick(['read', 'read', 'write', 'list', 'other']) },
    resource: uidOf('Doc', random.int(DOCUMENTS + 1)),
    context: { mfa: random.chance(0.7), owner: entity('User', random.int(USERS)) },
  }
}
