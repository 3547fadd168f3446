/**
 * The fence around cedar-wasm, which reads schemas, validates and formats. It is loaded at the first call, in an instance
 * of our own that can be thrown away: a text that is too much for it makes it trap, and every later call to that instance
 * would trap too. A new one takes about 30 ms. Owns the instance, not what is asked of it. Spec: DESIGN section 2.
 */
import { createRequire } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import type * as CedarWasm from '@cedar-policy/cedar-wasm/nodejs'
import type { Diagnostics } from '../../text/diagnostic.ts'
import type { Span } from '../../text/source.ts'
import type { Json } from '../json/json.ts'

export type Cedar = typeof CedarWasm

/** Holds at most one instance of cedar-wasm; owned by who opened it. */
export interface Fence {
  instance: Cedar | undefined
}

/** A question to cedar-wasm; `what` says what it does, for the message if it fails: `validate the policies`. */
export interface Question<T> {
  readonly what: string
  readonly span: Span | undefined
  readonly ask: (cedar: Cedar) => T
}

/** A fence without an instance: nothing is loaded yet. */
export function openFence(): Fence {
  return { instance: undefined }
}

/** Drops the instance and with it its memory, which only grows; the next question makes another. */
export function dropInstance(fence: Fence): void {
  fence.instance = undefined
}

/** The answer; `undefined` after a failure of cedar-wasm, which is reported and costs the instance. */
export function askCedar<T>(fence: Fence, question: Question<T>, diagnostics: Diagnostics): T | undefined {
  const { what, span, ask } = question
  try {
    fence.instance ??= loadCedar()
    return ask(fence.instance)
  } catch (e) {
    dropInstance(fence)
    // A trap says which instruction it was, and depends on the machine.
    const isTrap = e instanceof RangeError || (e instanceof Error && e.name === 'RuntimeError')
    const why = e instanceof Error && !isTrap ? e.message : 'it gave up'
    diagnostics.error('R900', `cedar-wasm could not ${what}: ${oneLine(why)}`, span, {
      help: 'long chains of operators and deep nesting are too much for it: split the policy or the type',
    })
    return undefined
  }
}

/** `text` without line ends. */
export function oneLine(text: string): string {
  return text.replace(/\s*[\r\n\u2028\u2029]\s*/g, ' ').trim()
}

/** The JSON of a schema as JavaScript's own; no key is special. A schema holds no integers, so that none is rounded. */
export function jsonToJs(json: Json): unknown {
  if (typeof json === 'bigint') return Number(json)
  if (Array.isArray(json)) return json.map(jsonToJs)
  if (!(json instanceof Map)) return json
  const object = {}
  for (const [key, value] of json) {
    Object.defineProperty(object, key, { value: jsonToJs(value), enumerable: true })
  }
  return object
}

/**
 * A new instance. The package keeps its state in its module, so that the module is evaluated anew and left out of the
 * cache, where others may hold theirs.
 */
function loadCedar(): Cedar {
  // On Node 20, V8 aborts the process when it deoptimizes JavaScript that inlined a call into WebAssembly.
  if (process.versions.node.startsWith('20.')) setFlagsFromString('--no-turbo-inline-js-wasm-calls')
  const require = createRequire(import.meta.url)
  const path = require.resolve('@cedar-policy/cedar-wasm/nodejs')
  const others = require.cache[path]
  delete require.cache[path]
  try {
    return require(path) as Cedar
  } finally {
    if (others === undefined) delete require.cache[path]
    else require.cache[path] = others
  }
}
