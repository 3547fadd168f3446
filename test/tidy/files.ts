/**
 * What the tidy test reads: every file that git tracks or would track, with its text. Paths are relative to the
 * repository's root, with `/`.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

export interface TidyFile {
  readonly path: string
  readonly text: string
}

/** All files of the repository but those that hold no text (a NUL byte is in them). */
export function repositoryFiles(): TidyFile[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  return [...new Set(listed.split('\0'))]
    .filter((path) => path !== '' && existsSync(path))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }))
    .filter((file) => !file.text.includes('\0'))
}
