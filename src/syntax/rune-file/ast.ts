/**
 * What the files of one configuration say, parsed and united but not yet analysed: the root `.rune` file and all that it
 * includes. Built by `load.ts`; read by `src/program`. Spec: LANGUAGE sections 1, 3, 5, 7 and 8.
 */
import type { Source, Span } from '../../text/source.ts'
import type { EntityUid, Value } from '../../values/value.ts'
import type { Policy } from '../cedar/ast.ts'
import type { Clause } from '../datalog/ast.ts'
import type { PlainRows } from './plain-rows.ts'

/** A whole configuration. */
export interface Configuration {
  /** All files, in the order they were taken: what a file includes comes before it, the root is last. */
  readonly files: readonly RuneFile[]
  /** United over all files; an option given two values is an error. */
  readonly options: Options
}

/** One `.rune` file; `prefix` is what the default ids of its policies and rules start with: `''` for the root, `base.rune#` for an included one. */
export interface RuneFile {
  readonly source: Source
  readonly prefix: string
  readonly metadata: ReadonlyMap<string, unknown>
  readonly data: readonly DataEntry[]
  readonly clauses: readonly Clause[]
  /** The text range of the `[schema]` section's body. */
  readonly schema?: Span
  readonly entities: readonly EntityEntry[]
  readonly policies: readonly Policy[]
  readonly tests: readonly TestCase[]
}

/** One key of `[data]`: a predicate with facts. */
export interface DataEntry {
  /** Dotted where tables nest. */
  readonly predicate: string
  readonly span: Span
  /** Column names, where rows were given as tables or, in a JSONL file, as objects. */
  readonly names?: readonly string[]
  readonly facts: InlineFacts | PlainFacts | FactFile
}

export interface InlineFacts {
  readonly kind: 'inline'
  /** Each row has as many values as the others; strings are not yet read as entities. Empty for `[]`. */
  readonly rows: readonly (readonly Value[])[]
  /** The place of a value; slow, for diagnostics. Without `column`: of the row. */
  readonly spanOf: (row: number, column?: number) => Span
}

/** As `InlineFacts`, where there are many: `plainValues` makes their rows. */
export interface PlainFacts {
  readonly kind: 'plain'
  readonly rows: PlainRows
  readonly spanOf: InlineFacts['spanOf']
}

/** Facts in a file of their own; read by `readFactFile` once the types of the columns are known. */
export interface FactFile {
  readonly kind: 'file'
  /** As the host reads it: relative to the working directory where the path of the `.rune` file was. */
  readonly path: string
  readonly format: 'tsv' | 'csv' | 'jsonl'
  /** As written; absent columns are String. */
  readonly types?: readonly string[]
  /** How many fields the first row has; absent where there is no row, or none that can be read. */
  readonly arity?: number
  /** Of the name of the file. */
  readonly span: Span
}

/** One key of `[entities]`, or one object of the JSON file that `[options] entities` names. */
export interface EntityEntry {
  readonly uid: EntityUid
  readonly attrs: ReadonlyMap<string, Value>
  readonly tags: ReadonlyMap<string, Value>
  readonly parents: readonly EntityUid[]
  readonly span: Span
}

/** What `[options]` says; an absent field was not given. */
export interface Options {
  readonly defaultPrincipalType?: string
  readonly defaultActionType?: string
  readonly defaultResourceType?: string
  readonly pathTypes: readonly string[]
  readonly globs?: boolean
  readonly onPolicyError?: 'deny' | 'skip' | 'strict'
  readonly links: readonly TemplateLink[]
  readonly limits: Limits
}

export interface TemplateLink {
  readonly template: string
  readonly id: string
  /** `?principal` and `?resource`, where given. */
  readonly values: ReadonlyMap<string, { readonly uid: EntityUid; readonly span: Span }>
  readonly span: Span
}

export interface Limits {
  readonly maxFacts?: number
  readonly maxIterations?: number
  readonly maxEvalMs?: number
  /** In MiB. */
  readonly maxMemory?: number
  readonly maxSteps?: number
}

/** One `[[tests.case]]`. Request parts are as written: entity literals or bare ids. */
export interface TestCase {
  readonly name: string
  readonly principal: string
  readonly action: string
  readonly resource: string
  readonly context: ReadonlyMap<string, Value>
  /** In the shape of `[entities]`. */
  readonly entities: readonly EntityEntry[]
  readonly facts: readonly DataEntry[]
  readonly expect: 'permit' | 'deny' | 'forbid'
  readonly reasons?: readonly string[]
  readonly span: Span
}
