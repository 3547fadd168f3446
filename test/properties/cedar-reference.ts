/**
 * cedar-wasm as the reference of the Cedar properties: takes a generated case, answers as the oracle does. Its JSON rounds
 * integers beyond 2^53, so generated data has none; policies, which travel as text, may.
 */
import { createRequire } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import type { AuthorizationCall, TypeAndId } from '@cedar-policy/cedar-wasm/nodejs'
import type { EntityUid } from '../../src/values/value.ts'
import type { Answer } from '../oracle/cedar.ts'
import { entityJson, fieldsJson, policyText } from './cedar-text.ts'
import type { CedarCase } from './generate-cedar.ts'

/** A function that asks cedar-wasm. */
export function createReference(): (cedarCase: CedarCase) => Answer {
  // Node 20's optimiser aborts the process when it inlines calls into wasm.
  setFlagsFromString('--no-turbo-inline-js-wasm-calls')
  const wasm: typeof import('@cedar-policy/cedar-wasm/nodejs') = createRequire(import.meta.url)(
    '@cedar-policy/cedar-wasm/nodejs',
  )
  return (cedarCase) => {
    const answer = wasm.isAuthorized(callOf(cedarCase))
    if (answer.type === 'failure') throw new Error(JSON.stringify(answer.errors))
    const { decision, diagnostics } = answer.response
    const errors = new Set(diagnostics.errors.map((error) => error.policyId))
    return { decision, reason: new Set(diagnostics.reason), errors }
  }
}

/** The call of cedar-wasm's API for a case. */
export function callOf({ world, statics, templates, links, request }: CedarCase): AuthorizationCall {
  const texts = (policies: CedarCase['statics']) =>
    Object.fromEntries(policies.map(({ id, policy }) => [id, policyText(policy)]))
  return {
    principal: plain(request.principal),
    action: plain(request.action),
    resource: plain(request.resource),
    context: fieldsJson(request.context) as AuthorizationCall['context'],
    entities: [...world.entities.values()].map(entityJson) as AuthorizationCall['entities'],
    policies: {
      staticPolicies: texts(statics),
      templates: texts(templates),
      templateLinks: links.map(({ id, template, slots }) => ({
        templateId: template,
        newId: id,
        values: Object.fromEntries([...slots].map(([slot, uid]) => [slot, plain(uid)])),
      })),
    },
  }
}

function plain({ type, id }: EntityUid): TypeAndId {
  return { type, id }
}
