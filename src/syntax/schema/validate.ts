/**
 * Strict validation of policies against a schema, by cedar-wasm. Policies go in as the text that they were read from, so
 * that integers stay exact and every finding has its place; under ids of ours, so that no id is special. A policy that
 * makes cedar-wasm trap is found and reported, and the others are still validated. Spec: Cedar's "Validation".
 */
import type {
  CheckParseAnswer,
  DetailedError,
  Schema,
  ValidationAnswer,
  ValidationError,
} from '@cedar-policy/cedar-wasm/nodejs'
import { Diagnostics } from '../../text/diagnostic.ts'
import type { Span } from '../../text/source.ts'
import type { EntityUid } from '../../values/value.ts'
import type { Policy, Slot } from '../cedar/ast.ts'
import type { Json } from '../json/json.ts'
import { reportProblem, type SentText } from './problems.ts'
import { blankComments, CEDAR_NESTING_MAX, scanCedar } from './scan.ts'
import { askCedar, type Cedar, type Fence, jsonToJs } from './wasm.ts'

/** What is validated: policies and templates read from text, and the links of templates. */
export interface Validation {
  /** Resolved, perhaps with `context.facts`. */
  readonly schema: Json
  /** Where the schema stands, for what is wrong with it: facts of an entity type that it lacks. */
  readonly schemaSpan?: Span
  readonly policies: readonly Policy[]
  readonly links?: readonly TemplateLink[]
  /** `#` starts a comment too in the texts of the policies. */
  readonly hashComments?: boolean
}

/** A link of a template, which is one of the policies that are validated. */
export interface TemplateLink {
  readonly template: Policy
  readonly values: ReadonlyMap<Slot, EntityUid>
  readonly span?: Span
}

/** Reports what cedar-wasm finds: errors (R902) and warnings (R903), in the order of the policies. */
export function validatePolicies(fence: Fence, validation: Validation, diagnostics: Diagnostics): void {
  const schema = jsonToJs(validation.schema)
  if (!isSound(fence, schema, validation.schemaSpan, diagnostics)) return
  const items = itemsOf(validation, diagnostics)
  const trial = new Diagnostics()
  const answer = ask(fence, { schema, items }, trial)
  if (answer?.type === 'success') report(answer, items, diagnostics)
  else {
    for (const item of items) {
      const alone = ask(fence, { schema, items: [item] }, diagnostics)
      if (alone !== undefined) report(alone, [item], diagnostics)
    }
  }
}

function isSound(fence: Fence, schema: unknown, span: Span | undefined, diagnostics: Diagnostics): boolean {
  const check = (cedar: Cedar): CheckParseAnswer => cedar.checkParseSchema(schema as Schema)
  const answer = askCedar(fence, { what: 'read the schema', span, ask: check }, diagnostics)
  if (answer?.type !== 'failure') return answer !== undefined
  for (const error of answer.errors) {
    reportProblem(error, { code: 'R250', severity: 'error', sent: undefined, span }, diagnostics)
  }
  return false
}

/** A policy or template with its links. */
interface Item {
  readonly id: string
  readonly sent: SentText
  readonly isTemplate: boolean
  readonly links: readonly Link[]
}

interface Link {
  readonly id: string
  readonly values: Readonly<Record<string, { readonly type: string; readonly id: string }>>
  readonly span: Span | undefined
}

function itemsOf(validation: Validation, diagnostics: Diagnostics): Item[] {
  const { policies, links = [], hashComments = false } = validation
  const items: Item[] = []
  const linksOf = linksByTemplate(links)
  for (const [n, policy] of policies.entries()) {
    const { source, start, end } = policy.span
    const text = source.text.slice(start, end)
    const { hashComments: comments, nesting } = scanCedar(text, { hashComments })
    if (nesting > CEDAR_NESTING_MAX) {
      const message = `the policy nests deeper than ${CEDAR_NESTING_MAX} levels, too deep to validate it`
      diagnostics.error('R901', message, policy.span, { help: 'split the policy' })
      continue
    }
    items.push({
      id: `p${n}`,
      sent: { text: blankComments(text, comments), span: policy.span },
      isTemplate: [policy.principal, policy.resource].some(hasSlot),
      links: linksOf.get(policy) ?? [],
    })
  }
  return items
}

