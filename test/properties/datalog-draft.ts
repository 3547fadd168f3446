/**
 * A rule in the making: the literals so far and the variables that they bind, and the ways to add a literal that keep it
 * safe and typed. `generate-datalog.ts` decides what to add.
 */
import { type Kind, literalText, pickValue, TYPE_OF } from './datalog-values.ts'
import type { Random } from './random.ts'

export interface Predicate {
  readonly name: string
  readonly kinds: readonly Kind[]
  /** A rule may use what has its head's level or a lower one; under `not` and in aggregates a lower one only. */
  readonly level: number
  /** Whether its rules keep the best value of the last column. */
  readonly best?: 'min' | 'max'
  readonly equivalence: boolean
  readonly declared: boolean
}

export interface Draft {
  readonly random: Random
  readonly predicates: readonly Predicate[]
  readonly level: number
  readonly literals: string[]
  readonly bound: Map<string, Kind>
  /** How many variables were made. */
  variables: number
  /** Whether a literal depends on the head: such a rule makes no new values, or it might never end. */
  isRecursive: boolean
  /** Whether expressions that may fail are welcome. */
  readonly hazard: boolean
}

/** A variable that is not in the rule yet. */
export function fresh(draft: Draft): string {
  return `${draft.random.pick(['X', 'Y', 'Z', '_U', 'Long'])}${draft.variables++}`
}

/** A bound variable of a kind. */
export function boundOf(draft: Draft, ...kinds: Kind[]): string | undefined {
  const fitting = [...draft.bound].filter(([, kind]) => kinds.some((wanted) => fits(kind, wanted)))
  return fitting.length > 0 ? draft.random.pick(fitting)[0] : undefined
}

function fits(kind: Kind, wanted: Kind): boolean {
  return kind === wanted || (kind === 'long' && wanted === 'wide') || (kind === 'path' && wanted === 'string')
}

/** A bound variable or a constant. */
export function operand(draft: Draft, kind: Kind): string {
  const variable = draft.random.chance(0.7) ? boundOf(draft, kind) : undefined
  return variable ?? constant(draft, kind)
}

/** A literal of a kind. */
export function constant(draft: Draft, kind: Kind): string {
  return literalText(draft.random, pickValue(draft.random, kind))
}

/** An atom; `()` may be left out where there are no arguments. */
export function atomText(draft: Draft, { name }: Predicate, args: readonly string[]): string {
  return args.length === 0 && draft.random.chance(0.5) ? name : `${name}(${args.join(', ')})`
}

/** An argument that a column is asked for with: a constant may be a plain string where the column is declared. */
function constantIn(draft: Draft, predicate: Predicate, column: number): string {
  const kind = predicate.kinds[column] ?? 'string'
  const value = pickValue(draft.random, kind)
  const isRead = predicate.declared && typeof value === 'object' && value.kind === 'entity' && draft.random.chance(0.5)
  return literalText(draft.random, isRead ? value.id : value)
}

/** Adds an atom that binds; `connected` ones share a variable with the rule where they can. */
export function addAtom(draft: Draft, predicate: Predicate, connected: boolean): void {
  const { random, bound } = draft
  const shared = predicate.kinds.findIndex((kind) => connected && boundOf(draft, kind) !== undefined)
  const added = new Map<string, Kind>()
  const args = predicate.kinds.map((kind, i) => {
    const known = boundOf(draft, kind)
    if (known !== undefined && (i === shared || random.chance(0.35))) return known
    if (random.chance(0.05)) return constantIn(draft, predicate, i)
    if (random.chance(0.15)) return '_'
    const [again] = [...added].filter(([, other]) => other === kind)
    if (again !== undefined && random.chance(0.15)) return again[0]
    const name = fresh(draft)
    added.set(name, kind)
    return name
  })
  for (const [name, kind] of added) bound.set(name, kind)
  if (predicate.level === draft.level) draft.isRecursive = true
  draft.literals.push(atomText(draft, predicate, args))
}

/** Adds `not p(…)` over bound variables. */
export function addNegation(draft: Draft): void {
  const lower = draft.predicates.filter(({ level }) => level < draft.level)
  if (lower.length === 0) return
  const predicate = draft.random.pick(lower)
  const args = predicate.kinds.map((kind, i) => {
    if (draft.random.chance(0.2)) return '_'
    return (draft.random.chance(0.85) ? boundOf(draft, kind) : undefined) ?? constantIn(draft, predicate, i)
  })
  draft.literals.push(`${draft.random.pick(['not ', '!'])}${atomText(draft, predicate, args)}`)
}

