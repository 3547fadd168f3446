/** What the tests of explanations share: a request, and explanations as lines. */
import { expect } from 'vitest'
import { type AuthorizeRequest, type Cause, type Explanation, Rune } from '../../src/index.ts'

export const HEAD = `version = "rune/1.0"
[options]
default_principal_type = "User"
default_resource_type = "Doc"
`
export const REQUEST = { principal: 'ann', action: 'read', resource: 'plan' }

/** Explains `REQUEST` with what `request` says otherwise; the decision is that of `authorize`. */
export async function explain(text: string, request: Partial<AuthorizeRequest> = {}): Promise<Explanation> {
  const rune = await Rune.fromText(HEAD + text, { coordinator: 'inline', path: 'p.rune' })
  try {
    const asked = { ...REQUEST, ...request }
    const explanation = rune.explain(asked)
    expect(explanation.decision).toEqual(rune.authorize(asked))
    return explanation
  } finally {
    await rune.close()
  }
}

/** The clauses of a policy as lines, each followed by its parts where they are others, and the values. */
export function linesOf({ clauses = [] }: Cause): string[] {
  return clauses.flatMap(({ part, outcome, text, because }) => [
    `${part} ${outcome}: ${text}`,
    ...because.flatMap((one) => [
      ...(one.text === text ? [] : [`- ${one.outcome}: ${one.text}`]),
      ...one.values.map((value) => `  ${value.text} = ${value.value}`),
    ]),
  ])
}
