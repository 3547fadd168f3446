/**
 * What random Datalog programs are about: kinds of columns with a few values each, which meet often, and how values are
 * written in rules and in `[data]`.
 */
import { entityUid, type Value } from '../../src/values/value.ts'
import { callExtension } from '../oracle/cedar-extensions.ts'
import { valueKey } from '../oracle/value-key.ts'
import { stringText, uidText } from './cedar-text.ts'
import type { Random } from './random.ts'

/** `wide` is a Long that only careless rules compute with, `path` a String that is an absolute path. */
export type Kind =
  | 'string'
  | 'path'
  | 'long'
  | 'wide'
  | 'float'
  | 'bool'
  | 'User'
  | 'Group'
  | 'datetime'
  | 'duration'
  | 'decimal'
  | 'ip'

/** The type that a `decl` gives a column of a kind. */
export const TYPE_OF: Readonly<Record<Kind, string>> = {
  string: 'String',
  path: 'String',
  long: 'Long',
  wide: 'Long',
  float: 'Float',
  bool: 'Bool',
  User: 'User',
  Group: 'Group',
  datetime: 'datetime',
  duration: 'duration',
  decimal: 'decimal',
  ip: 'ipaddr',
}

/** Constructor calls, by the key of their value: extension values are written as they were made. */
const CALLS: ReadonlyMap<string, { readonly value: Value; readonly text: string }> = new Map(
  [
    ['datetime', '2024-01-01', '2024-02-29T12:30:00.500Z', '1969-12-31T23:59:59Z'],
    ['duration', '0ms', '1h30m', '-1d', '1500ms'],
    ['decimal', '0.0', '1.5', '-0.5', '922337203685477.5807'],
    ['ip', '10.0.0.1', '10.0.0.0/8', '::1', '127.0.0.1/32'],
  ].flatMap(([name = '', ...args]) =>
    args.map((arg) => {
      const value = callExtension(name, [arg])
      return [valueKey(value), { value, text: `${name}(${stringText(arg)})` }] as const
    }),
  ),
)

const calls = (kind: string): Value[] =>
  [...CALLS.values()].filter(({ text }) => text.startsWith(kind)).map(({ value }) => value)

/** The values that facts and rules name. */
export const POOLS: Readonly<Record<Kind, readonly Value[]>> = {
  string: ['a', 'b', 'c', 'd', 'a', 'b', '', 'A b', 'é😀', '"\\', 'a/b', '__proto__'],
  path: ['/', '/a', '/a/b', '/ab', '/a/../b', '/b/c/'],
  long: [0n, 1n, 2n, 3n, 4n, -1n],
  wide: [0n, 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), 0xffffffffn],
  float: [0, 0.5, 1.5, -2.25, 1, 4],
  bool: [true, false],
  User: ['a', 'b', 'c', 'é'].map((id) => entityUid('User', id)),
  Group: ['a', 'g', 'h'].map((id) => entityUid('Group', id)),
  datetime: calls('datetime'),
  duration: calls('duration'),
  decimal: calls('decimal'),
  ip: calls('ip'),
}

export const KINDS = Object.keys(POOLS) as Kind[]

/** A value of a kind. */
export function pickValue(random: Random, kind: Kind): Value {
  return random.pick(POOLS[kind])
}

/** A literal of rules, in one of its spellings. */
export function literalText(random: Random, value: Value): string {
  switch (typeof value) {
    case 'string':
      if (/^[a-d]$/u.test(value) && random.chance(0.7)) return value
      return random.chance(0.2) && !value.includes("'")
        ? `'${stringText(value).slice(1, -1).replaceAll('\\"', '"')}'`
        : stringText(value)
    case 'bigint':
      return value === 0xffffffffn ? random.pick(['0xffffffff', '4_294_967_295']) : `${value}`
    case 'number':
      return floatText(value)
    case 'boolean':
      return `${value}`
    default:
      return value.kind === 'entity' ? uidText(value) : (CALLS.get(valueKey(value))?.text ?? '')
  }
}

/** A value in TOML; `undefined` where TOML has no way to say it. */
export function tomlText(value: Value): string | undefined {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return floatText(value)
    case 'bigint':
    case 'boolean':
      return `${value}`
    default:
      if (value.kind === 'entity') return `{ entity = ${JSON.stringify(uidText(value))} }`
      return value.kind === 'datetime' ? new Date(Number(value.value)).toISOString() : undefined
  }
}

/** Rows as a fact file of a format; strings hold neither tabs nor line breaks. */
export function fileText(rows: readonly (readonly Value[])[], format: 'tsv' | 'csv' | 'jsonl'): string {
  const line = (row: readonly Value[]): string => {
    if (format === 'jsonl')
      return `[${row.map((v) => (isPlain(v) ? fieldText(v) : JSON.stringify(fieldText(v)))).join(', ')}]`
    if (format === 'tsv') return row.map(fieldText).join('\t')
    return row.map((value) => `"${fieldText(value).replaceAll('"', '""')}"`).join(',')
  }
  return rows.map((row) => `${line(row)}\n`).join('')
}

/** Whether JSON writes a value without quotes. */
function isPlain(value: Value): boolean {
  return ['bigint', 'number', 'boolean'].includes(typeof value)
}

function fieldText(value: Value): string {
  if (typeof value !== 'object') return `${value}`
  if (value.kind === 'entity') return value.id
  return CALLS.get(valueKey(value))?.text.match(/"(.*)"/u)?.[1] ?? ''
}

function floatText(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : `${value}`
}
