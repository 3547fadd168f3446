/**
 * The one list of diagnostic codes. A code is never reused and has a fixture in `test/fixtures/`. Groups: 1xx lexical,
 * 2xx syntax, 3xx names and safety, 4xx strata and types, 5xx limits, 6xx image and epochs, 7xx request, CLI and HTTP
 * input, 9xx internal.
 */

/** Code → what it is about. */
export const CODES = {
  R101: 'the text is not well-formed Unicode',
} as const

export type Code = keyof typeof CODES
