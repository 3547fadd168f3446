/**
 * Cedar policies, lowered: statements get their ids, templates are linked, scopes become part of the condition. Owns what
 * concerns whole policies; expressions are in `lower-expr.ts`. Spec: LANGUAGE sections 5, 6 and 7.
 */
import type {
  ActionConstraint,
  Condition,
  EntityLiteral,
  Expr,
  Policy,
  ScopeConstraint,
  Slot,
} from '../syntax/cedar/ast.ts'
import type { RuneFile, TemplateLink } from '../syntax/rune-file/ast.ts'
import type { Diagnostics } from '../text/diagnostic.ts'
import { forEachSpan, moveSpans, type Span } from '../text/source.ts'
import type { EntityUid } from '../values/value.ts'
import type { FactAsk } from './demand.ts'
import { lowerExpr } from './lower-expr.ts'
import { createFactIndex, mentionsFacts } from './lower-facts.ts'
import type { LoweredExpr, LoweredPolicy } from './lowered.ts'
import type { PolicyEnvironment, PolicyLowering } from './lowering.ts'
import { warnIfNeverSatisfied } from './never-satisfied.ts'
import type { Predicate, Settings } from './program.ts'

/** A static policy or a template under its id. */
export interface Statement {
  readonly id: string
  readonly policy: Policy
}

export interface PolicyInput {
  readonly statements: readonly Statement[]
  readonly links: readonly TemplateLink[]
  readonly settings: Pick<Settings, 'globs' | 'pathTypes'>
  /** What `context.facts` holds; without it, `facts` is an attribute like all others. */
  readonly predicates?: readonly Predicate[]
  /** Whether there is a schema, so that the columns that policies ask must have types. */
  readonly typed?: boolean
  /** Entity types whose ids are enumerated. */
  readonly enumTypes?: ReadonlySet<string>
  readonly declaredActions?: readonly EntityUid[]
  readonly kept?: KeptLowerings
}

/** Statements that were lowered before. Owned by who analyses the same policies again and again. */
export interface KeptLowerings {
  /** What they were lowered in. */
  environment: string
  of: WeakMap<Policy, Kept>
}

interface Kept {
  readonly id: string
  readonly template: Template
  readonly lowered: LoweredPolicy
  /** Spans of `lowered` that are not of the policy, and where that stood. */
  readonly spans: ReadonlySet<Span>
  at: number
}

/** All static policies, then all links. Templates that nothing links are checked, and left out. */
export function lowerPolicies(input: PolicyInput, diagnostics: Diagnostics): LoweredPolicy[] {
  const environment = environmentOf(input, diagnostics)
  const ids = new Map<string, Span>()
  const templates = new Map<string, Template>()
  const lowered: LoweredPolicy[] = []
  const kept = input.kept && keptIn(input.kept, environmentKey(input, environment))
  for (const { id, policy } of input.statements) {
    takeId(ids, id, policy.span, diagnostics)
    const { template, lowered: own } = lowerKept({ id, policy }, environment, kept)
    templates.set(id, template)
    if (own) lowered.push(own)
  }
  const linked = new Set<string>()
  for (const link of input.links) {
    takeId(ids, link.id, link.span, diagnostics)
    const template = linkable(link, templates, diagnostics)
    linked.add(link.template)
    if (template) lowered.push(instantiate(link.id, template, environment, link))
  }
  for (const [id, { slots, policy }] of templates) {
    if (slots.size === 0 || linked.has(id)) continue
    const help = 'link it with `[[options.links]]`'
    diagnostics.warning('R471', `the template \`${id}\` is never linked, and so never applies`, policy.span, { help })
  }
  return lowered
}

/** The statements of all files under their ids: `@id("…")`, else `policyN` after the file's prefix. */
export function nameStatements(files: readonly RuneFile[], diagnostics: Diagnostics): Statement[] {
  return files.flatMap(({ policies, prefix }) =>
    policies.map((policy, n) => {
      const annotation = policy.annotations.find(({ key }) => key === 'id')
      if (annotation?.value === '') {
        diagnostics.error('R311', 'the id of a policy is empty', annotation.span, { help: 'write `@id("name")`' })
      }
      return { id: annotation?.value || `${prefix}policy${n}`, policy }
    }),
  )
}

