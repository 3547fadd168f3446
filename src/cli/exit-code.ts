/**
 * What a command's exit code says. Spec: DESIGN section 5.
 */

export const EXIT = {
  /** Success, or a permit. */
  ok: 0,
  /** A mistake of ours, or a file that cannot be read or written. */
  failure: 1,
  /** A deny or a forbid. */
  refused: 2,
  /** A configuration, policy, request or query that is not valid. */
  invalid: 3,
  /** A benchmark that is slower than its baseline. */
  regressed: 4,
  testsFailed: 5,
  usage: 64,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
