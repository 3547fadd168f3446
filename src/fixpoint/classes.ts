/**
 * The classes of an equivalence: its links, united. Each member gets a row with what represents its class, which is the
 * smallest value id in it, so that equal classes have equal rows whatever the links and their order. Linear in memory; time
 * is that of sorting the members. Which equivalences have classes is said by `src/program/links.ts`. Source: Tarjan, van
 * Leeuwen, "Worst-case analysis of set union algorithms" (1984): path halving.
 */
import { growColumns, isGone, type Relation } from '../image/relation.ts'
import type { Stratum } from '../program/program.ts'
import { step } from './machine.ts'
import { factsError, type Run, roomLeft } from './run.ts'

/** Fills the relation of a stratum that is the classes of an equivalence. */
export function uniteLinks(run: Run, stratum: Stratum): void {
  const { image, machine, program } = run
  const [predicate] = stratum.predicates
  const links = image.relations[program.predicates[predicate!]!.unites!]!
  const classes = image.relations[predicate!]!
  const members = membersOf(links)
  if (members.length > roomLeft(run)) throw factsError(run, undefined, stratum)
  const parents = new Uint32Array(members.length).map((_, i) => i)
  const [from, to] = links.columns
  for (let row = 0; row < links.count; row++) {
    step(machine)
    if (!isGone(links, row)) unite(parents, placeOf(members, from![row]!), placeOf(members, to![row]!))
  }
  growColumns(classes, members.length)
  classes.count = members.length
  const [member, representative] = classes.columns
  member!.set(members)
  for (let i = 0; i < members.length; i++) representative![i] = members[rootOf(parents, i)]!
  run.derived += members.length
}

/** What the links relate: ascending, each once. */
function membersOf(links: Relation): Uint32Array {
  const ids = new Uint32Array(2 * (links.count - links.gone))
  let count = 0
  for (let row = 0; row < links.count; row++) {
    if (isGone(links, row)) continue
    ids[count++] = links.columns[0]![row]!
    ids[count++] = links.columns[1]![row]!
  }
  ids.sort()
  let kept = 0
  for (let i = 0; i < count; i++) if (i === 0 || ids[i] !== ids[i - 1]) ids[kept++] = ids[i]!
  return ids.slice(0, kept)
}

function placeOf(members: Uint32Array, id: number): number {
  let [low, high] = [0, members.length]
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if (members[middle]! <= id) low = middle
    else high = middle
  }
  return low
}

/** The smaller root stays one. */
function unite(parents: Uint32Array, a: number, b: number): void {
  const [one, other] = [rootOf(parents, a), rootOf(parents, b)]
  if (one < other) parents[other] = one
  else parents[one] = other
}

function rootOf(parents: Uint32Array, place: number): number {
  let at = place
  while (parents[at] !== at) {
    parents[at] = parents[parents[at]!]!
    at = parents[at]!
  }
  return at
}