/** A statement whose conditions and slotless scope are lowered; all its links share them. */
interface Template {
  readonly policy: Policy
  readonly slots: ReadonlySet<Slot>
  /** Absent where a slot stands. */
  readonly principal: readonly LoweredExpr[] | undefined
  readonly action: readonly LoweredExpr[]
  readonly resource: readonly LoweredExpr[] | undefined
  readonly conditions: readonly LoweredExpr[]
  readonly asks: readonly FactAsk[]
  readonly usesFacts: boolean
}

function environmentOf(input: PolicyInput, diagnostics: Diagnostics): PolicyEnvironment {
  const usesFacts = input.statements.some(({ policy }) => policy.conditions.some(({ body }) => mentionsFacts(body)))
  return {
    diagnostics,
    settings: input.settings,
    enumTypes: input.enumTypes ?? new Set(),
    declaredActions: input.declaredActions ?? [],
    facts: usesFacts && input.predicates ? createFactIndex(input.predicates, input.typed ?? false) : undefined,
  }
}

function takeId(ids: Map<string, Span>, id: string, span: Span, diagnostics: Diagnostics): void {
  const first = ids.get(id)
  if (first === undefined) ids.set(id, span)
  else {
    const related = [{ message: 'the first one stands here', span: first }]
    diagnostics.error('R310', `two policies have the id \`${id}\``, span, {
      help: 'ids are given by `@id("…")`',
      related,
    })
  }
}

/** All that lowering looks at besides the statement itself. */
function environmentKey({ settings, predicates, typed }: PolicyInput, environment: PolicyEnvironment): string {
  const plain = (_: string, value: unknown) => (value instanceof Set ? [...value] : value)
  const columns = environment.facts && predicates?.map(({ span: _, ...predicate }) => predicate)
  const { globs, pathTypes } = settings
  const { enumTypes, declaredActions } = environment
  return JSON.stringify([globs, pathTypes, enumTypes, declaredActions, typed, columns], plain)
}

function keptIn(kept: KeptLowerings, environment: string): KeptLowerings['of'] {
  if (kept.environment !== environment) Object.assign(kept, { environment, of: new WeakMap() })
  return kept.of
}

/** A statement without slots that has nothing to be said about is the same object as before. */
function lowerKept(
  { id, policy }: Statement,
  environment: PolicyEnvironment,
  kept: KeptLowerings['of'] | undefined,
): { readonly template: Template; readonly lowered?: LoweredPolicy } {
  const found = kept?.get(policy)
  if (found?.id === id) {
    moveSpans(found.spans, policy.span.source, policy.span.start - found.at)
    found.at = policy.span.start
    return found
  }
  const { count } = environment.diagnostics
  const template = lowerStatement(policy, environment)
  if (template.slots.size > 0) return { template }
  const lowered = instantiate(id, template, environment)
  if (kept && environment.diagnostics.count === count) {
    const spans = new Set<Span>()
    forEachSpan(lowered, (span) => spans.add(span))
    forEachSpan(policy, (span) => spans.delete(span))
    kept.set(policy, { id, template, lowered, spans, at: policy.span.start })
  }
  return { template, lowered }
}

function lowerStatement(policy: Policy, environment: PolicyEnvironment): Template {
  const lowering = loweringOf(policy, environment)
  const scope = (name: 'principal' | 'resource') =>
    slotOf(policy[name]) === undefined ? lowerScope(name, policy[name], lowering) : undefined
  return {
    policy,
    slots: new Set([slotOf(policy.principal), slotOf(policy.resource)].filter((slot) => slot !== undefined)),
    principal: scope('principal'),
    action: lowerAction(policy.action, lowering),
    resource: scope('resource'),
    conditions: policy.conditions.flatMap((condition) => lowerCondition(condition, lowering)),
    asks: [...lowering.asks.values()],
    usesFacts: environment.facts !== undefined && policy.conditions.some(({ body }) => mentionsFacts(body)),
  }
}

function loweringOf(policy: Policy, environment: PolicyEnvironment): PolicyLowering {
  return { ...environment, effect: policy.effect, asks: new Map() }
}