/** Adds `(p(X, Y) ; q(X, Y), r(X))`, each side of which binds the same one or two variables. */
export function addDisjunction(draft: Draft): void {
  const { random } = draft
  const usable = draft.predicates.filter(
    ({ level, kinds, best }) => level <= draft.level && kinds.length > 0 && best === undefined,
  )
  if (usable.length === 0) return
  const kind = random.pick(random.pick(usable).kinds)
  const variable = boundOf(draft, kind) ?? fresh(draft)
  const fitting = usable.filter(({ kinds }) => kinds.includes(kind))
  const sides = random.list(2, 3, () =>
    random
      .list(1, 2, () => {
        const predicate = random.pick(fitting)
        const place = predicate.kinds.indexOf(kind)
        if (predicate.level === draft.level) draft.isRecursive = true
        const args = predicate.kinds.map((other, i) =>
          i === place ? variable : random.chance(0.7) ? '_' : constant(draft, other),
        )
        return atomText(draft, predicate, args)
      })
      .join(', '),
  )
  draft.bound.set(variable, draft.bound.get(variable) ?? kind)
  draft.literals.push(`(${sides.join(' ; ')})`)
}

/** Adds a test of bound variables: a comparison, a list or a method. */
export function addTest(draft: Draft): void {
  const { random } = draft
  const [name, kind] = random.pick([...draft.bound, ['', 'bool'] as const])
  if (name === '') return
  draft.literals.push(random.pick(testsOf(draft, name, kind))())
}

function testsOf(draft: Draft, name: string, kind: Kind): readonly (() => string)[] {
  const { random } = draft
  const negation = random.chance(0.25) ? 'not ' : ''
  const method = (methods: readonly string[], arg: () => string) => () =>
    `${negation}${name}.${random.pick(methods)}(${arg()})`
  const text = (choices: readonly string[]) => () => literalText(random, random.pick(choices))
  const tests = [
    () => `${name} ${random.pick(['=', '==', '!='])} ${operand(draft, kind)}`,
    () => `${name} in [${random.list(1, 3, () => operand(draft, kind)).join(', ')}]`,
  ]
  if (['string', 'path', 'long', 'wide', 'float', 'datetime', 'duration'].includes(kind)) {
    const compared = (): string => `${name} ${random.pick(['<', '<=', '>', '>='])} ${operand(draft, kind)}`
    tests.push(compared, compared, () => `${compared()}, ${compared()}`)
  }
  if (kind === 'string' || kind === 'path') {
    tests.push(method(['starts_with', 'ends_with', 'contains'], () => operand(draft, 'string')))
    tests.push(method(['like'], text(['*', 'a*', '*b', '*/*', '', '"*'])))
    tests.push(method(['matches'], text(['*', '**', '/a/**', '/*', 'a/*', '/*/b', '**/b'])))
  }
  if (kind === 'path' || (kind === 'string' && draft.hazard))
    tests.push(method(['under'], text(['/', '/a', '/a/', '/b/../a'])))
  if (kind === 'decimal')
    tests.push(method(['lessThan', 'lessThanOrEqual', 'greaterThan'], () => operand(draft, 'decimal')))
  if (kind === 'ip') {
    tests.push(method(['isInRange'], () => operand(draft, 'ip')))
    tests.push(() => `${negation}${name}.${random.pick(['isIpv4', 'isIpv6', 'isLoopback'])}${random.pick(['', '()'])}`)
  }
  if (kind === 'long' && draft.hazard) tests.push(() => `10 / ${name} > ${operand(draft, 'long')}`)
  return tests
}

/** An expression over bound variables that makes a value of another or a wider kind. */
export function expression(draft: Draft): { text: string; kind: Kind } | undefined {
  const { random, hazard } = draft
  const number = hazard && random.chance(0.6) ? boundOf(draft, 'wide') : undefined
  const [name, kind] =
    number === undefined
      ? random.pick([...draft.bound, ['', 'bool'] as const])
      : ([number, draft.bound.get(number) ?? 'wide'] as const)
  if (name === '') return undefined
  const call = (method: string, of: Kind, arg = '') => ({
    text: `${name}.${method}${arg === '' ? '' : `(${arg})`}`,
    kind: of,
  })
  switch (kind) {
    case 'long':
      if (hazard && random.chance(0.7))
        return { text: `${constant(draft, 'wide')} ${random.pick(['/', '/', '%', '*', '+'])} ${name}`, kind: 'wide' }
      return { text: `${name} ${random.pick(['+', '-', '*'])} ${operand(draft, 'long')}`, kind: 'wide' }
    case 'wide':
      if (hazard) return { text: `-${name} ${random.pick(['+', '-', '*'])} ${operand(draft, 'wide')}`, kind: 'wide' }
      return { text: `${name} ${random.pick(['/ 2', '% 3', '/ -7'])}`, kind: 'wide' }
    case 'float':
      return { text: `(${name} ${random.pick(['+', '-', '*'])} ${constant(draft, 'float')}) * 2.0`, kind: 'float' }
    case 'string':
    case 'path':
      return random.pick([
        call('length()', 'long'),
        call('upper()', 'string'),
        call('trim', 'string'),
        call('replace', 'string', `"a", ${operand(draft, 'string')}`),
        call('concat', 'string', operand(draft, 'string')),
        call('substring', 'string', hazard ? '0, 2' : '0, 0'),
        { text: `${name} + ${operand(draft, 'string')} + "x"`, kind: 'string' as const },
      ])
    case 'User':
    case 'Group':
      return call(random.pick(['id', 'type', 'id()']), 'string')
    case 'datetime':
      return random.pick([
        call('offset', 'datetime', operand(draft, 'duration')),
        call('toDate()', 'datetime'),
        call('toTime', 'duration'),
      ])
    case 'duration':
      return call(random.pick(['toSeconds()', 'toMilliseconds', 'toDays()']), 'wide')
    default:
      return undefined
  }
}

