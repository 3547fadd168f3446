/**
 * `rune validate`: what is wrong with a configuration, what could be better, and how much is in it. Spec: DESIGN section 5.
 */
import { type Counts, validate, visible } from '../index.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { type ConfigOptions, configurationOf, inputOf } from './input.ts'
import { exitCodeOf, jsonDiagnostic, plural, printJson, reportDiagnostics } from './report.ts'
import { painter, type Terminal } from './terminal.ts'

/** Checks the configuration `file`, or else the one that the options mean. */
export async function validateFile(
  file: string | undefined,
  options: ConfigOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const configuration = await configurationOf(file ?? options.config, terminal.env, inputOf(terminal))
  const { ok, diagnostics, counts } = await validate(configuration)
  if (options.format === 'json') {
    printJson({ ok, diagnostics: diagnostics.map(jsonDiagnostic), ...(counts && { counts }) }, terminal.out)
  } else {
    if (diagnostics.length > 0) reportDiagnostics(diagnostics, terminal, options.color)
    const paint = painter(terminal.out, terminal.env, options.color)
    const verdict = ok ? paint('green', 'valid') : paint('red', 'not valid')
    const content = counts ? `: ${countsText(counts)}` : ''
    terminal.out.write(`${visible(configuration.path)} is ${verdict}${content}\n`)
  }
  return ok ? EXIT.ok : exitCodeOf(diagnostics)
}

const SINGULAR = new Map([
  ['policies', 'policy'],
  ['strata', 'stratum'],
  ['entities', 'entity'],
])

function countsText(counts: Counts): string {
  return Object.entries<number>({ ...counts })
    .map(([name, count]) => plural(count, SINGULAR.get(name) ?? name.slice(0, -1), name))
    .join(', ')
}
