/**
 * `rune init`: a first configuration to read, change and grow.
 */
import { writeFileSync } from 'node:fs'
import { visible } from '../index.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { FIRST_CONFIGURATION } from './first-configuration.ts'
import { reasonOf, refuse } from './input.ts'
import type { Common } from './program.ts'
import type { Terminal } from './terminal.ts'

export interface InitOptions extends Common {
  readonly force?: boolean
}

/** Writes `file`. One that exists is kept, unless the options say otherwise. */
export async function init(file: string, options: InitOptions, terminal: Terminal): Promise<ExitCode> {
  if (file === '') throw refuse('R763', 'the name of the file is empty')
  try {
    writeFileSync(file, FIRST_CONFIGURATION, { flag: options.force ? 'w' : 'wx' })
  } catch (error) {
    const help = 'pass `--force` to overwrite it'
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    throw refuse('R763', `\`${file}\` cannot be written: ${reasonOf(error)}`, exists ? { help } : {})
  }
  const config = file === 'policy.rune' ? '' : ` -c ${visible(file)}`
  terminal.out.write(`wrote ${visible(file)}

Run its tests:     rune test${config}
Decide a request:  rune eval${config} --principal ana --action read --resource /srv/docs/plan.md
`)
  return EXIT.ok
}
