/**
 * Ids without their type in rules that permit: `principal("admin")` holds for `User::"admin"` and for `Service::"admin"`.
 * Where several types are known for the place, a `permit` may not depend on the id alone. Spec: LANGUAGE section 4.
 */
import type { Policy } from '../syntax/cedar/ast.ts'
import type { TemplateLink } from '../syntax/rune-file/ast.ts'
import type { Schema } from '../syntax/schema/schema.ts'
import type { Diagnostics } from '../text/diagnostic.ts'
import { ANY_ENTITY, isEntity } from './column-types.ts'
import type { ColumnTypes } from './infer-types.ts'
import type { PredicateDraft } from './predicate-table.ts'
import {
  type AtomLiteral,
  BUILTIN,
  type EntityRecord,
  type Literal,
  type PredicateId,
  type Settings,
} from './program.ts'
import type { RuleDraft } from './rule-draft.ts'
import type { Components } from './strata.ts'

export interface KnownTypesInput {
  readonly components: Components
  readonly drafts: readonly PredicateDraft[]
  readonly columns: ColumnTypes
  readonly entities: readonly EntityRecord[]
  readonly policies: readonly Policy[]
  readonly links: readonly TemplateLink[]
  readonly schema?: Schema
  readonly settings: Settings
  readonly diagnostics: Diagnostics
}

/** Reports each `permit` that depends on an id whose type is open. */
export function checkKnownTypes(input: KnownTypesInput): void {
  for (const place of PLACES) {
    const types = [...typesAt(place, input)].sort()
    if (types.length > 1) checkPlace(place, types, input)
  }
}

/** A place of the request: the predicates that say its id, its id and type, and its column of `request`. */
interface Place {
  readonly name: 'principal' | 'resource'
  readonly id: PredicateId
  readonly typed: PredicateId
  readonly column: number
}

const PLACES: readonly Place[] = [
  { name: 'principal', id: BUILTIN.principal1, typed: BUILTIN.principal2, column: 0 },
  { name: 'resource', id: BUILTIN.resource1, typed: BUILTIN.resource2, column: 2 },
]

/**
 * The entity types that may stand at a place: those of a schema, else all that are known but what cannot be meant: actions,
 * the default type of the other place, and for principals paths and what others are `in`.
 */
function typesAt(place: Place, input: KnownTypesInput): Set<string> {
  const { drafts, columns, entities, schema, settings } = input
  if (schema) {
    const actions = [...schema.actions.values()]
    return new Set(actions.flatMap((action) => (place.name === 'principal' ? action.principals : action.resources)))
  }
  const { defaultPrincipalType, defaultResourceType, defaultActionType, pathTypes } = settings
  const own = place.name === 'principal' ? defaultPrincipalType : defaultResourceType
  const types = new Set(own === undefined ? [] : [own])
  const scopes = scopeTypes(place, input)
  for (const type of [...entities.map(({ uid }) => uid.type), ...scopes]) types.add(type)
  for (const draft of drafts) {
    for (const [i, column] of draft.columns.entries()) {
      const type = column.declared ?? columns[draft.id]?.[i] ?? 'any'
      for (const name of type === 'any' ? [] : type)
        if (isEntity(name) && name !== ANY_ENTITY) types.add(name.slice('entity:'.length))
    }
  }
  const excluded = new Set(place.name === 'principal' ? [...pathTypes, defaultResourceType] : [defaultPrincipalType])
  if (place.name === 'principal') for (const { parents } of entities) for (const { type } of parents) excluded.add(type)
  for (const type of types) {
    const isAction = type === defaultActionType || /(^|::)Action$/.test(type)
    if (type !== own && !scopes.includes(type) && (isAction || excluded.has(type))) types.delete(type)
  }
  return types
}

