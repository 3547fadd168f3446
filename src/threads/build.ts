/**
 * Building: text in, a complete image out. Everything that writes an image happens here, in this order: parse, analyse,
 * load facts and entities, derive, check what was derived. Whoever owns an image calls this. Throws a `RuneError` with all
 * diagnostics; what cannot be built leaves nothing behind.
 */
import { computeFixpoint } from '../fixpoint/fixpoint.ts'
import { checkEntities } from '../image/check-entities.ts'
import type { ImageDictionary } from '../image/dictionary.ts'
import { createImage, type Image } from '../image/image.ts'
import { internConstants, loadFacts } from '../image/load.ts'
import { isSnapshotFile } from '../image/snapshot.ts'
import { analyse } from '../program/analyse.ts'
import { leaveOut } from '../program/asked.ts'
import type { KeptLowerings } from '../program/lower-policies.ts'
import type { Program } from '../program/program.ts'
import { checkAgainstSchema, schemaOf } from '../program/schema-check.ts'
import type { KeptPolicies } from '../syntax/cedar/kept-policies.ts'
import { shown } from '../syntax/json/json.ts'
import type { Configuration, DataEntry } from '../syntax/rune-file/ast.ts'
import { type Host, nodeHost } from '../syntax/rune-file/host.ts'
import { type ConfigurationInput, loadConfiguration, type OnProgress } from '../syntax/rune-file/load.ts'
import { objectArgument, propertyOf, textArgument } from '../text/argument.ts'
import { type Diagnostic, Diagnostics, RuneError, runeError } from '../text/diagnostic.ts'

export type { ConfigurationInput }

/** A program with its image, ready to decide. */
export interface Built {
  readonly configuration: Configuration
  readonly program: Program
  readonly image: Image
  readonly warnings: readonly Diagnostic[]
}

/** Policies that were read and lowered the last time. */
export interface KeptSources {
  readonly policies: KeptPolicies
  readonly lowerings: KeptLowerings
}

export interface BuildOptions extends Pick<ConfigurationInput, 'onProgress'> {
  /** The image's values are those of this dictionary; absent: of a new one. */
  readonly dictionary?: ImageDictionary
  /** What of the sources that were built the last time can be used again. */
  readonly kept?: KeptSources
  /** The names of the predicates that queries will ask; absent: any. */
  readonly asked?: readonly string[]
  /** Changes the facts that were loaded, before anything is derived. */
  readonly adjust?: (program: Program, image: Image, diagnostics: Diagnostics) => void
}

/** An input as JavaScript passes it. Throws a `RuneError` for what is none. */
export function checkInput(input: unknown): ConfigurationInput {
  const given = objectArgument(input, 'a configuration')
  const onProgress = propertyOf(given, 'onProgress', 'the listener of a configuration')
  return { ...checkPlace(given), ...(typeof onProgress === 'function' && { onProgress: onProgress as OnProgress }) }
}

function checkPlace(given: object): ConfigurationInput {
  const [text, path] = ['text', 'path'].map((name) => propertyOf(given, name, `the ${name} of a configuration`))
  if (text === undefined) return { path: textArgument(path, 'the path of a configuration') }
  const named = path === undefined ? {} : { path: textArgument(path, 'the path of a configuration') }
  return { text: textArgument(text, 'the text of a configuration'), ...named }
}

/** Builds the configuration of a file or a text. */
export function build(input: ConfigurationInput, host: Host = nodeHost, options: BuildOptions = {}): Built {
  if (!('text' in input) && isSnapshotFile(input.path, host.readFile)) throw refuseSnapshot(input.path)
  const diagnostics = new Diagnostics()
  const configuration = loadConfiguration(input, host, diagnostics, options.kept?.policies)
  if (!configuration) throw new RuneError(diagnostics.all)
  return buildConfiguration(configuration, host, diagnostics, {
    ...options,
    ...(input.onProgress && { onProgress: input.onProgress }),
  })
}

function refuseSnapshot(path: string): RuneError {
  return runeError('R606', `${shown(path)} is a snapshot, and holds neither tests nor anything else to build from`, {
    help: 'name the file that it was compiled from',
  })
}

/** Builds a configuration with more facts than it has itself. */
export function buildWith(configuration: Configuration, facts: readonly DataEntry[], host: Host = nodeHost): Built {
  const files = configuration.files.map((file, i) =>
    i === configuration.files.length - 1 ? { ...file, data: [...file.data, ...facts] } : file,
  )
  return buildConfiguration({ ...configuration, files }, host, new Diagnostics())
}

function buildConfiguration(
  configuration: Configuration,
  host: Host,
  diagnostics: Diagnostics,
  { dictionary, kept, asked, adjust, onProgress }: BuildOptions = {},
): Built {
  const schema = schemaOf(configuration, diagnostics)
  const analysed = analyse(configuration, diagnostics, {
    ...(schema && { schema: schema.resolved.schema }),
    ...(kept && { kept: kept.lowerings }),
  })
  if (!analysed) throw new RuneError(diagnostics.all)
  if (schema) checkAgainstSchema(analysed, configuration, schema, diagnostics)
  diagnostics.throwIfErrors()
  const program = asked ? leaveOut(analysed, asked) : analysed
  const image = createImage(program, dictionary)
  loadFacts(program, image, host.readFile, diagnostics, onProgress)
  diagnostics.throwIfErrors()
  adjust?.(program, image, diagnostics)
  internConstants(program, image)
  computeFixpoint(program, image)
  checkEntities(program, image, diagnostics)
  diagnostics.throwIfErrors()
  return { configuration, program, image, warnings: diagnostics.all }
}
