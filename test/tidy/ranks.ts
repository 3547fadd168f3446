/**
 * Who may import whom: the table of the house (DESIGN section 3), checked on resolved paths. `biome.json` says the same
 * by patterns, for editors; this one is exact.
 */
import { posix } from 'node:path'
import type { TidyFile } from './files.ts'

/** From low to high: a part imports from lower ones and from itself. */
const RANKS = [
  'native-layout',
  'src/text',
  'src/values',
  'src/syntax',
  'src/program',
  'src/image',
  'src/fixpoint',
  'src/decide',
  'src/threads',
  'src',
]
const PUBLIC = ['src/index.ts', 'src/cedar.ts']
const USERS_OF_PUBLIC = ['src/cli', 'src/server', 'src/agents']

/** The specifiers of all imports and re-exports of a text, dynamic and type-only ones too. */
export function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:\bfrom|^import|\bimport\()\s*'([^']+)'/gm)].map((match) => match[1]!)
}

/** A line for each import of `file` that the house forbids. */
export function rankViolations(file: TidyFile): string[] {
  return importsOf(file.text)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => posix.join(posix.dirname(file.path), specifier))
    .filter((target) => !mayImport(file.path, target))
    .map((target) => `${file.path} imports ${target}`)
}

function mayImport(from: string, to: string): boolean {
  const [user, used] = [partOf(from), partOf(to)]
  if (user === undefined) return true
  if (user === 'workers') return used === 'src/threads' || to.startsWith('src/cli/benchmark/')
  if (USERS_OF_PUBLIC.includes(user)) return used === user || PUBLIC.includes(to) || to === 'package.json'
  if (user === 'src/syntax' && used === 'src/syntax') return mayImportSyntax(from, to)
  if (user === used) return true
  if (used === 'native-layout') return user === 'src/image' || (user === 'src/threads' && to === `${used}/batch.ts`)
  if (user === 'src/decide' && used === 'src/fixpoint') return false
  return used !== undefined && RANKS.includes(used) && RANKS.indexOf(used) < RANKS.indexOf(user)
}

/** A syntax's folder is its own; all may use `json/`, the trees and the resolved schema; a `.rune` file holds the others, and the files beside the folders join them. */
function mayImportSyntax(from: string, to: string): boolean {
  const [user, used] = [posix.dirname(from), posix.dirname(to)]
  return (
    user === used ||
    user === 'src/syntax' ||
    user === 'src/syntax/rune-file' ||
    used === 'src/syntax' ||
    used === 'src/syntax/json' ||
    to === 'src/syntax/schema/schema.ts' ||
    to.endsWith('/ast.ts')
  )
}

/** The part of the house that holds `path`; `undefined` outside of it (tests, benchmarks, scripts). */
function partOf(path: string): string | undefined {
  return path.match(/^(src\/[^/]+(?=\/)|src|workers|native-layout)\//)?.[1]
}
