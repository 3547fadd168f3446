/**
 * Relations: documents in nested folders, shared with nested groups. Who sees a document is worked out by each request that
 * asks, along folders and groups; nothing is derived for each user.
 */
import type { Draw } from '../random.ts'
import { addTo, names, type Scenario, scaled, some, toggle, tsv } from '../scenario.ts'

const MAIN = `version = "rune/1.0"

[options]
default_principal_type = "User"
default_resource_type = "Document"

[data]
member = { file = "member.tsv" }
subgroup = { file = "subgroup.tsv" }
parent = { file = "parent.tsv" }
stored_in = { file = "stored_in.tsv" }
owner = { file = "owner.tsv" }
folder_viewer = { file = "folder_viewer.tsv" }
locked = { file = "locked.tsv" }

[rules]
decl member(user: User, group: Group).
decl subgroup(inner: Group, outer: Group).
decl parent(folder: Folder, above: Folder).
decl stored_in(document: Document, folder: Folder).
decl owner(user: User, document: Document).
decl folder_viewer(group: Group, folder: Folder).
decl locked(document: Document).

in_group(User, Group) :- member(User, Group).
in_group(User, Outer) :- in_group(User, Inner), subgroup(Inner, Outer).

sees(Group, Folder) :- folder_viewer(Group, Folder).
sees(Group, Folder) :- sees(Group, Above), parent(Folder, Above).

decl viewer(user: User, document: Document) on_demand.
viewer(User, Document) :- stored_in(Document, Folder), sees(Group, Folder), in_group(User, Group).
viewer(User, Document) :- owner(User, Document).

[policies]
@id("viewers view")
permit(principal is User, action == Action::"view", resource is Document)
when { context.facts.viewer.contains({ user: principal, document: resource }) };

@id("owners edit")
permit(principal is User, action == Action::"edit", resource is Document)
when { context.facts.owner.contains({ user: principal, document: resource }) };

@id("locked documents")
forbid(principal, action == Action::"edit", resource is Document)
when { context.facts.locked.contains(resource) };
`

export function rebac(draw: Draw, scale: number): Scenario {
  const { below, chance } = draw
  const users = names('user-', scaled(2000, scale))
  const documents = names('document-', scaled(50_000, scale, 40))
  const [groups, folders] = [names('group-', scaled(200, scale)), names('folder-', scaled(2000, scale))]
  const pickOf = (choices: readonly string[]) => choices[below(choices.length)] ?? ''
  const member = users.flatMap((user) => some(draw, groups, 2).map((group) => [user, group]))
  const subgroup = groups.flatMap((group, i) => (i > 0 && chance(0.5) ? [[group, groups[below(i)] ?? '']] : []))
  // A folder stands in one of those before it, so that there are no cycles; about ten are at the top.
  const parent = folders.flatMap((folder, i) =>
    i > 9 || i > folders.length / 4 ? [[folder, folders[below(i)] ?? '']] : [],
  )
  const storedIn = documents.map((document) => [document, pickOf(folders)])
  const shared = folders.flatMap((folder) => (chance(0.5) ? [[pickOf(groups), folder]] : []))
  const owner = documents.filter(() => chance(0.2)).map((document) => [pickOf(users), document])
  const locked = documents.filter((_, i) => i % 20 === 7)
  const inFolder = new Map<string, string[]>()
  for (const [document, folder] of storedIn) addTo(inFolder, folder ?? '', document ?? '')
  const foldersOf = new Map<string, string[]>()
  for (const [group, folder] of shared) addTo(foldersOf, group ?? '', folder ?? '')
  return {
    files: {
      'main.rune': MAIN,
      'member.tsv': tsv(member),
      'subgroup.tsv': tsv(subgroup),
      'parent.tsv': tsv(parent),
      'stored_in.tsv': tsv(storedIn),
      'owner.tsv': tsv(owner),
      'folder_viewer.tsv': tsv(shared),
      'locked.tsv': tsv(locked.map((document) => [document])),
    },
    request: ({ pick, chance }) => {
      if (chance(0.05)) return { principal: pick(users), action: 'edit', resource: pick(locked) }
      if (chance(0.2)) {
        const [principal = '', resource = ''] = pick(owner)
        return { principal, action: 'edit', resource }
      }
      const [principal = '', group = ''] = pick(member)
      const within = inFolder.get(pick(foldersOf.get(group) ?? folders)) ?? documents
      // Half of the others look for something that one of their groups sees.
      const resource = pick(chance(0.5) ? within : documents)
      return { principal, action: chance(0.1) ? 'edit' : 'view', resource }
    },
    update: (i) => toggle('owner', [`guest-${i >> 1}`, 'document-0'], i),
    outcomes: ['permit', 'deny', 'forbid'],
  }
}
