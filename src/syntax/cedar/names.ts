/**
 * Which identifiers Cedar reserves, and what a name is: identifiers joined by `::`, without white space in its normal
 * form. Spec: Cedar's grammar; its RFC 52 reserves `__cedar`.
 */
import { RESERVED_IDENTIFIERS } from '../../values/entity-uid.ts'

/** Whether `text` is an identifier of Cedar's grammar, reserved or not. */
export function isIdentifier(text: string): boolean {
  return /^[_a-zA-Z][_a-zA-Z0-9]*$/.test(text)
}

/** Whether `identifier` cannot be a name. */
export function isReserved(identifier: string): boolean {
  return RESERVED_IDENTIFIERS.has(identifier)
}

/** Whether `text` can stand as an attribute without quotes. */
export function isPlainAttribute(text: string): boolean {
  return isIdentifier(text) && !isReserved(text)
}

/** Whether `text` is a name in normal form: `Ns::Type`. */
export function isName(text: string): boolean {
  return text.split('::').every(isPlainAttribute)
}

/** Whether entities of `type` are actions: `Action`, in any namespace. */
export function isActionType(type: string): boolean {
  return type === 'Action' || type.endsWith('::Action')
}
