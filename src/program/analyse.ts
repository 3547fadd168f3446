/**
 * Analysis: a configuration → a program in which nothing is wrong any more, or all that is wrong with it. Owns the order of
 * the phases; each has a file of its own. Spec: LANGUAGE sections 2 to 6.
 */
import type { Clause } from '../syntax/datalog/ast.ts'
import { schemaActions } from '../syntax/json/entities.ts'
import type { Configuration } from '../syntax/rune-file/ast.ts'
import type { Schema } from '../syntax/schema/schema.ts'
import { Diagnostics } from '../text/diagnostic.ts'
import { checkBest, noteBest } from './best-heads.ts'
import { checkTypes, finishRule } from './check-types.ts'
import { clauseNames } from './clause-names.ts'
import { published } from './column-types.ts'
import { columnClasses } from './connections.ts'
import { checkPermit } from './deciding.ts'
import { declarePredicate } from './declare.ts'
import { uniteEntities } from './entities.ts'
import { defineDataPredicates, type FactContext, readDataEntry } from './facts.ts'
import { foldRule, neverHolds } from './fold.ts'
import { implicitRules } from './implicit-rules.ts'
import { type ColumnTypes, inferTypes } from './infer-types.ts'
import { type Linkable, linkEquivalences } from './links.ts'
import { type KeptLowerings, lowerPolicies, nameStatements } from './lower-policies.ts'
import type { LoweredPolicy } from './lowered.ts'
import { defineHead, normaliseClause } from './normalise.ts'
import { createPredicateTable, type PredicateDraft } from './predicate-table.ts'
import {
  BUILTIN,
  type EntityRecord,
  type Evaluation,
  type FactSource,
  type Predicate,
  type Program,
  type Rule,
  type Settings,
  type Stratum,
} from './program.ts'
import { checkScopes, type Scopes, scopesOf } from './request-scope.ts'
import type { RuleContext, RuleDraft } from './rule-draft.ts'
import { checkSafety } from './safety.ts'
import { settingsOf } from './settings.ts'
import { checkStrata, componentsOf } from './strata.ts'
import { checkKnownTypes } from './typed-ids.ts'
import { warn } from './warnings.ts'

interface Extra {
  readonly schema?: Schema
  readonly kept?: KeptLowerings
}

/** The program of `configuration`; `undefined` after an error. Cost is linear in facts, and near that in rules. */
export function analyse(
  configuration: Configuration,
  diagnostics: Diagnostics,
  extra: Extra = {},
): Program | undefined {
  // What is wrong with a rule shows in each of the rules that its alternatives become.
  const found = new Diagnostics()
  const program = analyseInto(configuration, found, extra)
  const seen = new Set<string>()
  for (const diagnostic of found.all) {
    const { code, message, span } = diagnostic
    const key = `${code} ${span?.source.path} ${span?.start} ${message}`
    if (!seen.has(key)) diagnostics.add(diagnostic)
    seen.add(key)
  }
  return program
}

function analyseInto(configuration: Configuration, diagnostics: Diagnostics, extra: Extra): Program | undefined {
  const settings = settingsOf(configuration.options)
  const { context, facts } = readConfiguration(configuration, settings, diagnostics)
  const { drafts } = context.table
  const implicit = implicitRules(drafts, context.rules, diagnostics)
  const rules = [...context.rules, ...implicit].filter((rule) => checkSafety(rule, diagnostics))
  noteBest(drafts, rules, diagnostics)
  const components = componentsOf(drafts.length, rules)
  checkStrata(components, drafts, diagnostics)
  const scopes = scopesOf(components, drafts)
  checkScopes(components, scopes, drafts, diagnostics)
  const columns = inferTypes(components, drafts)
  const permits = components.rulesOf[BUILTIN.permit] ?? []
  const classes = permits.length > 0 ? columnClasses(components, drafts, scopes) : []
  for (const rule of rules) {
    checkTypes({ rule, drafts, columns, diagnostics })
    if (rule.head === BUILTIN.permit) checkPermit(rule, scopes, classes, diagnostics)
  }
  checkBest(components, drafts, columns, diagnostics)
  const entities = uniteEntities(
    configuration.files.flatMap((file) => file.entities),
    settings.pathTypes,
    diagnostics,
  )
  const written = { policies: configuration.files.flatMap((file) => file.policies), links: configuration.options.links }
  checkKnownTypes({ components, scopes, drafts, columns, entities, ...written, settings, diagnostics, ...extra })
  const predicates = drafts.map((draft) => predicateOf(draft, scopes, columns))
  const policies = policiesOf(configuration, { settings, predicates, entities, diagnostics, ...extra })
  warn({ drafts, rules, columns, policies, pathTypes: settings.pathTypes, diagnostics, ...extra })
  if (diagnostics.hasErrors) return undefined
  const equivalences = drafts.flatMap(({ id, option }) => (option === 'equivalence' ? [id] : []))
  const finished = rules.map((rule) => foldRule(finishRule(rule, drafts, columns)))
  const linked = linkEquivalences(equivalences, { predicates, rules: finished, facts, components: components.all })
  const numbered = linked.rules.map(ruleOf)
  return {
    predicates: linked.predicates,
    rules: numbered,
    strata: strataOf(linked, numbered),
    facts: linked.facts,
    entities: extra.schema ? [...entities, ...schemaActions(extra.schema)] : entities,
    policies,
    ...(extra.schema && { schema: extra.schema }),
    settings,
    // Those of the root: what it includes is tested by itself, where the ids of policies have no prefix.
    tests: configuration.files.at(-1)?.tests ?? [],
  }
}

