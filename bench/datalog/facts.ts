/**
 * The facts of the Datalog workloads, generated: the same on every machine and in every run. A column holds numbers below
 * the size of its domain, which is what the kernels of `bench/floor/` compute with; the domain says which value a number
 * stands for in a fact file. Sizes at scale 1 are those that the reference times were measured with (`workloads.ts`).
 */

/** What the numbers of a column stand for. */
export interface Domain {
  readonly type: 'String' | 'Long'
  /** Numbers are below it. */
  readonly size: number
  readonly text: (n: number) => string
}

/** The facts of one predicate, column by column. */
export interface Facts {
  readonly domains: readonly Domain[]
  readonly columns: readonly Int32Array[]
}

/** By predicate. */
export type FactSet = Readonly<Record<string, Facts>>

/** The integers from 0 on. */
export function integers(size: number): Domain {
  return { type: 'Long', size, text: String }
}

function named(prefix: string, size: number): Domain {
  return { type: 'String', size, text: (n) => `${prefix}${n}` }
}

/** Facts from their numbers, row by row. */
function factsOf(domains: readonly Domain[], rows: readonly number[]): Facts {
  const arity = domains.length
  const columns = domains.map((_, i) =>
    Int32Array.from({ length: rows.length / arity }, (_, row) => rows[row * arity + i]!),
  )
  return { domains, columns }
}

export type Random = () => number

/** Numbers in [0, 1), by mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** An integer of `[0, limit)`. */
export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit)
}

/** `count` different numbers below `limit`, in the order in which they came. */
function distinct(random: Random, count: number, limit: number): Iterable<number> {
  const found = new Set<number>()
  while (found.size < count) found.add(below(random, limit))
  return found
}

/** `count` different edges, each from `draw`. */
function distinctEdges(nodes: number, count: number, draw: () => readonly [number, number] | undefined): Facts {
  const [rows, seen] = [[] as number[], new Set<number>()]
  while (seen.size < count) {
    const edge = draw()
    if (!edge || seen.has(edge[0] * nodes + edge[1])) continue
    seen.add(edge[0] * nodes + edge[1])
    rows.push(...edge)
  }
  return factsOf([integers(nodes), integers(nodes)], rows)
}

/** Twice as many edges as nodes, between any two. */
export function randomGraph(scale: number): FactSet {
  const [random, nodes] = [createRandom(1), Math.round(2000 * scale)]
  return { edge: distinctEdges(nodes, 2 * nodes, () => [below(random, nodes), below(random, nodes)]) }
}

export function chain(scale: number): FactSet {
  const edges = Math.round(2500 * scale)
  const rows = Array.from({ length: edges }, (_, i) => [i, i + 1])
  return { edge: factsOf([integers(edges + 1), integers(edges + 1)], rows.flat()) }
}

/** The edges of a complete binary tree, from parent to child. */
export function binaryTree(predicate: string, nodes: number): FactSet {
  const rows = Array.from({ length: nodes - 1 }, (_, i) => [i >> 1, i + 1])
  return { [predicate]: factsOf([integers(nodes), integers(nodes)], rows.flat()) }
}

/** Users with five roles each, in a tree of roles that have a permission or two. */
export function roleModel(scale: number): FactSet {
  const random = createRandom(2)
  const [user, role, permission] = [
    named('user', Math.round(200_000 * scale)),
    named('role', 1000),
    named('perm', 2000),
  ]
  const [userRoles, parents, permissions] = [[] as number[], [] as number[], [] as number[]]
  for (let u = 0; u < user.size; u++) for (const r of distinct(random, 5, role.size)) userRoles.push(u, r)
  for (let r = 1; r < role.size; r++) parents.push(r, Math.floor((r - 1) / 6))
  for (let r = 0; r < role.size; r++) {
    for (const p of distinct(random, 1 + below(random, 2), permission.size)) permissions.push(r, p)
  }
  return {
    user_role: factsOf([user, role], userRoles),
    role_parent: factsOf([role, role], parents),
    role_perm: factsOf([role, permission], permissions),
  }
}

