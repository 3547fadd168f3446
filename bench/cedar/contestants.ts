/**
 * Who is asked: this engine, through each of its doors, and cedar-wasm. Each is given the same task once, and then decides its
 * requests by their index. Spec of the APIs: DESIGN section 4.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import type * as Wasm from '@cedar-policy/cedar-wasm/nodejs'
import * as cedar from '../../src/cedar.ts'
import type { Decision } from '../../src/decide/decision.ts'
import { Rune } from '../../src/index.ts'
import type { Request, Task } from './task.ts'

/** What can be compared of a decision. */
export interface Answer {
  readonly allowed: boolean
  /** Determining and erroring policies, sorted; absent of a library that names none. */
  readonly policies?: readonly string[]
}

export interface Contestant {
  /** Decides a request of the task. */
  readonly decide: (request: number) => boolean
  /** The same, for comparison. */
  readonly answer: (request: number) => Answer
  readonly close?: () => Promise<void>
}

export interface TaskOptions {
  /** Everybody is given the schema, and validates each request. */
  readonly schema: boolean
}

type Open = (task: Task, options: TaskOptions) => Contestant | Promise<Contestant>

/** By name. The first is whom all others are compared with, the last but one whom readers know. */
export const CONTESTANTS: Readonly<Record<string, Open>> = {
  'RUNE, objects': async (task, options) => {
    const rune = await openRune(task, options)
    const decide = (i: number) => rune.authorize(freshRequest(task.requests[i]!))
    return runeContestant(rune, decide)
  },
  'RUNE, prepared': async (task, options) => {
    const rune = await openRune(task, options)
    const prepared = task.requests.map((request) => rune.prepareRequest(freshRequest(request)))
    return runeContestant(rune, (i) => rune.authorizePrepared(prepared[i]!))
  },
  'rune-engine/cedar, all preparsed': (task, options) => storeContestant(task, options),
  'rune-engine/cedar': (task, options) => preparsedContestant(cedar as CedarApi, task, options),
  'rune-engine/cedar, plain': (task, options) => plainContestant(cedar as CedarApi, task, options),
  'cedar-wasm': (task, options) => preparsedContestant(loadWasm(), task, options),
  'cedar-wasm, plain': (task, options) => plainContestant(loadWasm(), task, options),
}

function runeContestant(rune: Rune, decide: (request: number) => Decision): Contestant {
  return {
    decide: (i) => decide(i).allowed,
    answer: (i) => {
      const { allowed, reasons, errors } = decide(i)
      return { allowed, policies: [...reasons, ...errors.map(({ id }) => `${id} failed`)].sort() }
    },
    close: () => rune.close(),
  }
}

/** As a service has it: strings that it was sent, in objects of its own. */
function freshRequest({ principal, action, resource, context }: Request): Request {
  return {
    principal: { type: principal.type, id: principal.id },
    action: { type: action.type, id: action.id },
    resource: { type: resource.type, id: resource.id },
    context,
  }
}