/** The policy that `template` is for the values of `link`. */
function instantiate(
  id: string,
  template: Template,
  environment: PolicyEnvironment,
  link?: TemplateLink,
): LoweredPolicy {
  const { policy } = template
  const scope = (name: 'principal' | 'resource') => {
    const value = link?.values.get(`?${name}`)
    if (template[name] || !value) return template[name] ?? []
    return lowerScope(name, fill(policy[name], { kind: 'entity', ...value }), loweringOf(policy, environment))
  }
  const scoped = [...scope('principal'), ...template.action, ...scope('resource')]
  const operands = [...scoped, ...template.conditions]
  warnIfNeverSatisfied(id, operands, environment.diagnostics)
  return {
    id,
    effect: policy.effect,
    ...(link && { template: link.template }),
    condition: { kind: 'and', operands, span: policy.span },
    scopeLength: scoped.length,
    asks: template.asks,
    usesFacts: template.usesFacts,
    span: link?.span ?? policy.span,
  }
}

/** The template that `link` names, if its slots are those that the link fills. */
function linkable(
  link: TemplateLink,
  templates: ReadonlyMap<string, Template>,
  diagnostics: Diagnostics,
): Template | undefined {
  const template = templates.get(link.template)
  if (template === undefined || template.slots.size === 0) {
    const why = template ? 'is a policy without slots, not a template' : 'is no template'
    const known = [...templates].filter(([, { slots }]) => slots.size > 0).map(([id]) => `\`${id}\``)
    const help = known.length > 0 ? `the templates are ${known.slice(0, 10).join(', ')}` : 'there are no templates'
    diagnostics.error('R312', `\`${link.template}\` ${why}`, link.span, { help })
    return undefined
  }
  const errors: string[] = []
  for (const slot of template.slots) if (!link.values.has(slot)) errors.push(`gives no value for \`${slot}\``)
  for (const name of link.values.keys()) {
    if (!template.slots.has(name as Slot))
      errors.push(`gives a value for \`${name}\`, which the template does not have`)
  }
  for (const error of errors) {
    const related = [{ message: 'the template stands here', span: template.policy.span }]
    diagnostics.error('R313', `the link \`${link.id}\` ${error}`, link.span, { related })
  }
  return errors.length === 0 ? template : undefined
}

function slotOf(scope: ScopeConstraint): Slot | undefined {
  const entity = scope.kind === 'any' ? undefined : scope.kind === 'is' ? scope.in : scope.entity
  return entity?.kind === 'slot' ? entity.slot : undefined
}

function fill(scope: ScopeConstraint, entity: EntityLiteral): ScopeConstraint {
  if (scope.kind === 'any') return scope
  return scope.kind === 'is' ? { ...scope, in: entity } : { ...scope, entity }
}

/** INVARIANT: no slot stands in `scope`. */
function lowerScope(name: 'principal' | 'resource', scope: ScopeConstraint, lowering: PolicyLowering): LoweredExpr[] {
  const { span } = scope
  const operand: Expr = { kind: 'variable', name, span }
  if (scope.kind === 'any') return []
  if (scope.kind === 'is') {
    const group = scope.in as EntityLiteral | undefined
    return [lowerExpr({ kind: 'is', operand, type: scope.type, ...(group && { in: group }), span }, lowering)]
  }
  const operator = scope.kind === 'eq' ? '==' : 'in'
  return [lowerExpr({ kind: 'binary', operator, left: operand, right: scope.entity as EntityLiteral, span }, lowering)]
}

function lowerAction(scope: ActionConstraint, lowering: PolicyLowering): LoweredExpr[] {
  const { span } = scope
  if (scope.kind === 'any') return []
  const operator = scope.kind === 'eq' ? '==' : 'in'
  const right: Expr | undefined =
    scope.kind === 'eq'
      ? scope.entity
      : scope.list
        ? { kind: 'set', elements: scope.entities, span }
        : scope.entities[0]
  if (right === undefined) return []
  const left: Expr = { kind: 'variable', name: 'action', span }
  return [lowerExpr({ kind: 'binary', operator, left, right, span }, lowering)]
}

function lowerCondition({ kind, body, span }: Condition, lowering: PolicyLowering): readonly LoweredExpr[] {
  const lowered = lowerExpr(kind === 'when' ? body : { kind: 'not', operand: body, span }, lowering)
  return lowered.kind === 'and' ? lowered.operands : [lowered]
}
