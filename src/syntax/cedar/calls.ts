/**
 * Calls: which functions and methods Cedar knows, and in which style. The number of arguments of core methods is
 * checked here, that of extension functions when they run, as Cedar does. Spec: Cedar's grammar, "Function" and "Member".
 */
import type { Span } from '../../text/source.ts'
import { didYouMean } from '../../text/suggest.ts'
import { EXTENSION_FUNCTIONS } from '../../values/extension.ts'
import { shown } from '../json/json.ts'
import type { CoreMethod, Expr } from './ast.ts'

/** A call in the text or in JSON: `name(args)`, or `receiver.name(args)` where there is a receiver. */
export interface Call {
  readonly name: string
  readonly receiver?: Expr
  readonly args: readonly Expr[]
  readonly span: Span
}

/** Why a call is refused. */
export interface CallProblem {
  readonly problem: string
  readonly help?: string
}

/** Core method → number of its arguments. */
export const CORE_METHODS: ReadonlyMap<string, number> = new Map<CoreMethod, number>([
  ['contains', 1],
  ['containsAll', 1],
  ['containsAny', 1],
  ['isEmpty', 0],
  ['getTag', 1],
  ['hasTag', 1],
])

/** The expression that a call makes, or why there is none. */
export function resolveCall(call: Call): Expr | CallProblem {
  const { name, receiver, args, span } = call
  if (isCoreMethod(name) && receiver !== undefined) {
    const wanted = CORE_METHODS.get(name) ?? 0
    if (args.length === wanted) return { kind: 'method', method: name, receiver, args, span }
    return { problem: `\`${name}\` takes ${wanted === 1 ? '1 argument' : 'no arguments'}, found ${args.length}` }
  }
  const style = isCoreMethod(name) ? 'method' : EXTENSION_FUNCTIONS.get(name)?.style
  if (style === undefined)
    return { problem: `${shown(name)} is no ${receiver ? 'method' : 'function'}`, ...didYouMean(name, knownOf(call)) }
  if (style === 'method' && receiver === undefined) {
    return { problem: `\`${name}\` is a method, not a function`, help: `write \`….${name}(…)\`` }
  }
  if (style === 'function' && receiver !== undefined) {
    return { problem: `\`${name}\` is a function, not a method`, help: `write \`${name}(…)\`` }
  }
  return { kind: 'extension', name, args: receiver ? [receiver, ...args] : args, span }
}

/** Whether `name` is a method of the core language. */
export function isCoreMethod(name: string): name is CoreMethod {
  return CORE_METHODS.has(name)
}

/** The functions or methods that there are; `unknown` is no use to anyone. */
function knownOf({ receiver }: Call): string[] {
  const extensions = [...EXTENSION_FUNCTIONS.values()].filter(
    (f) => (f.style === 'method') === (receiver !== undefined),
  )
  const names = [...(receiver ? CORE_METHODS.keys() : []), ...extensions.map((f) => f.name)]
  return names.filter((name) => name !== 'unknown')
}
