/**
 * Arguments of the public API as JavaScript passes them: of any kind, and with getters and proxies that may throw. What is
 * of another kind than it has to be, or cannot be read, is refused; what an argument means belongs to who takes it.
 */
import { type RuneError, runeError } from './diagnostic.ts'

/** `value`, which has to be a text. */
export function textArgument(value: unknown, what: string): string {
  if (typeof value === 'string') return value
  throw refuseArgument(`${what} is no text`)
}

/** `value`, which has to be an object. */
export function objectArgument(value: unknown, what: string): object {
  if (typeof value === 'object' && value !== null) return value
  throw refuseArgument(`${what} is no object`)
}

/** A copy of `value`, which has to be a list. */
export function listArgument<T>(value: readonly T[], what: string): T[] {
  const list = readArgument(what, () => (Array.isArray(value) ? Array.from(value as readonly T[]) : undefined))
  if (list !== undefined) return list
  throw refuseArgument(`${what} are no list`)
}

/** The property `name` of `holder`, read once. */
export function propertyOf(holder: object, name: string, what: string): unknown {
  return readArgument(what, () => (holder as Readonly<Record<string, unknown>>)[name])
}

/** Runs `read`, which does nothing but look at what a caller passed. */
export function readArgument<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw unreadable(what, cause)
  }
}

/** That looking at `what` threw `cause`. */
export function unreadable(what: string, cause: unknown): RuneError {
  return refuseArgument(
    `${what} cannot be read`,
    'pass plain values; the `cause` of this error is what reading it threw',
    cause,
  )
}

/** That an argument is of another kind than it has to be. */
export function refuseArgument(message: string, help?: string, cause?: unknown): RuneError {
  return runeError('R744', message, { ...(help !== undefined && { help }), ...(cause !== undefined && { cause }) })
}
