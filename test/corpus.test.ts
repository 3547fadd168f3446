/**
 * The sample of Cedar's corpus of integration tests, every request of it: decision, determining policies and erroring
 * policies, entities and context read by the schema. The corpus is no part of the repository.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type AuthorizationAnswer,
  preparsePolicySet,
  preparseSchema,
  type StatefulAuthorizationCall,
  statefulIsAuthorized,
} from '../src/cedar.ts'
import { parseJson } from '../src/syntax/json/json.ts'
import { Diagnostics } from '../src/text/diagnostic.ts'
import { plainJson } from './properties/plain-json.ts'

interface CorpusCase {
  readonly policies: string
  readonly entities: string
  readonly schema: string
  readonly requests: readonly (Pick<StatefulAuthorizationCall, 'principal' | 'action' | 'resource'> & {
    readonly context: Exclude<StatefulAuthorizationCall['context'], string>
    readonly validateRequest?: boolean
    readonly decision: string
    readonly reason: readonly string[]
    readonly errors: readonly string[]
  })[]
}

const archive = join(import.meta.dirname, '../../shared/corpus/cedar-corpus-sample.tar.gz')
const isHere = existsSync(archive)
if (!isHere) console.warn(`SKIPPED: the Cedar corpus is not there: ${archive}`)

describe.skipIf(!isHere)('the corpus of Cedar', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'rune-corpus-'))
    execFileSync('tar', ['-xzf', archive, '-C', folder])
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('has the answers that it expects', () => {
    const names = readdirSync(join(folder, 'corpus-tests')).filter((name) => /^[^.]+\.json$/.test(name))
    const checked = names.map((name) => checkCase(folder, name))
    expect(checked.flatMap(({ mistakes }) => mistakes)).toEqual([])
    expect(names).toHaveLength(1968)
    expect(checked.reduce((sum, { requests }) => sum + requests, 0)).toBe(15744)
  })
})

/** A line for each answer that is not the expected one. */
function checkCase(folder: string, name: string): { requests: number; mistakes: string[] } {
  const read = (path: string) => readFileSync(join(folder, path), 'utf8')
  const { policies, entities, schema, requests } = readCase(read(`corpus-tests/${name}`))
  expect(preparsePolicySet('corpus', { staticPolicies: read(policies) }), name).toEqual({ type: 'success' })
  expect(preparseSchema('corpus', read(schema)), name).toEqual({ type: 'success' })
  const stored = read(entities)
  const mistakes = requests.flatMap(({ decision, reason, errors, ...request }, n) => {
    const { principal, action, resource, context, validateRequest = true } = request
    const answer = statefulIsAuthorized({
      ...{ principal, action, resource, context, validateRequest },
      entities: stored,
      preparsedPolicySetId: 'corpus',
      preparsedSchemaName: 'corpus',
    })
    const [got, expected] = [summaryOf(answer), summary(decision, reason, errors)]
    return got === expected ? [] : [`${name}, request ${n}: ${got} instead of ${expected}`]
  })
  return { requests: requests.length, mistakes }
}

function readCase(text: string): CorpusCase {
  const json = parseJson({ source: { path: 'case', text } }, new Diagnostics())
  return plainJson(json ?? null) as CorpusCase
}

function summaryOf(answer: AuthorizationAnswer): string {
  if (answer.type === 'failure') return `failure: ${answer.errors.map(({ message }) => message).join('; ')}`
  const { decision, diagnostics } = answer.response
  const errors = diagnostics.errors.map(({ policyId }) => policyId)
  return summary(decision, diagnostics.reason, errors)
}

function summary(decision: string, reason: readonly string[], errors: readonly string[]): string {
  return `${decision} by [${[...reason].sort()}], errors [${[...errors].sort()}]`
}