/** Opens the task as a configuration that decides as Cedar does. */
async function openRune(task: Task, { schema }: TaskOptions): Promise<Rune> {
  const folder = mkdtempSync(join(tmpdir(), 'rune-bench-'))
  try {
    writeFileSync(join(folder, 'entities.json'), JSON.stringify(task.entities))
    const path = join(folder, 'main.rune')
    writeFileSync(path, configurationOf(task, schema, 'entities.json'))
    return await Rune.open(path, { coordinator: 'inline', cache: false })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The task as a configuration; its entities are in a file beside it, if it says so. */
export function configurationOf(
  { schema, policies, templates, links }: Task,
  withSchema: boolean,
  entities?: string,
): string {
  const uid = ({ type, id }: Request['principal']) => `'${type}::${JSON.stringify(id)}'`
  const linked = links.map(({ id, template, principal, resource }) => {
    const values = `{ "?principal" = ${uid(principal)}, "?resource" = ${uid(resource)} }`
    return `[[options.links]]\ntemplate = "${template}"\nid = "${id}"\nvalues = ${values}`
  })
  const written = Object.entries({ ...policies, ...templates }).map(([id, text]) => `@id("${id}")\n${text}`)
  return [
    'version = "rune/1.0"',
    '[options]',
    'globs = false',
    'on_policy_error = "skip"',
    ...(entities === undefined ? [] : [`entities = "${entities}"`]),
    ...linked,
    ...(withSchema ? ['[schema]', schema] : []),
    '[policies]',
    ...written,
  ].join('\n')
}

/** What `rune-engine/cedar` has of cedar-wasm's API. */
type CedarApi = Pick<typeof Wasm, 'isAuthorized' | 'statefulIsAuthorized' | 'preparsePolicySet' | 'preparseSchema'>

function preparsedContestant(api: CedarApi, task: Task, { schema }: TaskOptions): Contestant {
  expectSuccess(api.preparsePolicySet(task.name, policySetOf(task)))
  if (schema) expectSuccess(api.preparseSchema(task.name, task.schema))
  const entities = entitiesOf(task)
  const ask = (i: number) =>
    api.statefulIsAuthorized({
      ...callOf(task.requests[i]!),
      entities,
      preparsedPolicySetId: task.name,
      ...(schema && { preparsedSchemaName: task.name, validateRequest: true }),
    })
  return cedarContestant(ask)
}

/** Entities are preparsed too, which cedar-wasm has no call for. */
function storeContestant(task: Task, { schema }: TaskOptions): Contestant {
  const { name } = task
  expectSuccess(cedar.preparsePolicySet(name, policySetOf(task)))
  if (schema) expectSuccess(cedar.preparseSchema(name, task.schema))
  expectSuccess(cedar.preparseEntities(name, task.entities, schema ? task.schema : undefined))
  const ask = (i: number) => {
    const { principal, action, resource, context } = freshRequest(task.requests[i]!)
    return cedar.statefulIsAuthorized({
      principal,
      action,
      resource,
      context,
      preparsedPolicySetId: name,
      preparsedEntitiesId: name,
      ...(schema && { preparsedSchemaName: name }),
    })
  }
  return cedarContestant(ask)
}

function plainContestant(api: CedarApi, task: Task, { schema }: TaskOptions): Contestant {
  const [policies, entities] = [policySetOf(task), entitiesOf(task)]
  const ask = (i: number) =>
    api.isAuthorized({
      ...callOf(task.requests[i]!),
      entities,
      policies,
      ...(schema && { schema: task.schema, validateRequest: true }),
    })
  return cedarContestant(ask)
}

function cedarContestant(ask: (request: number) => Wasm.AuthorizationAnswer): Contestant {
  const respond = (i: number) => {
    const answer = ask(i)
    if (answer.type === 'failure') throw new Error(answer.errors.map(({ message }) => message).join('; '))
    return answer.response
  }
  return {
    decide: (i) => respond(i).decision === 'allow',
    answer: (i) => {
      const { decision, diagnostics } = respond(i)
      const failed = diagnostics.errors.map(({ policyId }) => `${policyId} failed`)
      return { allowed: decision === 'allow', policies: [...diagnostics.reason, ...failed].sort() }
    },
  }
}

/** The policies of a task as cedar-wasm takes them. */
export function policySetOf({ policies, templates, links }: Task): Wasm.PolicySet {
  const templateLinks = links.map(({ id, template, principal, resource }) => {
    return { templateId: template, newId: id, values: { '?principal': principal, '?resource': resource } }
  })
  return { staticPolicies: policies, templates, templateLinks }
}

function entitiesOf({ entities }: Task): Wasm.Entities {
  return entities as Wasm.Entities
}

function callOf({ principal, action, resource, context }: Request) {
  return { principal, action, resource, context: context as Wasm.Context }
}

function expectSuccess(answer: Wasm.CheckParseAnswer): void {
  if (answer.type === 'failure') throw new Error(answer.errors.map(({ message }) => message).join('; '))
}

/** cedar-wasm, which this module loads where it is asked for. */
export function loadWasm(): typeof Wasm {
  // On Node 20, V8 aborts the process when it deoptimizes JavaScript that inlined a call into WebAssembly.
  if (process.versions.node.startsWith('20.')) setFlagsFromString('--no-turbo-inline-js-wasm-calls')
  return createRequire(import.meta.url)('@cedar-policy/cedar-wasm/nodejs')
}
