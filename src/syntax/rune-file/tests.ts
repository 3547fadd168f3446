/**
 * `[tests]` → test cases. Running them belongs to the engine. Spec: LANGUAGE section 8.
 */
import type { Diagnostics } from '../../text/diagnostic.ts'
import type { TestCase } from './ast.ts'
import { readData } from './data.ts'
import { readEntities } from './entities.ts'
import type { FactFiles } from './fact-file-table.ts'
import { child, keySpan, type TomlNode, type TomlTable } from './toml.ts'
import { arrayAt, checkKeys, required, stringAt, stringsAt, tableAt, wordAt } from './toml-fields.ts'
import { cedarFields } from './toml-value.ts'

/** The cases of the table `[tests]`; one with a mistake is left out. */
export function readTests(node: TomlNode<TomlTable>, files: FactFiles, diagnostics: Diagnostics): TestCase[] {
  checkKeys(node, ['case'], '`[tests]`', diagnostics)
  const cases: TestCase[] = []
  for (const element of arrayAt(child(node, 'case'), diagnostics) ?? []) {
    const table = tableAt(element, diagnostics)
    const found = table && readCase(table, files, diagnostics)
    if (found !== undefined) cases.push(found)
  }
  return cases
}

const KEYS = ['name', 'principal', 'action', 'resource', 'context', 'entities', 'facts', 'expect', 'reasons']
const EXPECTED = ['permit', 'deny', 'forbid'] as const

function readCase(node: TomlNode<TomlTable>, files: FactFiles, diagnostics: Diagnostics): TestCase | undefined {
  checkKeys(node, KEYS, 'a test case', diagnostics)
  const text = (key: string): string | undefined =>
    stringAt(required(node, key, 'a test case', diagnostics), diagnostics)
  const name = text('name')
  const principal = text('principal')
  const action = text('action')
  const resource = text('resource')
  const expect = wordAt(required(node, 'expect', 'a test case', diagnostics), EXPECTED, diagnostics)
  const context = tableAt(child(node, 'context'), diagnostics)
  const entities = tableAt(child(node, 'entities'), diagnostics)
  const facts = tableAt(child(node, 'facts'), diagnostics)
  const reasons = stringsAt(child(node, 'reasons'), diagnostics)
  const parts = {
    context: context ? cedarFields(context, diagnostics) : new Map(),
    entities: entities ? readEntities(entities, diagnostics) : [],
    facts: facts ? readData(facts, files, diagnostics) : [],
    ...(reasons && { reasons }),
    span: keySpan(node),
  }
  if (name === undefined || principal === undefined || action === undefined) return undefined
  if (resource === undefined || expect === undefined) return undefined
  return { name, principal, action, resource, expect, ...parts }
}
