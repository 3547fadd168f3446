/**
 * The classes of an equivalence: its links, united. Each member gets a row with what represents its class, which is the
 * smallest value id in it, so that equal classes have equal rows whatever the links and their order. About linear in the
 * number of links. Which equivalences have classes is said by `src/program/links.ts`. Source: Tarjan, van Leeuwen,
 * "Worst-case analysis of set union algorithms" (1984): path halving.
 */
import { growColumns, isGone, rowCount } from '../image/relation.ts'
import type { Stratum } from '../program/program.ts'
import { step } from './machine.ts'
import { factsError, type Run, roomLeft } from './run.ts'

/** Fills the relation of a stratum that is the classes of an equivalence. */
export function uniteLinks(run: Run, stratum: Stratum): void {
  const { image, machine, program } = run
  const [predicate] = stratum.predicates
  const links = image.relations[program.predicates[predicate!]!.unites!]!
  const classes = image.relations[predicate!]!
  const forest = createForest(rowCount(links))
  const [from, to] = links.columns
  for (let row = 0; row < links.count; row++) {
    step(machine)
    if (!isGone(links, row)) unite(forest, placeOf(forest, from![row]!), placeOf(forest, to![row]!))
  }
  const { count, members } = forest
  if (count > roomLeft(run)) throw factsError(run, undefined, stratum)
  growColumns(classes, count)
  classes.count = count
  const [member, representative] = classes.columns
  member!.set(members.subarray(0, count))
  for (let place = 0; place < count; place++) representative![place] = members[rootOf(forest, place)]!
  run.derived += count
}

/** A tree for each class; a place is the number of a member. */
interface Forest {
  count: number
  readonly members: Uint32Array
  /** By place: the place above it; that of a root is its own. */
  readonly parents: Uint32Array
  /** By the hash of a member: its place + 1, or 0. Half of it stays empty. */
  readonly table: Uint32Array
}

function createForest(links: number): Forest {
  const most = 2 * links
  const table = new Uint32Array(2 ** (33 - Math.clz32(Math.max(1, most))))
  return { count: 0, members: new Uint32Array(most), parents: new Uint32Array(most), table }
}

/** The place of a member, which is a class of its own when it first comes. */
function placeOf(forest: Forest, id: number): number {
  const { table, members, parents } = forest
  const mask = table.length - 1
  const hash = Math.imul(id, 0x9e3779b1)
  for (let slot = (hash ^ (hash >>> 15)) & mask; ; slot = (slot + 1) & mask) {
    const place = table[slot]! - 1
    if (place >= 0 && members[place] !== id) continue
    if (place >= 0) return place
    table[slot] = forest.count + 1
    members[forest.count] = id
    parents[forest.count] = forest.count
    return forest.count++
  }
}

/** The smaller member becomes the root of both. */
function unite(forest: Forest, a: number, b: number): void {
  const { members, parents } = forest
  const [one, other] = [rootOf(forest, a), rootOf(forest, b)]
  if (members[one]! < members[other]!) parents[other] = one
  else parents[one] = other
}

function rootOf({ parents }: Forest, place: number): number {
  let at = place
  while (parents[at] !== at) {
    parents[at] = parents[parents[at]!]!
    at = parents[at]!
  }
  return at
}
