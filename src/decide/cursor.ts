/**
 * Pages: how large they are, and where the next one begins. A cursor says the place in the order of entities that was looked
 * at last, and what was asked for; it is no secret, no right, and no more than a hash of an entity. Whatever a caller makes
 * up as one is refused, or is another place.
 */
import { DIGEST_LENGTH, type Place } from '../image/entity-lists.ts'
import { propertyOf, refuseArgument } from '../text/argument.ts'

/** What is looked for. */
export type Wanted = 'resources' | 'principals' | 'actions'

/** What a caller says about a page. */
export interface PageInput {
  /** So many are answered at most; absent: 1,000. */
  readonly limit?: number | undefined
  /** That of the page before; absent: the first page. */
  readonly cursor?: string | undefined
}

export interface Paging {
  readonly limit: number
  /** The first page begins nowhere. */
  readonly after: Place | undefined
}

const LIMIT = 1000
const LIMIT_MAX = 10_000

/** Reads what `given` says about a page. Throws a `RuneError`. */
export function readPaging(given: object, wanted: Wanted): Paging {
  const limit = propertyOf(given, 'limit', '`limit`') ?? LIMIT
  const cursor = propertyOf(given, 'cursor', '`cursor`') ?? undefined
  if (!Number.isInteger(limit) || Number(limit) < 1 || Number(limit) > LIMIT_MAX) {
    throw refuseArgument(`\`limit\` is not from 1 to ${LIMIT_MAX}`)
  }
  return { limit: Number(limit), after: cursor === undefined ? undefined : placeOfCursor(cursor, wanted) }
}

/** The cursor of a page that ends with `place`. */
export function cursorOf({ hash, digest }: Place, wanted: Wanted): string {
  return `${LETTERS[wanted]}${hash.toString(16).padStart(HASH_LENGTH, '0')}${digest}`
}

/** Also the version of the order. */
const LETTERS: Readonly<Record<Wanted, string>> = { resources: 'r', principals: 'p', actions: 'a' }
const HASH_LENGTH = 8
const CURSOR = new RegExp(`^[a-z][0-9a-f]{${HASH_LENGTH + DIGEST_LENGTH}}$`)

function placeOfCursor(cursor: unknown, wanted: Wanted): Place {
  if (typeof cursor !== 'string' || !CURSOR.test(cursor)) {
    throw refuseArgument('`cursor` is none that a page has', 'pass the `cursor` of the page before as it is')
  }
  if (cursor[0] !== LETTERS[wanted]) throw refuseArgument(`\`cursor\` is of a page of something else than ${wanted}`)
  return { hash: Number.parseInt(cursor.slice(1, 1 + HASH_LENGTH), 16), digest: cursor.slice(1 + HASH_LENGTH) }
}
