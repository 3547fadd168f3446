/**
 * Ten thousand policies, each for a team, an action and a folder, and some that forbid single documents: what the index of
 * policies is for. Teams come from facts, documents and folders from the entity store.
 */
import type { Draw } from '../random.ts'
import { addTo, names, type Scenario, scaled, some, toggle, tsv } from '../scenario.ts'

const ACTIONS = ['view', 'comment', 'edit', 'share', 'delete']

const MAIN = `version = "rune/1.0"

[options]
default_principal_type = "User"
default_resource_type = "Document"
entities = "entities.json"

[data]
member = { file = "member.tsv" }

[rules]
decl member(user: User, team: Team).
entity.parent(User, Team) :- member(User, Team).

[policies]
`

export function policies10k(draw: Draw, scale: number): Scenario {
  const { below, pick, chance } = draw
  const count = scaled(10_000, scale, 100)
  const [teams, folders] = [names('team-', scaled(400, scale, 10)), names('folder-', scaled(1000, scale, 10))]
  const [users, documents] = [names('user-', scaled(2000, scale, 20)), names('document-', scaled(5000, scale, 50))]
  const member = users.flatMap((user) => some(draw, teams, 2).map((team) => [user, team]))
  const folderOf = documents.map(() => pick(folders))
  const closed = documents.filter(() => chance(0.05)).slice(0, Math.floor(count / 20))
  const grants = Array.from({ length: count - closed.length }, () => {
    return { team: pick(teams), action: pick(ACTIONS), folder: pick(folders) }
  })
  const permits = grants.map(({ team, action, folder }) => {
    return `permit(principal in Team::"${team}", action == Action::"${action}", resource in Folder::"${folder}");\n`
  })
  const forbids = closed.map((document) => `forbid(principal, action, resource == Document::"${document}");\n`)
  const inFolder = new Map<string, string[]>()
  for (const [i, folder] of folderOf.entries()) addTo(inFolder, folder, documents[i] ?? '')
  const grantsOf = new Map<string, (typeof grants)[number][]>()
  for (const grant of grants) addTo(grantsOf, grant.team, grant)
  const parentOf = (folder: string, i: number) =>
    i > 0 && i % 3 === 0 ? [uidOf('Folder', folders[below(i)] ?? folder)] : []
  return {
    files: {
      'main.rune': `${MAIN}${permits.join('')}${forbids.join('')}`,
      'member.tsv': tsv(member),
      'entities.json': JSON.stringify([
        ...folders.map((id, i) => ({ uid: uidOf('Folder', id), attrs: {}, parents: parentOf(id, i) })),
        ...documents.map((id, i) => {
          return { uid: uidOf('Document', id), attrs: {}, parents: [uidOf('Folder', folderOf[i] ?? '')] }
        }),
      ]),
    },
    request: ({ pick, chance }) => {
      const [principal = '', team = ''] = pick(member)
      const grant = pick(grantsOf.get(team) ?? grants)
      // Half of them ask for what one of their teams may do.
      if (chance(0.5)) {
        return { principal, action: grant.action, resource: pick(inFolder.get(grant.folder) ?? documents) }
      }
      return { principal, action: pick(ACTIONS), resource: pick(documents) }
    },
    update: (i) => toggle('member', [`guest-${i >> 1}`, 'team-0'], i),
    outcomes: ['permit', 'deny', 'forbid'],
  }
}

function uidOf(type: string, id: string): { type: string; id: string } {
  return { type, id }
}
