/**
 * The dependency graph of predicates and its strongly connected components, each after all that it depends on. A cycle
 * through `not` or an aggregate has no meaning and is reported, rule by rule. Spec: LANGUAGE section 4. Source: Tarjan,
 * "Depth-first search and linear graph algorithms" (1972), with a stack of its own instead of recursion.
 */
import type { Diagnostics } from '../text/diagnostic.ts'
import type { PredicateDraft } from './predicate-table.ts'
import type { PredicateId } from './program.ts'
import { type Dependency, type RuleDraft, readsOf } from './rule-draft.ts'

export interface Components {
  /** Predicates of each component; what a component depends on comes before it. */
  readonly all: readonly (readonly PredicateId[])[]
  /** By predicate. */
  readonly of: readonly number[]
  readonly rulesOf: readonly (readonly RuleDraft[])[]
}

/** The components of `count` predicates with these rules. */
export function componentsOf(count: number, rules: readonly RuleDraft[]): Components {
  const rulesOf: RuleDraft[][] = Array.from({ length: count }, () => [])
  for (const rule of rules) rulesOf[rule.head]?.push(rule)
  const edges = rulesOf.map((own) => [...new Set(own.flatMap((rule) => readsOf(rule).map((d) => d.predicate)))])
  const all = connect(edges)
  const of = new Array<number>(count).fill(0)
  for (const [i, component] of all.entries()) for (const predicate of component) of[predicate] = i
  return { all, of, rulesOf }
}

/** Reports the components in which a predicate depends on its own absence, or on an aggregate over itself. */
export function checkStrata(components: Components, drafts: readonly PredicateDraft[], diagnostics: Diagnostics): void {
  const done = new Set<number>()
  for (const [predicate, rules] of components.rulesOf.entries()) {
    const component = components.of[predicate] ?? 0
    for (const rule of done.has(component) ? [] : rules) {
      const strict = readsOf(rule).find((d) => d.kind !== 'positive' && components.of[d.predicate] === component)
      if (!strict) continue
      done.add(component)
      reportCycle(
        [{ rule, dependency: strict }, ...wayBack(strict.predicate, predicate, components)],
        drafts,
        diagnostics,
      )
      break
    }
  }
}

function connect(edges: readonly (readonly number[])[]): number[][] {
  const index = new Array<number>(edges.length).fill(-1)
  const low = new Array<number>(edges.length).fill(0)
  const isOpen = new Array<boolean>(edges.length).fill(false)
  const stack: number[] = []
  const found: number[][] = []
  let next = 0
  const open = (node: number) => {
    index[node] = low[node] = next++
    isOpen[node] = true
    stack.push(node)
    return { node, edge: 0 }
  }
  const close = (node: number) => {
    if (low[node] !== index[node]) return
    const component = stack.splice(stack.lastIndexOf(node))
    for (const member of component) isOpen[member] = false
    found.push(component.sort((a, b) => a - b))
  }
  for (const root of edges.keys()) {
    const path = index[root] === -1 ? [open(root)] : []
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const { node } = top
      const to = edges[node]?.[top.edge++]
      if (to === undefined) {
        path.pop()
        close(node)
        const parent = path.at(-1)
        if (parent) low[parent.node] = Math.min(low[parent.node] ?? 0, low[node] ?? 0)
      } else if (index[to] === -1) path.push(open(to))
      else if (isOpen[to]) low[node] = Math.min(low[node] ?? 0, index[to] ?? 0)
    }
  }
  return found
}

/** One hop of a cycle: the head of `rule` depends on `dependency.predicate`. */
interface Hop {
  readonly rule: RuleDraft
  readonly dependency: Dependency
}

/** The shortest chain of rules by which `from` depends on `to`, in the same component; empty if they are one. */
function wayBack(from: PredicateId, to: PredicateId, { of, rulesOf }: Components): Hop[] {
  const cameBy = new Map<PredicateId, Hop>()
  const queue = [from]
  for (let at = 0; at < queue.length && !cameBy.has(to) && from !== to; at++) {
    for (const rule of rulesOf[queue[at] ?? from] ?? []) {
      for (const dependency of readsOf(rule)) {
        const { predicate } = dependency
        if (of[predicate] !== of[to] || predicate === from || cameBy.has(predicate)) continue
        cameBy.set(predicate, { rule, dependency })
        queue.push(predicate)
      }
    }
  }
  const hops: Hop[] = []
  for (let at = to; at !== from; at = hops[0]?.rule.head ?? from) {
    const hop = cameBy.get(at)
    if (!hop) break
    hops.unshift(hop)
  }
  return hops
}

const WORDS = { positive: '', not: 'not ', aggregate: 'an aggregate over ' }

function reportCycle(hops: readonly Hop[], drafts: readonly PredicateDraft[], diagnostics: Diagnostics): void {
  const nameOf = (predicate: PredicateId) => drafts[predicate]?.name ?? ''
  const isOwn = (predicate: PredicateId) => nameOf(predicate).startsWith('$')
  const [first] = hops
  if (!first) return
  const named = hops.filter(({ dependency }) => !isOwn(dependency.predicate))
  const head = nameOf(first.rule.head)
  const start = isOwn(first.rule.head) ? nameOf(named.at(-1)?.dependency.predicate ?? first.rule.head) : head
  const path = named.map(({ dependency }) => `${WORDS[dependency.kind]}${nameOf(dependency.predicate)}`)
  const related = named.flatMap(({ rule, dependency }) => {
    const span = dependency.span ?? rule.span
    const by = isOwn(rule.head) ? `rule \`${rule.name}\`` : `\`${nameOf(rule.head)}\``
    const what = `${WORDS[dependency.kind]}\`${nameOf(dependency.predicate)}\``
    return span ? [{ message: `${by} depends on ${what}`, span }] : []
  })
  const span = first.rule.span ?? named.find(({ rule }) => rule.span)?.rule.span
  const message = `\`${start}\` depends on ${first.dependency.kind === 'not' ? 'its own absence' : 'an aggregate over itself'}: ${[start, ...path].join(' → ')}`
  const help = 'what stands under `not` or in an aggregate must be known before; break the cycle'
  diagnostics.error('R400', message, span, { help, related })
}
