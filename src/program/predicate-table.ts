/**
 * The predicates of a configuration while it is analysed: who has which name, one arity each, what their columns are
 * declared as. Owns the rules about names; who uses them belongs to `declare.ts`, `facts.ts` and `normalise-body.ts`.
 * Spec: LANGUAGE sections 2 to 5.
 */
import type { Diagnostics } from '../text/diagnostic.ts'
import type { Span } from '../text/source.ts'
import { didYouMean } from '../text/suggest.ts'
import { ANY_ENTITY, NOTHING, only, union } from './column-types.ts'
import { BUILTIN, BUILTINS, type ColumnType, type Predicate, type PredicateId, type TypeName } from './program.ts'

/** A predicate that analysis is not done with. Only this folder writes it, and only before types are inferred. */
export interface PredicateDraft {
  readonly id: PredicateId
  readonly name: string
  readonly arity: number
  readonly columns: ColumnDraft[]
  /** Where it was first named; found when it is asked for. Absent for built-in and internal ones. */
  readonly place?: () => Span
  /** Whether a declaration, a fact or a head defines it, so that it is not a misspelling. */
  isDefined: boolean
  /** Whether it has a fact, or may have one: of a file, or by a later update. */
  hasFacts: boolean
  /** Whether the text has a fact of it. */
  isFilled: boolean
  declaration?: Span
  option?: 'equivalence' | 'materialize' | 'on_demand'
  best?: NonNullable<Predicate['best']>
}

export interface ColumnDraft {
  name?: string
  declared?: ColumnType
  /** Of built-in predicates: what can be in it. */
  readonly bound?: ColumnType
  /** Of facts. */
  known: ColumnType
}

export interface PredicateTable {
  readonly drafts: PredicateDraft[]
  /** `principal` and `resource` under the name and arity, as `principal/1`. */
  readonly byName: Map<string, PredicateDraft>
  readonly diagnostics: Diagnostics
}

/** One use of a name. */
export interface Naming {
  readonly name: string
  readonly arity: number
  readonly place: () => Span
}

/** A table with the built-in predicates. */
export function createPredicateTable(diagnostics: Diagnostics): PredicateTable {
  const table: PredicateTable = { drafts: [], byName: new Map(), diagnostics }
  for (const { name, arity } of BUILTINS) {
    const id = table.drafts.length
    const columns = BUILTIN_COLUMNS[id]?.map(([column, bound]) => ({ name: column, bound, known: NOTHING })) ?? []
    const isDecision = id === BUILTIN.permit || id === BUILTIN.forbid
    add(table, keyOf(name, arity), {
      id,
      name,
      arity,
      columns,
      isDefined: true,
      hasFacts: !isDecision && id !== BUILTIN.entityAncestor,
      isFilled: false,
    })
  }
  return table
}

/** The predicate that a declaration, facts or a head define; `undefined` after a mistake. */
export function definePredicate(
  table: PredicateTable,
  naming: Naming,
  by: 'decl' | 'facts' | 'head',
): PredicateDraft | undefined {
  const reserved = reservedFor(naming.name, by)
  if (reserved) {
    const { message, help } = reserved
    table.diagnostics.error('R331', message, naming.place(), help === undefined ? {} : { help })
    return undefined
  }
  const draft = lookUp(table, naming)
  if (draft) draft.isDefined = true
  return draft
}

/** The predicate that a body names, which may be defined nowhere. `undefined` after a mistake. */
export function usePredicate(table: PredicateTable, naming: Naming): PredicateDraft | undefined {
  const { name } = naming
  if (isDecision(name)) {
    const help = 'give what both depend on a name of its own: `p :- …` and `permit :- p`'
    table.diagnostics.error('R332', `\`${name}\` decides, and stands only in heads`, naming.place(), { help })
    return undefined
  }
  return lookUp(table, naming)
}

/** A predicate of our own, which no text can name. */
export function internalPredicate(table: PredicateTable, purpose: string, arity: number): PredicateDraft {
  const id = table.drafts.length
  const columns = Array.from({ length: arity }, (): ColumnDraft => ({ known: NOTHING }))
  const name = `$${purpose}${id}`
  return add(table, name, { id, name, arity, columns, isDefined: true, hasFacts: false, isFilled: false })
}

/** The names that a program may have meant. */
export function* namesOf(table: PredicateTable): Iterable<string> {
  for (const { name, isDefined } of table.drafts) if (isDefined && !name.startsWith('$')) yield name
}

/** Whether the predicate holds something of the request at hand. */
export function isRequestTime(id: PredicateId): boolean {
  return id <= BUILTIN.context
}

/** Whether the predicate holds the entity store, or what follows from it alone. */
export function isEntityPredicate(id: PredicateId): boolean {
  return id >= BUILTIN.entityType && id <= BUILTIN.entityAncestor
}

/** `permit` and `forbid`. */
export function isDecision(name: string): boolean {
  return name === 'permit' || name === 'forbid'
}

/** Whether facts of `entity.*` are kept under this id. */
export function isBuiltin(id: PredicateId): boolean {
  return id < BUILTINS.length
}

const COLUMNS_MAX = 256

