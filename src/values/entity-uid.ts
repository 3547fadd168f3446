/**
 * Entity literals as a whole text, `Ns::T::"id"`: in keys, requests and fact files. In rules and policies the lexers read
 * them piece by piece, with whitespace allowed. Spec: LANGUAGE sections 2 and 7, Cedar's "Entity".
 */
import { quote, unescapeString } from './string-literal.ts'
import type { EntityUid } from './value.ts'
import { entityUid } from './value.ts'

/** The uid that all of `text` writes, in normal form: no whitespace outside of the id; else `undefined`. */
export function parseEntityUid(text: string): EntityUid | undefined {
  const split = text.indexOf('::"')
  if (split < 0 || !text.isWellFormed()) return undefined
  const type = text.slice(0, split)
  const body = text.slice(split + 3, -1)
  if (text.length < split + 4 || !text.endsWith('"') || !isTypeName(type)) return undefined
  // Without its pairs of a backslash and a character, the body has no quote, and no backslash that escapes the last one.
  if (/["\\]/.test(body.replace(/\\./gs, ''))) return undefined
  const id = unescapeString(body)
  return 'error' in id ? undefined : entityUid(type, id.value)
}

/** The literal that `parseEntityUid` reads as `uid`. */
export function printEntityUid(uid: EntityUid): string {
  return `${uid.type}::${quote(uid.id)}`
}

/** Whether a string that is not an entity literal must be refused instead of being read as a bare id. */
export function looksLikeEntityLiteral(text: string): boolean {
  return text.includes('::"')
}

/** Whether `text` is the name of a type in normal form: identifiers joined by `::`, none of them reserved. */
export function isTypeName(text: string): boolean {
  return text.includes('::') ? text.split('::').every(isIdentifier) : isIdentifier(text)
}

/** Whether `text` is an identifier of Cedar that is not reserved: the name of a type, namespace, or bare attribute. */
export function isIdentifier(text: string): boolean {
  return /^[_a-zA-Z][_a-zA-Z0-9]*$/.test(text) && !RESERVED_IDENTIFIERS.has(text)
}

/** Identifiers that name no type, and no attribute without quotes. */
export const RESERVED_IDENTIFIERS: ReadonlySet<string> = new Set([
  'true',
  'false',
  'if',
  'then',
  'else',
  'in',
  'is',
  'like',
  'has',
  '__cedar',
])