/**
 * Adds variables that are computed, and atoms that mention them. Where the rule is recursive they stay apart from its other
 * variables, so that it makes no new values.
 */
export function addComputation(draft: Draft, usable: readonly Predicate[]): void {
  const { random } = draft
  const inner = draft.isRecursive ? { ...draft, bound: new Map(draft.bound) } : draft
  random.list(1, 2, () => addBinding(inner))
  random.list(0, 2, () => addUse(inner, random.pick(usable)))
  if (random.chance(0.25)) addEquation(inner)
  draft.variables = inner.variables
}

/** Adds an atom over bound variables and expressions. */
function addUse(draft: Draft, predicate: Predicate): void {
  const { random } = draft
  if (predicate.level === draft.level) {
    addRecursiveUse(draft, predicate)
    return
  }
  const negation = random.chance(0.2) ? 'not ' : ''
  const added = new Map<string, Kind>()
  const args = predicate.kinds.map((kind) => {
    const made = random.chance(0.25) ? expression(draft) : undefined
    if (made !== undefined && TYPE_OF[made.kind] === TYPE_OF[kind]) return made.text
    const known = random.chance(0.8) ? ofType(draft, kind) : undefined
    if (known !== undefined) return known
    if (negation !== '' || random.chance(0.3)) return random.chance(0.8) ? '_' : constant(draft, kind)
    const name = fresh(draft)
    added.set(name, kind)
    return name
  })
  for (const [name, kind] of added) draft.bound.set(name, kind)
  draft.literals.push(`${negation}${atomText(draft, predicate, args)}`)
}

/** Adds an atom of the head's own level over a few numbers: what is asked of it must come to an end. */
function addRecursiveUse(draft: Draft, predicate: Predicate): void {
  const { random } = draft
  const args = predicate.kinds.map((kind) => {
    const number = TYPE_OF[kind] === 'Long' && random.chance(0.8) ? ofType(draft, kind) : undefined
    if (number === undefined) return random.chance(0.9) ? '_' : constant(draft, kind)
    const computed = random.pick([`7 / ${number}`, `${number} % 2`])
    if (random.chance(0.5)) return computed
    const name = fresh(draft)
    draft.literals.push(`${name} = ${computed}`)
    return name
  })
  draft.literals.push(atomText(draft, predicate, args))
}

/** Adds `X = …` for a variable that is bound already: a second definition, or another name for a variable. */
function addEquation(draft: Draft): void {
  const { random } = draft
  const made = expression(draft)
  const name = made && ofType(draft, made.kind)
  if (made === undefined || name === undefined) return
  if (random.chance(0.5)) draft.literals.push(`${name} = ${made.text}`)
  else {
    const other = fresh(draft)
    draft.literals.push(`${other} = ${name}`)
    draft.bound.set(other, draft.bound.get(name) ?? made.kind)
  }
}

/** A bound variable of the type of a kind, often the one that was bound last. */
function ofType({ random, bound }: Draft, kind: Kind): string | undefined {
  const fitting = [...bound.keys()].filter((name) => TYPE_OF[bound.get(name) ?? 'bool'] === TYPE_OF[kind])
  return random.chance(0.5) ? fitting.at(-1) : fitting.length > 0 ? random.pick(fitting) : undefined
}

/** Adds a variable that is computed. */
export function addBinding(draft: Draft): void {
  const { random } = draft
  const text = boundOf(draft, 'path', 'string')
  const name = fresh(draft)
  if (text !== undefined && random.chance(0.3)) {
    draft.literals.push(`${name} = ${text}.split(${random.pick(['"/"', 'a', '" "'])})`)
    draft.bound.set(name, 'string')
  } else if (random.chance(0.2)) {
    const kind = random.pick(['string', 'long', 'User'] as const)
    draft.literals.push(`${name} in [${random.list(1, 3, () => operand(draft, kind)).join(', ')}]`)
    draft.bound.set(name, kind)
  } else {
    const made = expression(draft)
    if (made === undefined) return
    draft.literals.push(random.chance(0.8) ? `${name} = ${made.text}` : `${made.text} = ${name}`)
    draft.bound.set(name, made.kind)
  }
}
