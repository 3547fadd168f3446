/**
 * `rune validate`: what is wrong with a configuration, what could be better, and how much is in it. Spec: DESIGN section 5.
 */
import { type Counts, validate, visible } from '../index.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { type ConfigOptions, configurationOf, inputOf } from './input.ts'
import { showLoading } from './progress.ts'
import { exitCodeOf, jsonDiagnostic, plural, printJson, reportDiagnostics } from './report.ts'
import { painter, type Terminal } from './terminal.ts'

/** Checks the configuration `file`, or else the one that the options mean. */
export async function validateFile(
  file: string | undefined,
  options: ConfigOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const configuration = await configurationOf(file ?? options.config, terminal.env, inputOf(terminal))
  const { ok, diagnostics, counts } = await showLoading(configuration, terminal, validate)
  const exit = ok ? EXIT.ok : exitCodeOf(diagnostics)
  if (options.format === 'json') {
    printJson({ ok, diagnostics: diagnostics.map(jsonDiagnostic), ...(counts && { counts }) }, terminal.out)
  } else {
    if (diagnostics.length > 0) reportDiagnostics(diagnostics, terminal, options.color)
    const paint = painter(terminal.out, terminal.env, options.color)
    const verdict = ok ? paint('green', 'valid') : paint('red', 'not valid')
    const content = counts ? `: ${countsText(counts)}` : ''
    // What could not be read is neither.
    if (exit !== EXIT.failure) terminal.out.write(`${visible(configuration.path)} is ${verdict}${content}\n`)
  }
  return exit
}

function countsText({ predicates, rules, policies, strata, facts }: Counts): string {
  const counted = [plural(predicates, 'predicate'), plural(rules, 'rule'), plural(policies, 'policy', 'policies')]
  return [...counted, plural(strata, 'stratum', 'strata'), plural(facts, 'fact')].join(', ')
}
