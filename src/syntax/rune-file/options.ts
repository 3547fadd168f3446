/**
 * `[options]` of one file → its values with their places, and their union over all files. Defaults are given by
 * `src/program`. Spec: LANGUAGE section 7.
 */
import type { Diagnostics } from '../../text/diagnostic.ts'
import type { Span } from '../../text/source.ts'
import type { EntityUid } from '../../values/value.ts'
import type { Options, TemplateLink } from './ast.ts'
import { child, keySpan, type TomlNode, type TomlTable, valueSpan } from './toml.ts'
import {
  arrayAt,
  booleanAt,
  checkKeys,
  countAt,
  required,
  stringAt,
  tableAt,
  typeNameAt,
  wordAt,
} from './toml-fields.ts'
import { entityLiteral } from './toml-value.ts'

/** The options of one file; `values` by the names of `Options` and `Limits`. */
export interface FileOptions {
  readonly values: ReadonlyMap<OptionName, Given>
  readonly links: readonly TemplateLink[]
  /** The name of the JSON file with entities. */
  readonly entities?: { readonly name: string; readonly span: Span }
}

type OptionName = Exclude<keyof Options, 'links' | 'limits'> | keyof Options['limits']
type OptionValue = string | number | boolean | readonly string[]

interface Given {
  readonly value: OptionValue
  readonly key: string
  readonly span: Span
}

interface OptionKind {
  readonly name: OptionName
  readonly read: (node: TomlNode, diagnostics: Diagnostics) => OptionValue | undefined
}

/** Every option with a single value. */
const OPTIONS: ReadonlyMap<string, OptionKind> = new Map([
  ['default_principal_type', { name: 'defaultPrincipalType', read: typeNameAt }],
  ['default_action_type', { name: 'defaultActionType', read: typeNameAt }],
  ['default_resource_type', { name: 'defaultResourceType', read: typeNameAt }],
  ['path_types', { name: 'pathTypes', read: typeNamesAt }],
  ['globs', { name: 'globs', read: booleanAt }],
  ['on_policy_error', { name: 'onPolicyError', read: (node, d) => wordAt(node, ['deny', 'skip', 'strict'], d) }],
  ['max_facts', { name: 'maxFacts', read: (node, d) => countAt(node, 2 ** 31 - 1, d) }],
  ['max_iterations', { name: 'maxIterations', read: (node, d) => countAt(node, 2 ** 31 - 1, d) }],
  ['max_eval_ms', { name: 'maxEvalMs', read: (node, d) => countAt(node, 2 ** 31 - 1, d) }],
  ['max_memory', { name: 'maxMemory', read: (node, d) => countAt(node, 4096, d) }],
  ['max_steps', { name: 'maxSteps', read: (node, d) => countAt(node, Number.MAX_SAFE_INTEGER, d) }],
] satisfies [string, OptionKind][])

/** The options that the table `[options]` gives. */
export function readOptions(node: TomlNode<TomlTable>, diagnostics: Diagnostics): FileOptions {
  checkKeys(node, [...OPTIONS.keys(), 'entities', 'links'], '`[options]`', diagnostics)
  const values = new Map<OptionName, Given>()
  for (const [key, { name, read }] of OPTIONS) {
    const found = child(node, key)
    const value = found && read(found, diagnostics)
    if (found !== undefined && value !== undefined) values.set(name, { value, key, span: valueSpan(found) })
  }
  const links = arrayAt(child(node, 'links'), diagnostics)?.map((link) => readLink(link, diagnostics)) ?? []
  const entities = child(node, 'entities')
  const name = stringAt(entities, diagnostics)
  return {
    values,
    links: links.filter((link) => link !== undefined),
    ...(entities && name !== undefined && { entities: { name, span: valueSpan(entities) } }),
  }
}

/** The union of the options of all files; an option with two values is reported. */
export function uniteOptions(all: readonly FileOptions[], diagnostics: Diagnostics): Options {
  const united = new Map<OptionName, Given>()
  for (const { values } of all) {
    for (const [name, given] of values) {
      const earlier = united.get(name)
      if (earlier === undefined) united.set(name, given)
      else if (!isSame(earlier.value, given.value)) {
        const related = [{ message: 'it has another value here', span: earlier.span }]
        diagnostics.error('R301', `option \`${given.key}\` is given two values`, given.span, { related })
      }
    }
  }
  const value = (name: OptionName): { readonly [name: string]: OptionValue } => {
    const given = united.get(name)
    return given === undefined ? {} : { [name]: given.value }
  }
  const limits = {
    ...value('maxFacts'),
    ...value('maxIterations'),
    ...value('maxEvalMs'),
    ...value('maxMemory'),
    ...value('maxSteps'),
  }
  return {
    pathTypes: [],
    ...value('defaultPrincipalType'),
    ...value('defaultActionType'),
    ...value('defaultResourceType'),
    ...value('pathTypes'),
    ...value('globs'),
    ...value('onPolicyError'),
    links: all.flatMap((options) => options.links),
    limits,
  }
}

function isSame(a: OptionValue, b: OptionValue): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function typeNamesAt(node: TomlNode, diagnostics: Diagnostics): readonly string[] | undefined {
  const names = arrayAt(node, diagnostics)?.map((element) => typeNameAt(element, diagnostics))
  return names?.filter((name) => name !== undefined)
}

const SLOTS = ['?principal', '?resource']

function readLink(node: TomlNode, diagnostics: Diagnostics): TemplateLink | undefined {
  const table = tableAt(node, diagnostics)
  if (table === undefined) return undefined
  checkKeys(table, ['template', 'id', 'values'], 'a link', diagnostics)
  const template = stringAt(required(table, 'template', 'a link', diagnostics), diagnostics)
  const id = stringAt(required(table, 'id', 'a link', diagnostics), diagnostics)
  const slots = tableAt(required(table, 'values', 'a link', diagnostics), diagnostics)
  if (slots === undefined) return undefined
  checkKeys(slots, SLOTS, '`values`', diagnostics)
  const values = new Map<string, { readonly uid: EntityUid; readonly span: Span }>()
  for (const slot of SLOTS) {
    const given = child(slots, slot)
    const uid = given && entityLiteral(given, diagnostics)
    if (given !== undefined && uid !== undefined) values.set(slot, { uid, span: valueSpan(given) })
  }
  if (template === undefined || id === undefined) return undefined
  return { template, id, values, span: keySpan(node) }
}
