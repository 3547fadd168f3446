/**
 * The one table of the methods of rules: which there are, on what, and what they do. `split` is in it for its types alone:
 * it yields rows, and is a literal of its own. Where methods may stand is the business of `normalise-expr.ts`; types are
 * checked by `check-types.ts`. Spec: LANGUAGE section 4, "Methods".
 */
import { callExtension, EXTENSION_FUNCTIONS, type ExtensionFunction } from '../values/extension.ts'
import { matchesGlob, parseGlob } from '../values/glob.ts'
import { like, parseLikePattern } from '../values/like.ts'
import { isUnder, normalisePath } from '../values/path.ts'
import { printBriefly } from '../values/print.ts'
import { type EntityUid, kindOf, type Value, type ValueKind } from '../values/value.ts'
import { isTypeKey, isWithin, only, typeOf, withArticle } from './column-types.ts'
import type { ColumnType } from './program.ts'

/** A method that has no result for its values; `message` says why. */
export interface Failure {
  readonly kind: 'failure'
  readonly message: string
}

export interface Method {
  readonly name: string
  /** `any` for an internal check alone. */
  readonly receiver: ValueKind | 'any'
  readonly parameters: readonly ValueKind[]
  readonly result: ValueKind
  /** INVARIANT: receiver and arguments are of the kinds above; `callMethod` checks it. */
  readonly evaluate: (...values: never[]) => Value | Failure
  /** What is wrong with a constant argument, whatever the receiver is. */
  readonly refuses?: (argument: string) => string | undefined
}

/** The result of a method; a failure where receiver or arguments are not what it is defined on. */
export function callMethod(method: string, receiver: Value, args: readonly Value[]): Value | Failure {
  const found = METHODS.get(method)
  if (!found) return failure(`there is no method \`${method}\``)
  const kind = kindOf(receiver)
  if (kind !== found.receiver && found.receiver !== 'any')
    return failure(`\`${method}\` is called on a ${kind}, and is defined on a ${found.receiver}`)
  if (args.length !== found.parameters.length) {
    return failure(`\`${method}\` takes ${found.parameters.length} values, not ${args.length}`)
  }
  for (const [i, wanted] of found.parameters.entries()) {
    const arg = args[i]
    if (arg === undefined || kindOf(arg) !== wanted) {
      return failure(`\`${method}\` takes a ${wanted}, not a ${arg === undefined ? 'missing value' : kindOf(arg)}`)
    }
  }
  const result = found.evaluate(...([receiver, ...args] as never[]))
  if (typeof result === 'string' && result.length > TEXT_MAX) return failure(`the result of \`${method}\` is too long`)
  return result
}

/** Whether a method failed. */
export function isFailure(result: Value | Failure): result is Failure {
  return typeof result === 'object' && result.kind === 'failure'
}

/** UTF-16 units that a text made by a method may have: growth through recursion must end somewhere. */
export const TEXT_MAX = 1 << 24

const STRING_METHODS: readonly Method[] = [
  text('starts_with', 1, 'bool', (s: string, start: string) => s.startsWith(start)),
  text('ends_with', 1, 'bool', (s: string, end: string) => s.endsWith(end)),
  text('contains', 1, 'bool', (s: string, part: string) => s.includes(part)),
  { ...text('matches', 1, 'bool', matches), refuses: (glob) => messageOf(matches('', glob)) },
  text('like', 1, 'bool', (s: string, pattern: string) => like(s, parseLikePattern(pattern))),
  { ...text('under', 1, 'bool', under), refuses: refusesDirectory },
  text('length', 0, 'long', (s: string) => BigInt(lengthOf(s))),
  text('lower', 0, 'string', (s: string) => s.toLowerCase()),
  text('upper', 0, 'string', (s: string) => s.toUpperCase()),
  text('trim', 0, 'string', (s: string) => s.trim()),
  text('replace', 2, 'string', replace),
  { ...text('substring', 0, 'string', substring), parameters: ['long', 'long'] },
  text('concat', 1, 'string', (s: string, end: string) => s + end),
  text('split', 1, 'string', () => failure('`split` yields rows, and is no expression')),
]

