/** Asking the rules of a random program: a solver with a budget, and all that it answers, as text that can be compared. */
import { combine } from '../../src/decide/decision.ts'
import { requestRows } from '../../src/decide/request-facts.ts'
import { OPEN } from '../../src/fixpoint/goal.ts'
import { createMachine } from '../../src/fixpoint/machine.ts'
import { createSolver, type Solver } from '../../src/fixpoint/solve.ts'
import { Overlay } from '../../src/image/overlay.ts'
import { type ValueId, Values } from '../../src/image/value-ids.ts'
import { readsSome } from '../../src/program/plan.ts'
import { BUILTIN, type PredicateId, type Program } from '../../src/program/program.ts'
import type { Host } from '../../src/syntax/rune-file/host.ts'
import { RuneError } from '../../src/text/diagnostic.ts'
import { type Built, build } from '../../src/threads/build.ts'
import { canonicalKey } from '../../src/values/equality.ts'
import { normalisePath } from '../../src/values/path.ts'
import type { EntityUid, Value } from '../../src/values/value.ts'
import { type DatalogCase, PATH_TYPE, runeText } from './generate-datalog.ts'

/** What holds of a predicate and what fails, sorted. */
export interface Extension {
  readonly rows: readonly string[]
  readonly errors: readonly string[]
  /** Whether it reads, through any number of others, errors of unknown columns: how many there are, LANGUAGE leaves open. */
  readonly isBlurred: boolean
}

/** All that is answered: by predicate, and the decision, if there is a request. */
export interface Answered {
  readonly extensions: ReadonlyMap<string, Extension>
  readonly decision: string
}

/** The codes for which a program is refused, sorted. */
export interface Refused {
  readonly codes: readonly string[]
}

/** What a case answers with these fact files; throws `StepsUsedUp`. */
export function answersOf(of: DatalogCase, files: ReadonlyMap<string, string> = new Map()): Answered | Refused {
  let built: Built
  try {
    built = build({ text: runeText(of) }, hostOf(files))
  } catch (error) {
    if (!(error instanceof RuneError)) throw error
    return { codes: codesOf(error) }
  }
  const { program } = built
  const { solver, values } = solverOf(built, of)
  const show = (row: readonly ValueId[]) =>
    row.map((id) => (id === OPEN ? '⊤' : reasonOf(canonicalKey(values.valueOf(id))))).join()
  const asked = program.predicates.filter(({ name, span }) => !name.startsWith('$') && span !== undefined)
  const ask = (id: PredicateId) => solver.ask(id, new Array(program.predicates[id]?.arity ?? 0).fill(OPEN))
  const answers = new Map(asked.map(({ id }) => [id, ask(id)]))
  const blurred = readersOf(program, (id) => answers.get(id)?.errors.some(({ row }) => row.includes(OPEN)) ?? false)
  const extensions = asked.map(({ id, name }): [string, Extension] => {
    const { rows = [], errors = [] } = answers.get(id) ?? {}
    const [all, failed] = [rows.map(show), errors.map(({ row }) => show(row))].map((one) => [...new Set(one)].sort())
    return [name, { rows: all ?? [], errors: failed ?? [], isBlurred: blurred.has(id) }]
  })
  return { extensions: new Map(extensions), decision: of.request ? decisionOf(solver, values, program) : '' }
}

function codesOf({ diagnostics }: RuneError): string[] {
  return [...new Set(diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code))].sort()
}

function hostOf(files: ReadonlyMap<string, string>): Host {
  return {
    readFile: (path) => {
      const text = files.get(path)
      return text === undefined ? { reason: 'there is no such file' } : new TextEncoder().encode(text)
    },
    canonicalPath: (path) => path,
    resolve: (_, name) => name,
  }
}

/** The names of rules without a reason are numbers in the order of the text. */
function reasonOf(key: string): string {
  return key.replace(/(permit|forbid)\d+/u, '$1#')
}

function decisionOf(solver: Solver, values: Values, { settings }: Program): string {
  const [permits, forbids] = [BUILTIN.permit, BUILTIN.forbid].map((id) => {
    const { rows, errors } = solver.ask(id, [OPEN])
    return { reasons: rows.map(([reason = OPEN]) => reasonOf(values.textOf(reason))), failures: errors }
  })
  const none = { reasons: [], failures: [] }
  const policies = { satisfiedPermits: [], satisfiedForbids: [], errors: [] }
  const findings = { policies, permits: permits ?? none, forbids: forbids ?? none, unseenKeys: [] }
  const { decision, reasons } = combine(findings, settings.onPolicyError, 0)
  return [decision, ...[...new Set(reasons.map(reasonOf))].sort()].join(' ')
}

/** The predicates that read, through any number of others, one for which `isRead` holds. */
export function readersOf({ rules }: Program, isRead: (id: PredicateId) => boolean): ReadonlySet<PredicateId> {
  const readers = new Set<PredicateId>()
  for (let before = -1; before < readers.size; ) {
    before = readers.size
    for (const { head, body } of rules) if (readsSome(body, (id) => readers.has(id) || isRead(id))) readers.add(head)
  }
  return readers
}

/** What is asked of the rules of one case takes no more steps. A goal can ask for ever larger numbers, even if few rows hold. */
const STEPS_MAX = 300_000

/** Thrown where a request takes too many steps. */
export class StepsUsedUp extends Error {}

/** A solver for the rules of a case and its request, to which `brought` entities belong; it throws `StepsUsedUp`. */
export function solverOf(
  { program, image }: Built,
  { request }: Pick<DatalogCase, 'request'>,
  brought: DatalogCase['entities'] = [],
): { solver: Solver; values: Values } {
  const values = new Values(new Overlay(image.dictionary))
  const machine = createMachine(values)
  machine.steps = STEPS_MAX
  machine.refill = () => {
    throw new StepsUsedUp()
  }
  const solver = createSolver(program, image, machine)
  const uid = (of: EntityUid): ValueId => {
    const path = of.type === PATH_TYPE ? normalisePath(of.id) : { path: of.id }
    return values.intern('path' in path ? { ...of, id: path.path } : of)
  }
  const fields = (all: ReadonlyMap<string, Value>) =>
    new Map([...all].map(([k, v]) => [values.string(k), values.intern(v)]))
  const entities = new Map(
    brought.map(({ uid: of, attrs, tags, parents }) => [
      uid(of),
      { attrs: fields(attrs), tags: fields(tags), parents: [...parents].map(uid) },
    ]),
  )
  const nobody = { kind: 'entity', type: 'Nobody', id: '' } as const
  const { principal, action, resource, context } = request ?? {
    principal: nobody,
    action: nobody,
    resource: nobody,
    context: new Map(),
  }
  const interned = {
    principal: uid(principal),
    action: uid(action),
    resource: uid(resource),
    context: values.intern({ kind: 'record', fields: context }),
  }
  const isPath = resource.type === PATH_TYPE
  solver.begin({
    rows: (predicate) =>
      request || predicate > BUILTIN.context ? requestRows(interned, entities, predicate, values, isPath) : [],
    bringsEntities: brought.length > 0,
  })
  return { solver, values }
}