/** Documents in nested folders, users in nested groups; groups see folders, users see documents. */
export function documentModel(scale: number): FactSet {
  const random = createRandom(3)
  const [documents, folders] = [Math.round(1_000_000 * scale), Math.round(50_000 * scale)]
  const [user, group] = [named('user', Math.round(20_000 * scale)), named('group', 2000)]
  // Folders come first among the objects.
  const object: Domain = {
    type: 'String',
    size: folders + documents,
    text: (n) => (n < folders ? `folder${n}` : `doc${n - folders}`),
  }
  const [parent, member, subgroup, grant, viewer] = [[], [], [], [], []] as number[][] as [
    number[],
    number[],
    number[],
    number[],
    number[],
  ]
  for (let f = 1; f < folders; f++) parent.push(f, below(random, f))
  for (let d = 0; d < documents; d++) parent.push(folders + d, below(random, folders))
  for (let u = 0; u < user.size; u++) for (const g of distinct(random, 2, group.size)) member.push(u, g)
  for (let g = 1; g < group.size; g++) if (random() < 0.5) subgroup.push(g, below(random, g))
  // Not the folders near the root: those would show nearly everything to everybody.
  const [first, few] = [1 + Math.floor(folders * 0.02), Math.floor(folders * 0.97)]
  for (let i = 0; i < 600 * scale; i++) grant.push(below(random, group.size), first + below(random, few))
  for (let i = 0; i < 200_000 * scale; i++) viewer.push(below(random, user.size), folders + below(random, documents))
  return {
    parent: factsOf([object, object], parent),
    member: factsOf([user, group], member),
    subgroup: factsOf([group, group], subgroup),
    grant: factsOf([group, object], grant),
    viewer: factsOf([user, object], viewer),
  }
}

/** Statements of a program over variables, mostly near each other. More than 18,000 variables derive far more than that. */
export function pointers(scale: number): FactSet {
  const random = createRandom(5)
  const variable = integers(Math.round(18_000 * scale))
  const statements = (part: number) => {
    const rows: number[] = []
    for (let i = 0; i < Math.round(part * variable.size); i++) {
      const from = below(random, variable.size)
      const isNear = random() < 0.9
      const to = isNear ? from + below(random, 200) - 100 : below(random, variable.size)
      rows.push(from, Math.min(variable.size - 1, Math.max(0, to)))
    }
    return factsOf([variable, variable], rows)
  }
  return { addressOf: statements(0.55), assign: statements(0.4), load: statements(0.08), store: statements(0.04) }
}

/** Requests, some more than once; users that are blocked; what users used and how much they may. */
export function requests(scale: number): FactSet {
  const random = createRandom(6)
  const [user, resource] = [named('user', Math.round(300_000 * scale)), named('res', 5000)]
  const numbers = (first: number) => {
    const rows: number[] = []
    for (let u = 0; u < user.size; u++) rows.push(u, first + below(random, 1000))
    return factsOf([user, integers(first + 1000)], rows)
  }
  const [log, blocked] = [[] as number[], [] as number[]]
  for (let i = 0; i < Math.round(1_000_000 * scale); i++)
    log.push(below(random, user.size), below(random, resource.size))
  for (let u = 0; u < user.size; u++) if (random() < 0.05) blocked.push(u)
  return {
    request_log: factsOf([user, resource], log),
    blocked: factsOf([user], blocked),
    usage: numbers(0),
    quota: numbers(200),
  }
}

/** Calls by users, most of them by few. */
export function apiCalls(scale: number): FactSet {
  const random = createRandom(7)
  const [call, user] = [named('call', Math.round(1_000_000 * scale)), named('user', Math.round(50_000 * scale))]
  const rows: number[] = []
  for (let c = 0; c < call.size; c++) rows.push(c, Math.floor(user.size * random() * random()), below(random, 500))
  const users = Array.from({ length: user.size }, (_, u) => u)
  return { api_call: factsOf([call, user, integers(500)], rows), user: factsOf([user], users) }
}

/** A graph in which a few nodes have most of the edges. */
export function skewedGraph(scale: number): FactSet {
  const [random, nodes] = [createRandom(8), Math.round(8000 * scale)]
  const node = () => Math.floor(nodes * random() ** 2.2)
  const draw = (): [number, number] | undefined => {
    const [from, to] = [node(), node()]
    return from === to ? undefined : [from, to]
  }
  return { edge: distinctEdges(nodes, Math.round(300_000 * scale), draw) }
}
