/** The aggregates of random Datalog rules: all six functions, both spellings, groups that are empty, and the short form. */
import {
  addComputation,
  addNegation,
  addTest,
  boundOf,
  constant,
  type Draft,
  fresh,
  type Predicate,
} from './datalog-draft.ts'
import type { Kind } from './datalog-values.ts'

interface Call {
  readonly name: string
  readonly over: string
  readonly body: string
  readonly kind: Kind
}

const ORDERED: readonly Kind[] = ['string', 'path', 'long', 'wide', 'float', 'datetime', 'duration']

/** Adds `N = count(X, p(X, Y))` over groups that the rule binds. */
export function addAggregate(draft: Draft): void {
  const { random } = draft
  const lower = draft.predicates.filter(({ level, kinds }) => level < draft.level && kinds.length > 0)
  if (lower.length === 0) return
  const predicate = random.pick(lower)
  const call = callOver(draft, predicate, (kind) => (random.chance(0.5) ? boundOf(draft, kind) : undefined))
  const result = random.chance(0.85) ? fresh(draft) : constant(draft, call.kind)
  draft.literals.push(
    random.chance(0.9) ? `${result} = ${callText(draft, call)}` : `${callText(draft, call)} = ${result}`,
  )
  if (result.match(/^[A-Z_]/u)) draft.bound.set(result, call.kind)
}

/** A rule for `head` whose groups the aggregate itself binds; often in the short form. */
export function aggregateRule(draft: Draft, head: Predicate): string | undefined {
  const { random } = draft
  const keys = head.kinds.slice(0, -1)
  if (head.kinds.at(-1) !== 'wide' || new Set(keys).size < keys.length) return undefined
  const usable = draft.predicates.filter(({ level, kinds }) => {
    return level < draft.level && kinds.length > keys.length && keys.every((kind) => kinds.includes(kind))
  })
  if (usable.length === 0) return undefined
  const names = new Map(keys.map((kind) => [kind, fresh(draft)]))
  const left = new Map(names)
  const call = callOver(draft, random.pick(usable), (kind) => {
    const name = left.get(kind)
    left.delete(kind)
    return name
  })
  if (call.kind !== 'wide' || left.size > 0) return undefined
  const result = fresh(draft)
  const literal = random.chance(0.6) ? callText(draft, call) : `${result} = ${callText(draft, call)}`
  return `${head.name}(${[...names.values(), result].join(', ')}) :- ${literal}.`
}

/** An aggregate over an atom of `predicate`; `groupOf` says which variable a column is grouped by, if any. */
function callOver(draft: Draft, predicate: Predicate, groupOf: (kind: Kind) => string | undefined): Call {
  const { random } = draft
  const names: [string, Kind][] = []
  const groups: [string, Kind][] = []
  const args = predicate.kinds.map((kind) => {
    const group = groupOf(kind)
    if (group !== undefined) {
      groups.push([group, kind])
      return group
    }
    if (random.chance(0.2)) return '_'
    if (random.chance(0.05)) return constant(draft, kind)
    const name = fresh(draft)
    names.push([name, kind])
    return name
  })
  const atom = `${predicate.name}(${args.join(', ')})`
  const inner: Draft = {
    ...draft,
    isRecursive: false,
    bound: new Map([...draft.bound, ...groups, ...names]),
    literals: [atom],
  }
  const outside = new Set([...inner.bound.keys()])
  if (random.chance(0.3)) {
    const lower = draft.predicates.filter(({ level }) => level < draft.level)
    addComputation(inner, lower)
    // In a recursive rule no new value may get out of the aggregate.
    if (!draft.isRecursive) names.push(...[...inner.bound].filter(([name]) => !outside.has(name)))
  }
  if (random.chance(0.2)) addTest(inner)
  if (random.chance(0.15)) addNegation({ ...inner, bound: new Map(names) })
  draft.variables = inner.variables
  const body = inner.literals.length === 1 && random.chance(0.8) ? atom : `(${inner.literals.join(', ')})`
  const [over, kind] = names.length > 0 ? random.pick(names) : ['', undefined]
  if (kind === undefined) return { name: 'count', over: random.pick(['_', '1']), body, kind: 'wide' }
  const choices: [string, Kind][] = [
    ['count', 'wide'],
    ['count_distinct', 'wide'],
  ]
  if (kind === 'long') choices.push(['sum', 'wide'], ['sum', 'wide'], ['mean', 'float'])
  if (kind === 'wide' && draft.hazard) choices.push(['sum', 'wide'])
  if (ORDERED.includes(kind)) choices.push(['min', kind], ['max', kind])
  const [name, result] = random.pick(choices)
  return { name, over, body, kind: result }
}

function callText({ random }: Draft, { name, over, body }: Call): string {
  if (random.chance(0.7)) return `${name}(${over}, ${body})`
  return `${name} { ${over} : ${body} }`
}
