/**
 * The command line: which commands and options there are, and what becomes of mistakes. It owns usage; what a command does
 * stands in the file of its name, loaded when it is called. Spec: DESIGN section 5.
 */
import { Command, CommanderError, Option } from 'commander'
import pkg from '../../package.json' with { type: 'json' }
import {
  addBenchmarkOptions,
  addProfileOptions,
  type BenchmarkOptions,
  type ProfileOptions,
  settingsOf,
  subjectSettingsOf,
} from './benchmark/settings.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import type { Terminal } from './terminal.ts'

/** Options that every command has. */
export interface Common {
  readonly color?: boolean
}

/** Runs the command that `args` name. Never rejects: what goes wrong is said on the terminal, and is the exit code. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const complaints: string[] = []
  const program = new Command('rune')
  let exit: ExitCode = EXIT.ok
  const ending = (code: ExitCode): void => {
    exit = code
  }
  try {
    addCommands(program, terminal, complaints, ending)
    program.commands.forEach(refuseRepetition)
    await program.parseAsync(args, { from: 'user' })
    return exit
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      const { reportFailure } = await import('./report.ts')
      return reportFailure(error, terminal, program.opts<Common>().color)
    }
    if (error.exitCode === 0) return EXIT.ok
    // They quote what the user wrote.
    const { visible } = await import('../index.ts')
    terminal.err.write(complaints.join('').replace(/[^\n]+/g, visible))
    return EXIT.usage
  }
}

const EXIT_CODES = `
Exit codes: 0 success or permit, 1 internal or I/O failure, 2 deny or forbid, 3 invalid configuration, policy or data,
4 slower than the baseline, 5 tests failed, 64 usage.`

function addCommands(
  program: Command,
  terminal: Terminal,
  complaints: string[],
  ending: (code: ExitCode) => void,
): void {
  program
    .description(pkg.description)
    .version(pkg.version)
    .option('--color', 'colours, even where no person sees them')
    .option('--no-color', 'no colours')
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('(--help says more)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out.write(text),
      writeErr: (text) => void complaints.push(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
  program
    .command('init')
    .description('write a first configuration, with tests in it')
    .argument('[file]', 'where to', 'policy.rune')
    .option('--force', 'overwrite a file that exists')
    .action(async (file: string, _options, command: Command) => {
      const { init } = await import('./init.ts')
      ending(await init(file, command.optsWithGlobals(), terminal))
    })
  addDecisions(program, terminal, ending)
  configured(program.command('validate'))
    .description('check a configuration, and count what is in it')
    .argument('[file]', 'the configuration, instead of --config; - is the standard input')
    .action(async (file: string | undefined, _options, command: Command) => {
      const { validateFile } = await import('./validate.ts')
      ending(await validateFile(file, command.optsWithGlobals(), terminal))
    })
  addCompile(program, terminal, ending)
  configured(program.command('query'))
    .description('print the rows for which a body of Datalog literals holds')
    .argument('<body>', "such as 'can(alice, P), not blocked(P)'")
    .action(async (body: string, _options, command: Command) => {
      const { query } = await import('./query.ts')
      ending(await query(body, command.optsWithGlobals(), terminal))
    })
  addInspect(program, terminal, ending)
  configured(program.command('test'))
    .description('run the [tests] of configurations')
    .argument('[files...]', 'default: the configuration, and every *_test.rune beside it')
    .action(async (files: string[], _options, command: Command) => {
      const { test } = await import('./test.ts')
      ending(await test(files, command.optsWithGlobals(), terminal))
    })
  addMeasuring(program, terminal, ending)
}

function addMeasuring(program: Command, terminal: Terminal, ending: (code: ExitCode) => void): void {
  addBenchmarkOptions(program.command('benchmark')).action(
    async (scenario: string | undefined, _options, command: Command) => {
      const options: BenchmarkOptions = command.optsWithGlobals()
      const settings = settingsOf(scenario, options, (why) => command.error(`error: ${why}`))
      const { benchmark } = await import('./benchmark.ts')
      ending(await benchmark(settings, options, terminal))
    },
  )
  addProfileOptions(program.command('profile')).action(
    async (scenario: string | undefined, _options, command: Command) => {
      const options: ProfileOptions = command.optsWithGlobals()
      const settings = subjectSettingsOf(scenario, options, (why) => command.error(`error: ${why}`))
      const { profile } = await import('./profile.ts')
      ending(await profile(settings, options, terminal))
    },
  )
}

function addDecisions(program: Command, terminal: Terminal, ending: (code: ExitCode) => void): void {
  asking(program.command('eval'))
    .description('decide a request, and say what decided')
    .action(async (_options, command: Command) => {
      const { evaluate } = await import('./eval.ts')
      ending(await evaluate(command.optsWithGlobals(), terminal))
    })
  asking(program.command('explain'))
    .description('decide a request, and say why: clause by clause, with the values; of a deny, what came nearest')
    .action(async (_options, command: Command) => {
      const { explain } = await import('./explain.ts')
      ending(await explain(command.optsWithGlobals(), terminal))
    })
}

function addCompile(program: Command, terminal: Terminal, ending: (code: ExitCode) => void): void {
  configured(program.command('compile'))
    .description(
      'write a snapshot of a configuration: a file that opens much faster, wherever a configuration is named',
    )
    .argument('[file]', 'the configuration, instead of --config; - is the standard input')
    .option('-o, --output <file>', 'the snapshot; default: the name of the configuration with `.img` for `.rune`')
    .addHelpText(
      'after',
      `
The snapshot is replaced as a whole or stays as it is; a file that is no snapshot is never overwritten. It opens with
the version of rune-engine that wrote it. Its checksums find damage, not forgery: keep it where you keep the sources.`,
    )
    .action(async (file: string | undefined, _options, command: Command) => {
      const { compileFile } = await import('./compile.ts')
      ending(await compileFile(file, command.optsWithGlobals(), terminal))
    })
}

function addInspect(program: Command, terminal: Terminal, ending: (code: ExitCode) => void): void {
  configured(program.command('inspect'))
    .description('print what each predicate holds and why it is kept so, and how each rule is run')
    .argument('[file]', 'the configuration, instead of --config, or a snapshot; - is the standard input')
    .option('--predicate <name>', 'this predicate alone')
    .option('--all', 'what the engine adds itself, too')
    .action(async (file: string | undefined, _options, command: Command) => {
      const { inspectFile } = await import('./inspect.ts')
      ending(await inspectFile(file, command.optsWithGlobals(), terminal))
    })
}

/** A command that works on a configuration and prints a result. */
function configured(command: Command): Command {
  return command
    .option(
      '-c, --config <file>',
      'the configuration; default: $RUNE_CONFIG, then ./policy.rune; - is the standard input',
    )
    .addOption(new Option('--format <format>', 'of the result').choices(['text', 'json']).default('text'))
}

/** A command about a request. */
function asking(command: Command): Command {
  return configured(command)
    .requiredOption('--principal <entity>', 'who asks: an id, or an entity such as User::"alice"')
    .requiredOption('--action <entity>', 'to do what')
    .requiredOption('--resource <entity>', 'with what')
    .option('--context <json>', 'a JSON object, @FILE, or - for the standard input')
    .option('--entities <file>', "entities of the request, in Cedar's JSON form; - is the standard input")
}

/** Of an option that takes one value, a second one would silently replace the first. */
function refuseRepetition(command: Command): void {
  for (const option of command.options) {
    let isGiven = false
    if (!option.required) continue
    command.on(`option:${option.name()}`, () => {
      if (isGiven) command.error(`error: option '${option.flags}' is given more than once`)
      isGiven = true
    })
  }
}