const ENTITY = only(ANY_ENTITY)
const STRING = only('String')

/** Cedar has no floats, and the context has no rows for sets and records. */
const SCALAR: ColumnType = new Set<TypeName>([
  'String',
  'Long',
  'Bool',
  'ipaddr',
  'decimal',
  'datetime',
  'duration',
  ANY_ENTITY,
])
const CEDAR_VALUE = union(SCALAR, new Set<TypeName>(['Set', 'Record']))

/** Names and types of the columns, in the order of `BUILTINS`. */
const BUILTIN_COLUMNS: readonly (readonly (readonly [string, ColumnType])[])[] = [
  [['id', STRING]],
  [
    ['id', STRING],
    ['type', STRING],
  ],
  [['id', STRING]],
  [['id', STRING]],
  [
    ['id', STRING],
    ['type', STRING],
  ],
  [['id', STRING]],
  [
    ['principal', ENTITY],
    ['action', ENTITY],
    ['resource', ENTITY],
  ],
  [
    ['key', STRING],
    ['value', SCALAR],
  ],
  [
    ['entity', ENTITY],
    ['type', STRING],
  ],
  [
    ['child', ENTITY],
    ['parent', ENTITY],
  ],
  [
    ['entity', ENTITY],
    ['name', STRING],
    ['value', CEDAR_VALUE],
  ],
  [
    ['entity', ENTITY],
    ['name', STRING],
    ['value', CEDAR_VALUE],
  ],
  [
    ['entity', ENTITY],
    ['ancestor', ENTITY],
  ],
  [['reason', STRING]],
  [['reason', STRING]],
]

const REQUEST_TIME: ReadonlySet<string> = new Set(BUILTINS.slice(0, BUILTIN.context + 1).map(({ name }) => name))
const ENTITY_NAMES: readonly string[] = BUILTINS.map(({ name }) => name).filter((name) => name.startsWith('entity.'))

function keyOf(name: string, arity: number): string {
  return name === 'principal' || name === 'resource' ? `${name}/${arity}` : name
}

function add(table: PredicateTable, key: string, draft: PredicateDraft): PredicateDraft {
  table.drafts.push(draft)
  table.byName.set(key, draft)
  return draft
}

/** Why `name` cannot be defined. */
function reservedFor(name: string, by: 'decl' | 'facts' | 'head'): { message: string; help?: string } | undefined {
  if (REQUEST_TIME.has(name) || name.startsWith('context.')) {
    return { message: `\`${name}\` comes with the request, and stands only in bodies`, help: 'choose another name' }
  }
  if (name === 'entity.ancestor' && by !== 'decl') {
    return { message: '`entity.ancestor` is read-only', help: 'it follows from `entity.parent`' }
  }
  if (ENTITY_NAMES.includes(name) && by === 'facts') {
    return {
      message: `\`${name}\` holds the entity store`,
      help: 'entities stand in [entities], or in heads of [rules]',
    }
  }
  if (isDecision(name) && by === 'facts') {
    return {
      message: `\`${name}\` is never a fact`,
      help: `write a rule that depends on the request: \`${name} :- …\``,
    }
  }
  const isBuiltin = isDecision(name) || ENTITY_NAMES.includes(name)
  return by === 'decl' && isBuiltin ? { message: `\`${name}\` is built in, and not declared` } : undefined
}

/** The predicate of that name, made if there is none yet; `undefined` where the arity is another. */
function lookUp(table: PredicateTable, { name, arity, place }: Naming): PredicateDraft | undefined {
  const { diagnostics } = table
  const found = table.byName.get(keyOf(name, arity)) ?? table.byName.get(keyOf(name, 1))
  if (found) return found.arity === arity ? found : refuseArity(table, found, { name, arity, place })
  if (name.startsWith('entity.')) {
    const help = didYouMean(name, ENTITY_NAMES, `there are \`${ENTITY_NAMES.join('`, `')}\``)
    diagnostics.error(
      'R333',
      `there is no \`${name}\`, and names that start with \`entity.\` are reserved`,
      place(),
      help,
    )
    return undefined
  }
  if (arity > COLUMNS_MAX) {
    diagnostics.error('R334', `\`${name}\` has ${arity} columns, and ${COLUMNS_MAX} are the most`, place())
    return undefined
  }
  const columns = Array.from({ length: arity }, (): ColumnDraft => ({ known: NOTHING }))
  return add(table, name, {
    id: table.drafts.length,
    name,
    arity,
    columns,
    place,
    isDefined: false,
    hasFacts: false,
    isFilled: false,
  })
}

function refuseArity(table: PredicateTable, found: PredicateDraft, { name, arity, place }: Naming): undefined {
  const related = found.place ? [{ message: 'it was first named here', span: found.place() }] : []
  const other = name === 'principal' || name === 'resource' ? ' or two' : ''
  const message = `\`${name}\` has ${columnCount(found.arity)}${other}, not ${arity}`
  table.diagnostics.error('R330', message, place(), related.length > 0 ? { related } : {})
}

function columnCount(arity: number): string {
  return arity === 0 ? 'no columns' : arity === 1 ? 'one column' : `${arity} columns`
}
