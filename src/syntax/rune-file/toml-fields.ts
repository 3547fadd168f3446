/**
 * Keys of TOML tables with known names and kinds: what the readers of `[options]`, `[entities]` and `[tests]` share. A key
 * that is unknown, missing or of another kind is reported with its place. Owns no names.
 */
import type { Diagnostics } from '../../text/diagnostic.ts'
import { didYouMean } from '../../text/suggest.ts'
import { isTypeName } from '../../values/entity-uid.ts'
import { shown } from '../json/json.ts'
import {
  child,
  describeToml,
  elements,
  isTable,
  keySpan,
  type TomlNode,
  type TomlTable,
  type TomlValue,
  valueSpan,
} from './toml.ts'

/** Reports the keys of a table that are not among `known`. */
export function checkKeys(
  node: TomlNode<TomlTable>,
  known: readonly string[],
  where: string,
  diagnostics: Diagnostics,
): void {
  for (const key of Object.keys(node.value)) {
    if (known.includes(key)) continue
    const help = () => didYouMean(key, known, `the keys of ${where} are ${known.join(', ')}`)
    diagnostics.error('R300', `unknown key ${shown(key)} in ${where}`, keySpan(node, key), help)
  }
}

/** The node of a key that has to be there. */
export function required(
  node: TomlNode<TomlTable>,
  key: string,
  where: string,
  diagnostics: Diagnostics,
): TomlNode | undefined {
  const found = child(node, key)
  if (found === undefined) diagnostics.error('R207', `${where} needs the key \`${key}\``, keySpan(node))
  return found
}

/** The table at a node. */
export function tableAt(node: TomlNode | undefined, diagnostics: Diagnostics): TomlNode<TomlTable> | undefined {
  if (node === undefined) return undefined
  const { value } = node
  return isTable(value) ? { ...node, value } : wrongKind(node, 'a table', diagnostics)
}

/** The elements of the array at a node. */
export function arrayAt(node: TomlNode | undefined, diagnostics: Diagnostics): TomlNode[] | undefined {
  if (node === undefined) return undefined
  const { value } = node
  return Array.isArray(value) ? elements({ ...node, value }) : wrongKind(node, 'an array', diagnostics)
}

/** The string at a node. */
export function stringAt(node: TomlNode | undefined, diagnostics: Diagnostics): string | undefined {
  if (node === undefined) return undefined
  return typeof node.value === 'string' ? node.value : wrongKind(node, 'a string', diagnostics)
}

/** The strings of the array at a node; those elements that are none are reported and left out. */
export function stringsAt(node: TomlNode | undefined, diagnostics: Diagnostics): string[] | undefined {
  const found = arrayAt(node, diagnostics)?.map((element) => stringAt(element, diagnostics))
  return found?.filter((text) => text !== undefined)
}

/** The boolean at a node. */
export function booleanAt(node: TomlNode | undefined, diagnostics: Diagnostics): boolean | undefined {
  if (node === undefined) return undefined
  return typeof node.value === 'boolean' ? node.value : wrongKind(node, '`true` or `false`', diagnostics)
}

/** The positive integer at a node, at most `max`. */
export function countAt(node: TomlNode | undefined, max: number, diagnostics: Diagnostics): number | undefined {
  if (node === undefined) return undefined
  const { value } = node
  if (typeof value === 'bigint' && value >= 1n && value <= BigInt(max)) return Number(value)
  return wrongKind(node, `an integer from 1 to ${max}`, diagnostics)
}

/** One of some words at a node. */
export function wordAt<T extends string>(
  node: TomlNode | undefined,
  words: readonly T[],
  diagnostics: Diagnostics,
): T | undefined {
  const text = stringAt(node, diagnostics)
  if (node === undefined || text === undefined) return undefined
  const found = words.find((word) => word === text)
  if (found !== undefined) return found
  const all = words.map((word) => `\`${word}\``).join(', ')
  diagnostics.error('R206', `${shown(text)} is none of ${all}`, valueSpan(node), didYouMean(text, words))
  return undefined
}

/** The name of an entity type at a node. */
export function typeNameAt(node: TomlNode | undefined, diagnostics: Diagnostics): string | undefined {
  const text = stringAt(node, diagnostics)
  if (node === undefined || text === undefined) return undefined
  if (isTypeName(text)) return text
  const help = { help: 'a type is a name such as `User` or `App::User`' }
  diagnostics.error('R303', `${shown(text)} is not the name of a type`, valueSpan(node), help)
  return undefined
}

function wrongKind(node: TomlNode<TomlValue>, wanted: string, diagnostics: Diagnostics): undefined {
  const isElement = typeof node.step === 'number'
  const key = shown(String(isElement ? node.parent?.step : node.step))
  const what = isElement ? `an element of ${key}` : key
  const found = typeof node.value === 'bigint' ? shown(String(node.value)) : describeToml(node.value)
  diagnostics.error('R206', `${what} takes ${wanted}, not ${found}`, valueSpan(node))
}
