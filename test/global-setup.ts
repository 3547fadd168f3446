/**
 * Builds `dist/` once before the tests that need it, if a source is newer than the build. Folders count as sources, so
 * that a file which was removed is noticed too.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const SOURCES = [
  'src',
  'workers',
  'native-layout',
  'bench',
  'scripts/build.js',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
]

/** Called by vitest in the repository's root. */
export function setup(): void {
  const newest = Math.max(...SOURCES.flatMap(within).map(modified))
  if (newest > modified('dist/rune.js')) execFileSync(process.execPath, ['scripts/build.js'], { stdio: 'inherit' })
}

function within(path: string): string[] {
  const entries = statSync(path, { throwIfNoEntry: false })?.isDirectory()
    ? readdirSync(path, { recursive: true, encoding: 'utf8' })
    : []
  return [path, ...entries.map((entry) => join(path, entry))]
}

/** Milliseconds; 0 if there is no such file. */
function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
