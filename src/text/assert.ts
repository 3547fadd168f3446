/** Assertions: what must hold whatever the input. A failure is a mistake of ours; it is never caught and continued. */

/** Throws if `condition` does not hold. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`internal error: ${message}`)
}

/** Closes a union: reached only if a case was forgotten. */
export function unreachable(x: never): never {
  throw new Error(`internal error: unexpected ${JSON.stringify(x)}`)
}