/** The internal check of a value against a declared type, which no program text can call. */
export const CONFORMS = '$conforms'

const CONFORMS_METHOD: Method = {
  name: CONFORMS,
  receiver: 'any',
  parameters: ['string'],
  result: 'bool',
  evaluate: conforms,
}

const ENTITY_METHODS: readonly Method[] = [
  { name: 'id', receiver: 'entity', parameters: [], result: 'string', evaluate: (uid: EntityUid) => uid.id },
  { name: 'type', receiver: 'entity', parameters: [], result: 'string', evaluate: (uid: EntityUid) => uid.type },
]

/** Name → method. */
export const METHODS: ReadonlyMap<string, Method> = new Map(
  [
    ...STRING_METHODS,
    ...ENTITY_METHODS,
    ...[...EXTENSION_FUNCTIONS.values()].flatMap(extensionMethod),
    CONFORMS_METHOD,
  ].map((method) => [method.name, method]),
)

function text(name: string, texts: number, result: ValueKind, evaluate: Method['evaluate']): Method {
  return { name, receiver: 'string', parameters: new Array<ValueKind>(texts).fill('string'), result, evaluate }
}

function extensionMethod(f: ExtensionFunction): Method[] {
  const [receiver, ...parameters] = f.parameters
  if (f.style !== 'method' || receiver === undefined || f.result === undefined) return []
  const evaluate = (...values: Value[]): Value | Failure => {
    const result = callExtension(f, values)
    return typeof result === 'string' ? failure(result) : result
  }
  return [{ name: f.name, receiver, parameters, result: f.result, evaluate }]
}

function matches(s: string, glob: string): boolean | Failure {
  const parsed = parseGlob(glob)
  if (parsed.kind === 'error') return failure(`\`${printBriefly(glob)}\` is no glob: ${parsed.message}`)
  return parsed.kind === 'plain' ? s === parsed.id : matchesGlob(parsed, s)
}

function under(path: string, directory: string): boolean | Failure {
  const result = isUnder(path, directory)
  return typeof result === 'boolean' ? result : failure(result.error)
}

function refusesDirectory(directory: string): string | undefined {
  const normal = normalisePath(directory)
  return 'error' in normal ? normal.error : undefined
}

/** All occurrences. Without a text to look for there are none: JavaScript would part a character there. */
function replace(s: string, what: string, by: string): string | Failure {
  if (what === '') return failure('`replace` looks for an empty text')
  if (by.length > what.length && (s.length / what.length) * by.length > TEXT_MAX) {
    return failure('the result of `replace` is too long')
  }
  return s.replaceAll(what, () => by)
}

/** From scalar `from` up to, and without, scalar `to`. What lies behind the end is empty; a negative or reversed range fails. */
function substring(s: string, from: bigint, to: bigint): string | Failure {
  if (from < 0n || to < from) return failure(`\`substring(${from}, ${to})\` is no range`)
  const start = offsetOf(s, 0, from)
  return s.slice(start, offsetOf(s, start, to - from))
}

/** Where the scalar stands that is `count` after the one at `offset`, or the end. */
function offsetOf(s: string, offset: number, count: bigint): number {
  let at = offset
  for (let left = Math.min(Number(count), s.length); left > 0 && at < s.length; left--)
    at += (s.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
  return at
}

function lengthOf(s: string): number {
  let scalars = 0
  for (let at = 0; at < s.length; scalars++) at += (s.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
  return scalars
}

/** `value`, or a failure: a column never holds what its declaration excludes. */
function conforms(value: Value, types: string): Value | Failure {
  const wanted: ColumnType = new Set(types.split('|').filter(isTypeKey))
  const type = only(typeOf(value))
  if (isWithin(type, wanted)) return value
  return failure(`${printBriefly(value)} is ${withArticle(type)}, and only ${withArticle(wanted)} can stand here`)
}

function messageOf(result: boolean | Failure): string | undefined {
  return typeof result === 'boolean' ? undefined : result.message
}

function failure(message: string): Failure {
  return { kind: 'failure', message }
}