/** Names first, then all that uses them: declarations, facts whose columns are known, rules, the other facts. */
function readConfiguration(
  { files }: Configuration,
  settings: Settings,
  diagnostics: Diagnostics,
): { context: RuleContext; facts: FactSource[] } {
  const table = createPredicateTable(diagnostics)
  const context: RuleContext = { table, settings, diagnostics, rules: [], facts: new Map() }
  const factContext: FactContext = { table, pathTypes: settings.pathTypes, diagnostics }
  const clauses = files.flatMap((file) => {
    const names = clauseNames(file)
    return file.clauses.map((clause, i): { clause: Clause; name: string } => ({ clause, name: names[i] ?? '' }))
  })
  for (const { clause } of clauses) if (clause.kind === 'decl') declarePredicate(table, clause)
  const data = files.flatMap((file) => file.data)
  defineDataPredicates(data, table)
  const heads = clauses.flatMap(({ clause, name }) => {
    const draft = clause.kind === 'rule' ? defineHead(clause, context) : undefined
    return clause.kind === 'rule' && draft ? [{ clause, draft, name }] : []
  })
  // Types of fact files are declarations too, and are known before the rules that they are for.
  const known = data.map((entry) =>
    table.byName.has(entry.predicate) ? { source: readDataEntry(entry, factContext) } : undefined,
  )
  for (const { clause, draft, name } of heads) normaliseClause(clause, draft, name, context)
  const sources = data.map((entry, i) => (known[i] ?? { source: readDataEntry(entry, factContext) }).source)
  const inline = [...context.facts].map(([predicate, rows]): FactSource => ({ kind: 'inline', predicate, rows }))
  return { context, facts: [...sources.filter((source) => source !== undefined), ...inline] }
}

function predicateOf(draft: PredicateDraft, scopes: Scopes, columns: ColumnTypes): Predicate {
  const { id, name, arity, best, place } = draft
  const predicate = {
    id,
    name,
    arity,
    columns: draft.columns.map((column, i) => ({
      ...(column.name !== undefined && { name: column.name }),
      type: published(columns[id]?.[i] ?? 'any'),
      ...(column.declared && { declared: column.declared }),
    })),
    scope: scopes.isRequest[id] ? ('request' as const) : ('static' as const),
    evaluation: evaluationOf(scopes.isOnDemand[id]),
    readsEntities: scopes.readsEntities[id] ?? false,
    ...(best && { best }),
  }
  // Found when it is asked for: places in TOML cost a second reading of the section.
  return place ? Object.defineProperty(predicate, 'span', { get: place, enumerable: true }) : predicate
}

function ruleOf({ name, head, args, body, groups, variables, span }: RuleDraft, index: number): Rule {
  return { index, name, head, args, body, variables, ...(groups && { groups }), ...(span && { span }) }
}

function strataOf({ components, predicates }: Linkable, rules: readonly Rule[]): Stratum[] {
  const of = new Map(components.flatMap((ids, i) => ids.map((id) => [id, i] as const)))
  const byComponent = components.map((): Rule[] => [])
  for (const rule of rules) if (!neverHolds(rule)) byComponent[of.get(rule.head) ?? 0]?.push(rule)
  return components.map((ids, i) => {
    const own = byComponent[i] ?? []
    const recursive = own.some(({ body }) =>
      body.some((literal) => literal.kind === 'atom' && of.get(literal.predicate) === i),
    )
    const isOnDemand = ids.some((id) => predicates[id]?.evaluation === 'on demand')
    return { predicates: ids, rules: own, recursive, evaluation: evaluationOf(isOnDemand) }
  })
}

function evaluationOf(isOnDemand: boolean | undefined): Evaluation {
  return isOnDemand ? 'on demand' : 'materialized'
}

interface PolicyContext {
  readonly settings: Settings
  readonly predicates: readonly Predicate[]
  readonly entities: readonly EntityRecord[]
  readonly schema?: Schema
  readonly kept?: KeptLowerings
  readonly diagnostics: Diagnostics
}

function policiesOf({ files, options }: Configuration, context: PolicyContext): LoweredPolicy[] {
  const { settings, predicates, entities, schema, kept, diagnostics } = context
  const enums = [...(schema?.entityTypes ?? [])].filter(([, type]) => type.enum !== undefined)
  const isAction = (type: string) => type === settings.defaultActionType || /(^|::)Action$/.test(type)
  const stored = entities.map(({ uid }) => uid).filter(({ type }) => isAction(type))
  const declared = [...(schema?.actions.values() ?? [])].map(({ uid }) => uid)
  return lowerPolicies(
    {
      statements: nameStatements(files, diagnostics),
      links: options.links,
      settings,
      predicates,
      typed: schema !== undefined,
      enumTypes: new Set(enums.map(([name]) => name)),
      declaredActions: [...declared, ...stored],
      ...(kept && { kept }),
    },
    diagnostics,
  )
}