function linksByTemplate(links: readonly TemplateLink[]): ReadonlyMap<Policy, readonly Link[]> {
  const byTemplate = new Map<Policy, Link[]>()
  for (const [n, { template, values, span }] of links.entries()) {
    const uids = [...values].map(([slot, { type, id }]) => [slot, { type, id }] as const)
    const link: Link = { id: `l${n}`, values: Object.fromEntries(uids), span }
    const others = byTemplate.get(template)
    if (others === undefined) byTemplate.set(template, [link])
    else others.push(link)
  }
  return byTemplate
}

function hasSlot(constraint: Policy['principal']): boolean {
  switch (constraint.kind) {
    case 'any':
      return false
    case 'is':
      return constraint.in?.kind === 'slot'
    default:
      return constraint.entity.kind === 'slot'
  }
}

interface Call {
  readonly schema: unknown
  readonly items: readonly Item[]
}

function ask(fence: Fence, { schema, items }: Call, diagnostics: Diagnostics): ValidationAnswer | undefined {
  const textsOf = (some: readonly Item[]): Record<string, string> =>
    Object.fromEntries(some.map(({ id, sent }) => [id, sent.text]))
  const policies = {
    staticPolicies: textsOf(items.filter((item) => !item.isTemplate)),
    templates: textsOf(items.filter((item) => item.isTemplate)),
    templateLinks: items.flatMap(({ id, links }) =>
      links.map((link) => ({ templateId: id, newId: link.id, values: link.values })),
    ),
  }
  const span = items.length === 1 ? items[0]?.sent.span : undefined
  const what = items.length === 1 ? 'validate the policy' : 'validate the policies'
  const call = { schema, policies, validationSettings: { mode: 'strict' } } as Parameters<Cedar['validate']>[0]
  return askCedar(fence, { what, span, ask: (cedar) => cedar.validate(call) }, diagnostics)
}

/** Warnings that a policy with errors has because of these. */
const FOLLOWS = /unable to find an applicable action|policy is impossible/

function report(answer: ValidationAnswer, items: readonly Item[], diagnostics: Diagnostics): void {
  if (answer.type === 'failure') {
    const span = items.length === 1 ? items[0]?.sent.span : undefined
    for (const error of answer.errors)
      reportProblem(error, { code: 'R900', severity: 'error', sent: undefined, span }, diagnostics)
    return
  }
  const errors = byPolicy(answer.validationErrors)
  const warnings = byPolicy(answer.validationWarnings)
  for (const { id, sent, links } of items) {
    const places = [
      { id, sent, span: sent.span },
      ...links.map((link) => ({ id: link.id, sent: undefined, span: link.span ?? sent.span })),
    ]
    for (const place of places) {
      for (const error of errors.get(place.id) ?? [])
        reportProblem(error, { code: 'R902', severity: 'error', ...place }, diagnostics)
      for (const error of warnings.get(place.id) ?? []) {
        if (errors.has(place.id) && FOLLOWS.test(error.message)) continue
        reportProblem(error, { code: 'R903', severity: 'warning', ...place }, diagnostics)
      }
    }
  }
  for (const one of answer.otherWarnings) {
    reportProblem(one, { code: 'R903', severity: 'warning', sent: undefined, span: undefined }, diagnostics)
  }
}

function byPolicy(found: readonly ValidationError[]): ReadonlyMap<string, readonly DetailedError[]> {
  const errors = new Map<string, DetailedError[]>()
  for (const { policyId, error } of found) {
    const others = errors.get(policyId)
    if (others === undefined) errors.set(policyId, [error])
    else others.push(error)
  }
  return errors
}