/** The types that the scopes of policies, and the links of templates, name at a place. */
function scopeTypes(place: Place, { policies, links }: KnownTypesInput): string[] {
  const scopes = policies.flatMap((policy): string[] => {
    const scope = policy[place.name]
    if (scope.kind === 'is') return [scope.type]
    return scope.kind === 'eq' && scope.entity.kind === 'entity' ? [scope.entity.uid.type] : []
  })
  const compared = new Set(
    policies.flatMap((policy) => {
      const scope = policy[place.name]
      return scope.kind === 'eq' && scope.entity.kind === 'slot' ? [idOf(policy)] : []
    }),
  )
  const linked = links.flatMap(({ template, values }) => {
    const value = values.get(`?${place.name}`)
    return value && compared.has(template) ? [value.uid.type] : []
  })
  return [...scopes, ...linked]
}

function idOf(policy: Policy): string {
  return policy.annotations.find(({ key }) => key === 'id')?.value ?? ''
}

function checkPlace(
  place: Place,
  types: readonly string[],
  { components, drafts, settings, diagnostics }: KnownTypesInput,
): void {
  const typed = typedPredicates(place, components, drafts)
  const exposed = exposedPredicates(place, components, typed)
  const { defaultPrincipalType, defaultResourceType } = settings
  const usual = (place.name === 'principal' ? defaultPrincipalType : defaultResourceType) ?? types[0]
  const shown = types.slice(0, 3)
  for (const rule of components.rulesOf[BUILTIN.permit] ?? []) {
    const by = isTyped(rule, place, typed) ? undefined : rule.body.find((literal) => exposesId(literal, place, exposed))
    if (!by) continue
    const { name } = place
    const names = `${shown.map((type) => `\`${type}\``).join(', ')}${types.length > shown.length ? ', …' : ''}`
    const message = `this \`permit\` depends on the id of the ${name} alone, and a ${name} can be of ${types.length} types: ${names}`
    diagnostics.error('R354', message, by.span ?? rule.span, { help: `write \`${name}(Id, "${usual}")\`` })
  }
}

/** Predicates that hold only where the type was looked at, in each of their rules. */
function typedPredicates(
  place: Place,
  { all, rulesOf }: Components,
  drafts: readonly PredicateDraft[],
): ReadonlySet<PredicateId> {
  const typed = new Set<PredicateId>([place.typed])
  for (const { id, hasFacts } of drafts) if ((rulesOf[id]?.length ?? 0) > 0 && !hasFacts) typed.add(id)
  // In the order of dependence one pass does, but for recursion.
  for (let shrinks = true; shrinks; ) {
    shrinks = false
    for (const id of all.flat()) {
      if (!typed.has(id) || id === place.typed || rulesOf[id]?.every((rule) => isTyped(rule, place, typed))) continue
      typed.delete(id)
      shrinks = true
    }
  }
  return typed
}

/** Predicates that may hold by the id alone. */
function exposedPredicates(
  place: Place,
  { all, rulesOf }: Components,
  typed: ReadonlySet<PredicateId>,
): ReadonlySet<PredicateId> {
  const exposed = new Set<PredicateId>([place.id])
  for (let grows = true; grows; ) {
    grows = false
    for (const id of all.flat()) {
      const rules = exposed.has(id) ? [] : (rulesOf[id] ?? [])
      if (!rules.some((rule) => !isTyped(rule, place, typed) && rule.body.some((l) => exposesId(l, place, exposed))))
        continue
      exposed.add(id)
      grows = true
    }
  }
  return exposed
}

function isTyped({ body }: RuleDraft, place: Place, typed: ReadonlySet<PredicateId>): boolean {
  return body.some((literal) => {
    if (!isPositive(literal)) return false
    if (literal.predicate === BUILTIN.request) return literal.args[place.column]?.kind !== 'any'
    if (literal.predicate === place.typed) return literal.args[1]?.kind !== 'any'
    return typed.has(literal.predicate)
  })
}

function exposesId(literal: Literal, place: Place, exposed: ReadonlySet<PredicateId>): boolean {
  if (literal.kind === 'aggregate') return literal.body.some((inner) => exposesId(inner, place, exposed))
  if (!isPositive(literal)) return false
  return literal.predicate === place.id ? literal.args[0]?.kind !== 'any' : exposed.has(literal.predicate)
}

function isPositive(literal: Literal): literal is AtomLiteral {
  return literal.kind === 'atom' && !literal.negated
}
