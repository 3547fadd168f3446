/**
 * Google Drive: documents in folders, which have owners and are shared with users and groups; in one form what a folder or
 * document is shared with is a group that it names, in the other each share is a link of a template. Written after the
 * description in Cedar's evaluation at OOPSLA 2024; names, policies and numbers are our own.
 */
import {
  createDraw,
  type Draw,
  drawRequests,
  type Entity,
  entity,
  membersOf,
  type Request,
  reference,
  type Target,
  type Task,
  type Uid,
  uids,
} from './task.ts'

const ACTIONS = `action readDocument, writeDocument, shareDocument appliesTo {
  principal: User, resource: Document, context: { signedIn: Bool }
};
action listFolder, addToFolder appliesTo { principal: User, resource: Folder, context: { signedIn: Bool } };`

const SCHEMA_OF_AUDIENCES = `entity Audience in [Audience];
entity Group in [Group, Audience];
entity User in [Group, Audience];
entity Folder in [Folder] { owner: User, audience: Audience };
entity Document in [Folder] { owner: User, audience: Audience, public: Bool };
${ACTIONS}`

const SCHEMA_OF_SHARES = `entity Group in [Group];
entity User in [Group];
entity Folder in [Folder] { owner: User };
entity Document in [Folder] { owner: User, public: Bool };
${ACTIONS}`

const OWN = {
  'owners of documents': `permit(principal, action in [Action::"readDocument", Action::"writeDocument", Action::"shareDocument"], resource is Document)
when { resource.owner == principal };`,
  'owners of folders': `permit(principal, action in [Action::"listFolder", Action::"addToFolder"], resource is Folder)
when { resource.owner == principal };`,
  'the public': `permit(principal, action == Action::"readDocument", resource is Document) when { resource.public };`,
  'strangers share nothing': `forbid(principal, action in [Action::"shareDocument", Action::"addToFolder"], resource)
unless { context.signedIn };`,
}

const VIEW = {
  'audiences of documents': `permit(principal, action == Action::"readDocument", resource is Document)
when { principal in resource.audience };`,
  'audiences of folders': `permit(principal, action == Action::"listFolder", resource is Folder)
when { principal in resource.audience };`,
}

/** What a share of a folder or a document permits. */
export const SHARED = {
  viewer: `action in [Action::"readDocument", Action::"listFolder"]`,
  editor: `action in [Action::"readDocument", Action::"listFolder", Action::"writeDocument", Action::"addToFolder"]`,
}

/** Of users, groups, folders and documents there are `n`, of audiences `2 n`. */
export function gdrive(n: number): Task {
  const draw = createDraw(n)
  const { users, groups, folders, documents, folderOf } = placesOf(draw, n)
  const audienceOf = ({ id }: Uid): Uid => ({ type: 'Audience', id: `of ${id}` })
  // Who is in the audience of a folder is in that of all that lies in it.
  const contents = membersOf([...folders, ...documents].map((place) => entity(place, folderOf(place))))
  const places = [...folders, ...documents]
  const people = [
    ...groups.map((group, i) => entity(group, [...draw.earlier(groups, i), ...draw.some(places).map(audienceOf)])),
    ...users.map((user) => entity(user, [...draw.some(groups), ...draw.some(places).map(audienceOf)])),
  ]
  const owners = new Map(places.map(({ id }) => [id, draw.pick(users)]))
  const stored = places.map((place) => {
    const names = { owner: reference(owners.get(place.id)!), audience: reference(audienceOf(place)) }
    return entity(place, folderOf(place), place.type === 'Folder' ? names : { ...names, public: draw.chance(0.1) })
  })
  const direct = membersOf(people)
  const holdersOf = (place: Uid) => [
    owners.get(place.id)!,
    ...[place, ...folderOf(place)].flatMap((of) => direct(audienceOf(of))),
  ]
  return {
    name: `gdrive-${n}`,
    schema: SCHEMA_OF_AUDIENCES,
    policies: { ...OWN, ...VIEW },
    templates: {},
    links: [],
    entities: [
      ...places.map((place) => entity(audienceOf(place), contents(place).map(audienceOf))),
      ...people,
      ...stored,
    ],
    requests: requestsOf(draw, places, holdersOf, people),
  }
}

/** Of each entity type there are `n`; up to five links for each folder and document. */
export function gdriveLinks(n: number): Task {
  const draw = createDraw(n)
  const { users, groups, folders, documents, folderOf } = placesOf(draw, n)
  const people = [
    ...groups.map((group, i) => entity(group, draw.earlier(groups, i))),
    ...users.map((user) => entity(user, draw.some(groups))),
  ]
  const places = [...folders, ...documents]
  const owners = new Map(places.map(({ id }) => [id, draw.pick(users)]))
  const links = places.flatMap((resource) =>
    draw.some(draw.chance(0.5) ? groups : users).map((principal) => {
      const id = `${principal.id} and ${resource.id}`
      return { id, template: draw.chance(0.7) ? 'viewer' : 'editor', principal, resource }
    }),
  )
  const shared = membersOf(links.map(({ principal, resource }) => entity(principal, [resource])))
  const holdersOf = (place: Uid) => [owners.get(place.id)!, ...[place, ...folderOf(place)].flatMap(shared)]
  return {
    name: `gdrive-links-${n}`,
    schema: SCHEMA_OF_SHARES,
    policies: OWN,
    templates: {
      viewer: `permit(principal in ?principal, ${SHARED.viewer}, resource in ?resource);`,
      editor: `permit(principal in ?principal, ${SHARED.editor}, resource in ?resource);`,
    },
    links,
    entities: [
      ...people,
      ...places.map((place) => {
        const owner = reference(owners.get(place.id)!)
        return entity(place, folderOf(place), place.type === 'Folder' ? { owner } : { owner, public: draw.chance(0.1) })
      }),
    ],
    requests: requestsOf(draw, places, holdersOf, people),
  }
}

/** The names of a store, and where its documents and folders lie. */
function placesOf(draw: Draw, n: number) {
  const [users, groups, folders, documents] = [
    uids('User', n),
    uids('Group', n),
    uids('Folder', n),
    uids('Document', n),
  ]
  const parents = new Map([
    ...folders.map(({ id }, i) => [id, draw.earlier(folders, i)] as const),
    ...documents.map(({ id }) => [id, [draw.pick(folders)]] as const),
  ])
  return { users, groups, folders, documents, folderOf: ({ id }: Uid) => parents.get(id) ?? [] }
}

function requestsOf(
  draw: Draw,
  places: readonly Uid[],
  holdersOf: (place: Uid) => readonly Uid[],
  people: readonly Entity[],
): Request[] {
  const members = membersOf(people)
  const targets = places.map((resource): Target => {
    const insiders = holdersOf(resource).flatMap((holder) => (holder.type === 'User' ? [holder] : members(holder)))
    return {
      resource,
      actions:
        resource.type === 'Folder'
          ? ['listFolder', 'listFolder', 'addToFolder']
          : ['readDocument', 'readDocument', 'writeDocument', 'shareDocument'],
      insiders: insiders.filter(({ type }) => type === 'User'),
    }
  })
  const users = people.flatMap(({ uid }) => (uid.type === 'User' ? [uid] : []))
  return drawRequests(draw, targets, users, () => ({ signedIn: draw.chance(0.8) }))
}
