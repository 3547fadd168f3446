/**
 * Rules that depend on the request, decided by the engine: what analysis lets through must not open for the wrong one.
 */
import { describe, expect, test } from 'vitest'
import { Rune } from '../../src/engine.ts'

const OPTIONS = '[options]\ndefault_principal_type = "User"\ndefault_resource_type = "Doc"\n'

async function decide(text: string, principal: string, context: Record<string, string | number | boolean> = {}) {
  const rune = await Rune.fromText(`version = "rune/1.0"\n${OPTIONS}${text}`, { coordinator: 'inline' })
  return rune.authorize({ principal, action: 'read', resource: 'd', context }).decision
}

describe('a decision by rules', () => {
  test('opens for whom the rule names, and for nobody else', async () => {
    const text =
      '[data]\nuser = ["alice", "bob"]\nblocked = ["bob"]\n[rules]\npermit :- principal(U, "User"), user(U), not blocked(U).'
    expect(await decide(text, 'alice')).toBe('permit')
    expect(await decide(text, 'bob')).toBe('deny')
    expect(await decide(text, 'eve')).toBe('deny')
    expect(await decide(text, 'Service::"alice"')).toBe('deny')
  })

  test('a value that its declared column cannot hold denies, under `not` too', async () => {
    const text =
      '[rules]\ndecl level(n: Long).\nlevel(N) :- context("level", N).\npermit :- action("read"), not level(0).'
    expect(await decide(text, 'alice', { level: 3 })).toBe('permit')
    expect(await decide(text, 'alice', { level: 0 })).toBe('deny')
    expect(await decide(text, 'alice', { level: 'high' })).toBe('deny')
  })

  test('a method that fails for the request denies, under `not` too', async () => {
    const text = '[rules]\npermit :- context("p", P), not P.under("/secret").'
    expect(await decide(text, 'alice', { p: '/open' })).toBe('permit')
    expect(await decide(text, 'alice', { p: '/secret/x' })).toBe('deny')
    expect(await decide(text, 'alice', { p: 'relative' })).toBe('deny')
    expect(await decide(text, 'alice', { p: 7 })).toBe('deny')
  })
})
