/**
 * The workloads without a hand-written kernel, evaluated plainly with maps and sets: slow, short, and sharing nothing with
 * the engine. Each yields the columns of its relation.
 */

type Columns = readonly ArrayLike<number>[]
type Neighbours = ReadonlyMap<number, readonly number[]>

/** The transitive closure of `edges`. */
export function plainClosure(edges: Columns): Columns {
  const next = neighbours(edges)
  const [left, right] = [[] as number[], [] as number[]]
  for (const source of next.keys()) {
    const reached = new Set(next.get(source))
    // A set that grows while it is walked shows what was added.
    for (const node of reached) for (const target of next.get(node) ?? []) reached.add(target)
    for (const target of reached) {
      left.push(source)
      right.push(target)
    }
  }
  return [left, right]
}

/** Pairs of nodes with a common ancestor equally far above both, by (parent, child). */
export function plainSameGeneration(parents: Columns, nodes: number): Columns {
  const children = neighbours(parents)
  const pairs = new Set<number>()
  for (const siblings of children.values()) {
    for (const x of siblings) for (const y of siblings) if (x !== y) pairs.add(x * nodes + y)
  }
  for (const pair of pairs) {
    for (const x of children.get(Math.floor(pair / nodes)) ?? []) {
      for (const y of children.get(pair % nodes) ?? []) pairs.add(x * nodes + y)
    }
  }
  const all = [...pairs]
  return [all.map((pair) => Math.floor(pair / nodes)), all.map((pair) => pair % nodes)]
}

export interface Statements {
  readonly addressOf: Columns
  readonly assign: Columns
  readonly load: Columns
  readonly store: Columns
}

/** What variables may point to: a work list of (variable, target) that are new, each met with all that are known. */
export function plainPointsTo({ addressOf, assign, load, store }: Statements): Columns {
  const [assigned, loaded] = [neighbours(assign, 1, 0), neighbours(load, 1, 0)]
  const [stored, storedInto] = [neighbours(store), neighbours(store, 1, 0)]
  const [targets, pointers] = [new Map<number, Set<number>>(), new Map<number, Set<number>>()]
  const work: [number, number][] = []
  const add = (variable: number, target: number) => {
    const known = entry(targets, variable)
    if (known.has(target)) return
    known.add(target)
    entry(pointers, target).add(variable)
    work.push([variable, target])
  }
  const [variables, addresses] = addressOf
  for (let row = 0; row < variables!.length; row++) add(variables![row]!, addresses![row]!)
  for (let pair = work.pop(); pair; pair = work.pop()) {
    const [x, z] = pair
    // pt(Y, Z) :- assign(Y, X), pt(X, Z).
    for (const y of assigned.get(x) ?? []) add(y, z)
    // pt(Y, W) :- load(Y, X), pt(X, Z), pt(Z, W)., new at either place; the second one is (x, z).
    for (const y of loaded.get(x) ?? []) for (const w of [...entry(targets, z)]) add(y, w)
    for (const pointer of [...entry(pointers, x)]) for (const y of loaded.get(pointer) ?? []) add(y, z)
    // pt(Z, W) :- store(Y, X), pt(Y, Z), pt(X, W)., likewise.
    for (const source of stored.get(x) ?? []) for (const w of [...entry(targets, source)]) add(z, w)
    for (const y of storedInto.get(x) ?? []) for (const target of [...entry(targets, y)]) add(target, z)
  }
  const found = [...targets].flatMap(([variable, all]) => [...all].map((target) => [variable, target] as const))
  return [found.map(([variable]) => variable), found.map(([, target]) => target)]
}

export interface RequestFacts {
  readonly log: Columns
  readonly blocked: Columns
  readonly usage: Columns
  readonly quota: Columns
}

/** Requests of users who are not blocked and used no more than their quota. */
export function plainAllowed({ log, blocked, usage, quota }: RequestFacts, resources: number): Columns {
  const refused = new Set(Array.from(blocked[0]!))
  const limits = neighbours(quota)
  for (let row = 0; row < usage[0]!.length; row++) {
    const [user, used] = [usage[0]![row]!, usage[1]![row]!]
    if (limits.get(user)?.some((limit) => used > limit)) refused.add(user)
  }
  const allowed = new Set<number>()
  for (let row = 0; row < log[0]!.length; row++) {
    const user = log[0]![row]!
    if (!refused.has(user)) allowed.add(user * resources + log[1]![row]!)
  }
  const all = [...allowed]
  return [all.map((pair) => Math.floor(pair / resources)), all.map((pair) => pair % resources)]
}

/** By the numbers of column `from`, those of column `to`. */
function neighbours(columns: Columns, from = 0, to = 1): Neighbours {
  const found = new Map<number, number[]>()
  for (let row = 0; row < columns[0]!.length; row++) {
    const key = columns[from]![row]!
    const list = found.get(key)
    if (list) list.push(columns[to]![row]!)
    else found.set(key, [columns[to]![row]!])
  }
  return found
}

function entry(map: Map<number, Set<number>>, key: number): Set<number> {
  const found = map.get(key) ?? new Set()
  map.set(key, found)
  return found
}
