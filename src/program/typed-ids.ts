/**
 * Ids without their type in rules that permit: `principal("admin")` holds for `User::"admin"` and for `Service::"admin"`.
 * Where several types are known for the place, a `permit` may not depend on the id alone. It does where it holds for a type
 * that nobody names, of some ids. Spec: LANGUAGE section 4.
 */
import type { Policy } from '../syntax/cedar/ast.ts'
import type { TemplateLink } from '../syntax/rune-file/ast.ts'
import type { Schema } from '../syntax/schema/schema.ts'
import type { Diagnostics } from '../text/diagnostic.ts'
import { ANY_ENTITY, isEntity } from './column-types.ts'
import type { ColumnTypes } from './infer-types.ts'
import { planAggregate, type Step } from './plan.ts'
import type { PredicateDraft } from './predicate-table.ts'
import { BUILTIN, type EntityRecord, type Literal, type PredicateId, type Settings } from './program.ts'
import type { Scopes } from './request-scope.ts'
import { type RuleDraft, stepsOf } from './rule-draft.ts'
import type { Components } from './strata.ts'
import { type Abstraction, abstractionOf, canHold, ID, KNOWN, TYPE, unboundValues } from './unknown-values.ts'

export interface KnownTypesInput {
  readonly components: Components
  readonly scopes: Scopes
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
  if (input.components.rulesOf[BUILTIN.permit]?.length === 0) return
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

function checkPlace(place: Place, types: readonly string[], input: KnownTypesInput): void {
  const { components, settings, diagnostics } = input
  const abstraction = (id: number) => {
    const request = new Map([
      [place.id, [id]],
      [place.typed, [id, TYPE]],
      [BUILTIN.request, [0, 1, 2].map((column) => (column === place.column ? TYPE : KNOWN))],
    ])
    return abstractionOf({ ...input, request, id })
  }
  const exposure: Exposure = { known: abstraction(KNOWN), unknown: abstraction(ID), predicates: new Set() }
  noteExposed(components, exposure)
  const { defaultPrincipalType, defaultResourceType } = settings
  const usual = (place.name === 'principal' ? defaultPrincipalType : defaultResourceType) ?? types[0]
  const shown = types.slice(0, 3)
  for (const rule of components.rulesOf[BUILTIN.permit] ?? []) {
    if (!isExposed(rule, exposure)) continue
    const by = rule.body.find((literal) => mentionsId(literal, place, exposure))
    const { name } = place
    const names = `${shown.map((type) => `\`${type}\``).join(', ')}${types.length > shown.length ? ', …' : ''}`
    const message = `this \`permit\` depends on the id of the ${name} alone, and a ${name} can be of ${types.length} types: ${names}`
    diagnostics.error('R354', message, by?.span ?? rule.span, { help: `write \`${name}(Id, "${usual}")\`` })
  }
}

/** What holds for a type that nobody names: of an id that is known, and of one that nobody names either. */
interface Exposure {
  readonly known: Abstraction
  readonly unknown: Abstraction
  /** Predicates that may hold by the id alone. */
  readonly predicates: Set<PredicateId>
}

/** Finds the predicates that may hold by the id alone, each after those that it depends on. */
function noteExposed({ all, rulesOf }: Components, exposure: Exposure): void {
  const { known, predicates } = exposure
  for (const component of all) {
    for (let grows = true; grows; ) {
      const found = component.filter(
        (p) => !predicates.has(p) && known.isRequest[p] && rulesOf[p]?.some((rule) => isExposed(rule, exposure)),
      )
      for (const predicate of found) predicates.add(predicate)
      grows = found.length > 0
    }
  }
}

/** Whether a rule may hold by the id alone: it does for any type, and would not for any id. */
function isExposed(rule: RuleDraft, exposure: Exposure): boolean {
  return areExposed(stepsOf(rule), unboundValues(rule), unboundValues(rule), exposure)
}

function areExposed(steps: readonly Step[], known: number[], unknown: number[], exposure: Exposure): boolean {
  if (!canHold(steps, known, exposure.known)) return false
  if (!canHold(steps, unknown, exposure.unknown)) return true
  return steps.some((step) =>
    step.kind === 'aggregate'
      ? areExposed(planAggregate(step.aggregate), [...known], [...unknown], exposure)
      : step.kind === 'match' && exposure.predicates.has(step.atom.predicate),
  )
}

function mentionsId(literal: Literal, place: Place, exposure: Exposure): boolean {
  if (literal.kind === 'aggregate') return literal.body.some((inner) => mentionsId(inner, place, exposure))
  if (literal.kind !== 'atom' || literal.negated) return false
  const { predicate, args } = literal
  if (predicate === BUILTIN.request) return args[place.column]?.kind !== 'any'
  const isPlace = predicate === place.id || predicate === place.typed
  return isPlace ? args[0]?.kind !== 'any' : exposure.predicates.has(predicate)
}
