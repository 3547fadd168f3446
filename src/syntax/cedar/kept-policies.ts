/**
 * Policies that were parsed before: a statement whose text did not change is not parsed again, but moved to where it stands
 * now. Owned by who reads the same files again and again. What has a mistake is parsed as if nothing were kept, so that its
 * diagnostics are those of `parse.ts`.
 */
import { Diagnostics } from '../../text/diagnostic.ts'
import { forEachSpan, moveSpans, type Span } from '../../text/source.ts'
import type { Policy } from './ast.ts'
import { type PolicyText, parsePolicies } from './parse.ts'

/** Statements by their text, which begins with what stands between it and the one before; equal ones in their order. */
export interface KeptPolicies {
  before: Map<string, Kept[]>
  /** What was used since `nextRound`. */
  now: Map<string, Kept[]>
}

interface Kept {
  readonly policy: Policy
  readonly spans: ReadonlySet<Span>
  /** Where its text starts. */
  at: number
}

export function keepPolicies(): KeptPolicies {
  return { before: new Map(), now: new Map() }
}

/** From here on, what was not used since the last time is forgotten. */
export function nextRound(kept: KeptPolicies): void {
  kept.before = kept.now
  kept.now = new Map()
}

/** As `parsePolicies`. Policies that were there before are the same objects, and their spans those of `text`. */
export function parseKeptPolicies(text: PolicyText, kept: KeptPolicies, diagnostics: Diagnostics): Policy[] {
  const { source, start = 0, end = source.text.length } = text
  const policies: Policy[] = []
  let isRight = true
  for (let at = start; at < end; ) {
    const next = statementEnd(source.text, at, end)
    const piece = source.text.slice(at, next)
    const found = kept.before.get(piece)?.shift() ?? parsePiece(piece, text)
    if (found === undefined) isRight = false
    else if (found !== 'blank') {
      moveSpans(found.spans, source, at - found.at)
      found.at = at
      const same = kept.now.get(piece)
      if (same) same.push(found)
      else kept.now.set(piece, [found])
      policies.push(found.policy)
    }
    at = next
  }
  return isRight ? policies : parsePolicies(text, diagnostics)
}

/** The one statement of `piece`, if it has no mistake. */
function parsePiece(piece: string, { source, hashComments }: PolicyText): Kept | 'blank' | undefined {
  const found = new Diagnostics()
  // What is kept must not keep all of a text alive that it was a slice of.
  const text = Buffer.from(piece, 'utf16le').toString('utf16le')
  const policies = parsePolicies({ source: { path: source.path, text }, ...(hashComments && { hashComments }) }, found)
  const [policy] = policies
  if (found.count > 0 || policies.length > 1) return undefined
  if (policy === undefined) return 'blank'
  const spans = new Set<Span>()
  forEachSpan(policy, (span) => spans.add(span))
  return { policy, spans, at: 0 }
}

const [QUOTE, BACKSLASH, SEMICOLON, SLASH, HASH, LF, CR] = Array.from('"\\;/#\n\r', (c) => c.charCodeAt(0))

/** Behind the `;` that ends the statement at `from`, or `end`; a `;` in a string or a comment ends nothing. */
function statementEnd(text: string, from: number, end: number): number {
  for (let at = from; at < end; at++) {
    const c = text.charCodeAt(at)
    if (c === SEMICOLON) return at + 1
    if (c === QUOTE) {
      for (at++; at < end && text.charCodeAt(at) !== QUOTE; at++) if (text.charCodeAt(at) === BACKSLASH) at++
    } else if (c === HASH || (c === SLASH && text.charCodeAt(at + 1) === SLASH)) {
      while (at < end && text.charCodeAt(at) !== LF && text.charCodeAt(at) !== CR) at++
    }
  }
  return end
}
