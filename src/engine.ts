/**
 * The engine: what a user opens, asks and closes. One `Rune` is one configuration, its image and a decider over it.
 * Everything that it throws for input that it refuses is a `RuneError`. Spec: DESIGN section 4.
 */
import { createDecider, type Decider } from './decide/decider.ts'
import type { Decision } from './decide/decision.ts'
import { decidingRules, type Explanation, explain } from './decide/explain.ts'
import { type AuthorizeRequest, checkParts, checkRequest, uidOf } from './decide/request.ts'
import { createMachine, type Machine } from './fixpoint/machine.ts'
import { createSolver, type Solver } from './fixpoint/solve.ts'
import { createOverlay, type Overlay } from './image/dictionary.ts'
import { createValues } from './image/value-ids.ts'
import { type Counts, counts } from './program/counts.ts'
import type { DemandAnswer } from './program/demand.ts'
import { type QueryResult, queryOf, resultOf } from './query.ts'
import type { TestCase } from './syntax/rune-file/ast.ts'
import { type Diagnostic, RuneError, runeError } from './text/diagnostic.ts'
import { type Built, build, type ConfigurationInput } from './threads/build.ts'

/** For `Rune.fromText`: where includes and fact files are looked for, and what diagnostics call the text. */
export interface TextOptions {
  readonly path?: string
}

/** What `validate` found. */
export interface Validation {
  readonly ok: boolean
  readonly diagnostics: readonly Diagnostic[]
  /** Absent where the configuration can't be opened. */
  readonly counts?: Counts
}

/** An open configuration. */
export class Rune {
  readonly #built: Built
  readonly #overlay: Overlay
  readonly #machine: Machine
  readonly #solver: Solver
  readonly #decider: Decider
  #closed = false

  private constructor(built: Built) {
    const { program, image } = built
    this.#built = built
    this.#overlay = createOverlay(image.dictionary)
    const values = createValues(this.#overlay)
    this.#machine = createMachine(values)
    this.#solver = createSolver(program, image, this.#machine)
    this.#decider = createDecider({
      program,
      image,
      overlay: this.#overlay,
      values,
      rules: { begin: (facts) => this.#begin(facts), demand: (predicate, pattern) => this.#demand(predicate, pattern) },
      epoch: 1,
    })
  }

  /** Opens a `.rune` file with all that it includes. */
  static async open(path: string): Promise<Rune> {
    return new Rune(build({ path }))
  }

  /** Opens a text as if it were a `.rune` file. */
  static async fromText(text: string, options: TextOptions = {}): Promise<Rune> {
    return new Rune(build({ text, ...options }))
  }

  /** Decides a request. Throws a `RuneError` for a request that is malformed or reaches a limit; such a request is never permitted. */
  authorize(request: AuthorizeRequest): Decision {
    this.#checkOpen()
    return this.#decider.decide(checkRequest(request, this.#built))
  }

  /** Decides a request and says which policies and rules made the decision. */
  explain(request: AuthorizeRequest): Explanation {
    this.#checkOpen()
    const checked = checkRequest(request, this.#built)
    const { program, image } = this.#built
    const decision = this.#decider.decide(checked)
    const found = this.#decider.find(checked)
    const derived = decidingRules(program).map((rule) => {
      const { rows } = this.#solver.run(rule, image.values)
      return { rule, reasons: rows.flat().map(this.#machine.values.textOf) }
    })
    return explain(program, decision, found, derived)
  }

  /** The rows for which a body holds, such as `can(alice, P), not blocked(P)`: one column for each variable, rows in a fixed order. */
  query(text: string): QueryResult {
    this.#checkOpen()
    const { program } = this.#built
    const query = queryOf(program, text)
    this.#overlay.reset()
    this.#begin()
    const { rows, errors } = this.#solver.run(query.rule, this.#machine.values)
    const [failed] = errors
    if (failed)
      throw runeError('R402', `the query fails: ${failed.message}`, {
        ...(query.rule.span && { span: query.rule.span }),
      })
    return resultOf(query, rows, this.#machine.values)
  }

  /** Warnings of the configuration. */
  get warnings(): readonly Diagnostic[] {
    return this.#built.warnings
  }

  /** How many predicates, rules, policies and so on the configuration has. */
  get counts(): Counts {
    return counts(this.#built.program)
  }

  /** @internal */
  static ofBuilt(built: Built): Rune {
    return new Rune(built)
  }

  /** @internal Decides a case of `[tests]`, facts aside. */
  decideCase(test: TestCase): Decision {
    const { settings } = this.#built.program
    const request = {
      principal: uidOf(test.principal, 'principal', settings),
      action: uidOf(test.action, 'action', settings),
      resource: uidOf(test.resource, 'resource', settings),
      context: test.context,
      entities: test.entities,
    }
    return this.#decider.decide(checkParts(request, this.#built))
  }

  /** Ends the engine; it decides nothing any more. */
  async close(): Promise<void> {
    this.#closed = true
  }

  #checkOpen(): void {
    if (this.#closed) throw runeError('R740', 'the engine is closed')
  }

  /** Resets the budget of a request and hands its facts to the solver. */
  #begin(facts?: Parameters<Solver['begin']>[0]): void {
    const { maxSteps } = this.#built.program.settings.limits
    this.#machine.steps = maxSteps
    this.#machine.refill = () => {
      throw runeError('R504', `the request needs more than ${maxSteps} steps`, {
        help: 'raise `max_steps` in [options] if that is right',
      })
    }
    this.#solver.begin(facts)
  }

  #demand(predicate: number, pattern: readonly number[]): DemandAnswer {
    const { rows, errors } = this.#solver.ask(predicate, pattern)
    const [failed] = errors
    return failed ? { rows, error: failed.message, failures: errors } : { rows }
  }
}

/** Opens a file, or a text, and reports what is wrong with it instead of throwing. */
export async function validate(input: ConfigurationInput): Promise<Validation> {
  try {
    const built = build(input)
    return { ok: true, diagnostics: built.warnings, counts: counts(built.program) }
  } catch (error) {
    if (!(error instanceof RuneError)) throw error
    return { ok: false, diagnostics: error.diagnostics }
  }
}
