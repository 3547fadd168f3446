/**
 * The `[schema]` of a configuration: read by cedar-wasm, and what the rest is checked against. Policies are validated
 * strictly, with `context.facts` as the declarations type it; entities must conform. cedar-wasm is loaded only where there
 * is a schema. Spec: LANGUAGE section 6.
 */

import type { Slot } from '../syntax/cedar/ast.ts'
import { conformEntities } from '../syntax/json/conform.ts'
import type { Configuration } from '../syntax/rune-file/ast.ts'
import { withContextFacts } from '../syntax/schema/context-facts.ts'
import { type ResolvedSchema, readSchema } from '../syntax/schema/read-schema.ts'
import type { PrimitiveKind, RecordType, SchemaType } from '../syntax/schema/schema.ts'
import { type TemplateLink, validatePolicies } from '../syntax/schema/validate.ts'
import { type Fence, openFence } from '../syntax/schema/wasm.ts'
import { Diagnostics } from '../text/diagnostic.ts'
import type { Span } from '../text/source.ts'
import type { EntityUid } from '../values/value.ts'
import { isEntity } from './column-types.ts'
import { nameStatements } from './lower-policies.ts'
import type { ColumnType, Predicate, Program } from './program.ts'

/** A schema and where it stands. */
export interface SchemaSection {
  readonly resolved: ResolvedSchema
  readonly span: Span
  readonly fence: Fence
}

/** The schema of `configuration`, if there is one; only one file may have one. */
export function schemaOf(configuration: Configuration, diagnostics: Diagnostics): SchemaSection | undefined {
  const [span, ...others] = configuration.files.flatMap((file) => file.schema ?? [])
  if (span === undefined) return undefined
  for (const other of others) {
    const related = [{ message: 'the first one is here', span }]
    diagnostics.error('R465', 'a configuration has one [schema], and this is another', other, { related })
  }
  const fence = openFence()
  const resolved = readSchema(fence, { ...span, hashComments: true }, diagnostics)
  return resolved && { resolved, span, fence }
}

/** Checks the policies and entities of `program` against its schema. */
export function checkAgainstSchema(
  program: Program,
  configuration: Configuration,
  { resolved, span, fence }: SchemaSection,
  diagnostics: Diagnostics,
): void {
  const facts = { type: factsType(program), span }
  const usesFacts = program.policies.some((policy) => policy.usesFacts)
  const schema = usesFacts ? withContextFacts(resolved.json, facts, diagnostics) : resolved.json
  if (schema !== undefined) {
    const policies = configuration.files.flatMap((file) => file.policies)
    const links = linksOf(configuration)
    validatePolicies(fence, { schema, schemaSpan: span, policies, links, hashComments: true }, diagnostics)
  }
  conformEntities(program.entities, resolved.schema, ({ code, message, help, path }) => {
    const place = typeof path[0] === 'number' ? program.entities[path[0]]?.span : undefined
    diagnostics.error(code, message, place, help === undefined ? {} : { help })
  })
}

function linksOf({ files, options }: Configuration): TemplateLink[] {
  const templates = new Map(nameStatements(files, new Diagnostics()).map(({ id, policy }) => [id, policy]))
  return options.links.flatMap(({ template, values, span }) => {
    const policy = templates.get(template)
    const slots = new Map<Slot, EntityUid>()
    for (const slot of ['?principal', '?resource'] as const) {
      const value = values.get(slot)
      if (value) slots.set(slot, value.uid)
    }
    return policy ? [{ template: policy, values: slots, span }] : []
  })
}

/** The type of `context.facts`: an attribute for each predicate that a policy asks, nested where its name is dotted. */
function factsType({ policies, predicates }: Program): RecordType {
  const asked = new Set(policies.flatMap((policy) => policy.asks.map((ask) => ask.predicate)))
  const root: Tree = new Map()
  for (const id of asked) {
    const predicate = predicates[id]
    const type = predicate && typeOfPredicate(predicate)
    if (!predicate || !type) continue
    const names = predicate.name.split('.')
    const last = names.pop() ?? ''
    let at: Tree = root
    for (const name of names) {
      const next = at.get(name)
      const inner: Tree = next instanceof Map ? next : new Map()
      at.set(name, inner)
      at = inner
    }
    at.set(last, type)
  }
  return recordOf(root)
}

type Tree = Map<string, SchemaType | Tree>

function recordOf(tree: Tree): RecordType {
  const attributes = new Map<string, { type: SchemaType; required: boolean }>()
  for (const [name, type] of tree)
    attributes.set(name, { type: type instanceof Map ? recordOf(type) : type, required: true })
  return { kind: 'record', attributes }
}

function typeOfPredicate({ arity, columns }: Predicate): SchemaType | undefined {
  if (arity === 0) return { kind: 'bool' }
  const types = columns.map(({ type }) => typeOfColumn(type))
  const [first] = types
  if (arity === 1) return first && { kind: 'set', element: first }
  const attributes = new Map<string, { type: SchemaType; required: boolean }>()
  for (const [i, { name }] of columns.entries()) {
    const type = types[i]
    if (type === undefined || name === undefined) return undefined
    attributes.set(name, { type, required: true })
  }
  return { kind: 'set', element: { kind: 'record', attributes } }
}

function typeOfColumn(type: ColumnType): SchemaType | undefined {
  if (type === 'any' || type.size !== 1) return undefined
  const [name] = type
  if (name === undefined) return undefined
  if (isEntity(name)) return { kind: 'entity', name: name.slice('entity:'.length) }
  const kind = KINDS.get(name)
  return kind && { kind }
}

const KINDS: ReadonlyMap<string, PrimitiveKind> = new Map([
  ['String', 'string'],
  ['Long', 'long'],
  ['Bool', 'bool'],
  ['ipaddr', 'ipaddr'],
  ['decimal', 'decimal'],
  ['datetime', 'datetime'],
  ['duration', 'duration'],
])
