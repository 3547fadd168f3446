/**
 * Predicates that are evaluated for each request or query, since they depend on one: answers
 * are those of the fixpoint.
 */
import { describe, expect, test } from 'vitest'
import { Rune } from '../../src/engine.ts'

const HEAD = `version = "rune/1.0"
[options]
default_principal_type = "User"
default_resource_type = "Doc"
`
const open = (text: string) => Rune.fromText(`${HEAD}${text}`)
const ANA = { principal: 'ana', action: 'read', resource: 'plan' }

const EDGES = '[data]\nedge = [["a", "b", 1], ["b", "c", 1], ["a", "c", 5], ["c", "a", 2]]\n'

/** What each way to ask `context.facts` says. */
async function probe(text: string, conditions: readonly string[]): Promise<(string | boolean)[]> {
  const policies = conditions.map(
    (condition, i) => `@id("${i}") permit(principal, action, resource) when { ${condition} };`,
  )
  const rune = await open(`${text}\n[policies]\n${policies.join('\n')}`)
  const { reasons, errors } = rune.authorize(ANA)
  return conditions.map((_, i) => errors.find(({ id }) => id === `${i}`)?.message ?? reasons.includes(`${i}`))
}

describe('an on-demand predicate', () => {
  test('keeps the best row alone where it depends on the request, too', async () => {
    const text = `${EDGES}[rules]
decl far(id: String, n: Long).
far(X, min N) :- principal("ana", _), edge(_, X, N).`
    const conditions = ['{ id: "c", n: 1 }', '{ id: "c", n: 5 }'].map((row) => `context.facts.far.contains(${row})`)
    expect(await probe(text, conditions)).toEqual([true, false])
  })
})
