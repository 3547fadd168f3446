/**
 * Fixtures: each folder below `test/fixtures/` that holds a `main.rune` is one mistake, or one correct file with warnings,
 * and `expected.txt` is all that is said about it. `request.json` is decided and `query.txt` asked once the file is open.
 * What no file can bring about is a `call.json` instead: a name of `CALLS` with its argument.
 * `npx vitest run test/fixtures.test.ts -u` writes what is expected anew: read the difference.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import pkg from '../package.json' with { type: 'json' }
import { init } from '../src/cli/init.ts'
import { configurationOf, inputOf, readText } from '../src/cli/input.ts'
import type { Terminal } from '../src/cli/terminal.ts'
import { errorsOfRequest } from '../src/decide/failed-request.ts'
import { compile, Rune, validate } from '../src/engine.ts'
import { attachArena, createArena } from '../src/image/arena.ts'
import { announceReclaim } from '../src/image/epochs.ts'
import { allocate, createSpace } from '../src/image/space.ts'
import { runTests } from '../src/run-tests.ts'
import { policyFromJson } from '../src/syntax/cedar/est.ts'
import { readPolicySet } from '../src/syntax/cedar-call.ts'
import { jsonFromJs } from '../src/syntax/json/from-js.ts'
import { formatPolicies } from '../src/syntax/schema/format.ts'
import { readSchema } from '../src/syntax/schema/read-schema.ts'
import { openFence } from '../src/syntax/schema/wasm.ts'
import type { Code } from '../src/text/codes.ts'
import { type Diagnostic, Diagnostics, RuneError } from '../src/text/diagnostic.ts'
import { renderDiagnostics } from '../src/text/render.ts'
import { build } from '../src/threads/build.ts'
import { CoordinatorClient } from '../src/threads/coordinator-client.ts'
import { attachReader } from '../src/threads/reader.ts'
import { storeOf } from '../src/threads/store-of.ts'
import type { Update, UpdateInput } from '../src/threads/update.ts'
import { withLayout, withMetadata } from './snapshots.ts'

const ROOT = 'test/fixtures'
const CASES = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((path) => /(^|[/\\])(main\.rune|call\.json)$/.test(path))
  .map((path) => join(ROOT, dirname(path)))
  .sort()

test.each(CASES)('%s', async (folder) => {
  const diagnostics = await diagnosticsOf(folder)
  for (const { message, help = '' } of diagnostics) {
    for (const said of [message, help]) {
      expect(said).not.toMatch(/^[A-Z](?!OML|edar)|[.\n]$|\n|undefined|\[object/)
    }
  }
  const text = renderDiagnostics(diagnostics, { color: false })
  await expect(text).toMatchFileSnapshot(join(import.meta.dirname, '..', folder, 'expected.txt'))
})

async function diagnosticsOf(folder: string): Promise<readonly Diagnostic[]> {
  const [main, request, query, call] = ['main.rune', 'request.json', 'query.txt', 'call.json'].map((name) =>
    join(folder, name),
  ) as [string, string, string, string]
  const collected = new Diagnostics()
  try {
    if (existsSync(call)) {
      const { name, argument } = JSON.parse(readFileSync(call, 'utf8')) as { name: string; argument: unknown }
      await CALLS[name]?.(collected, argument)
      return collected.all
    }
    const rune = await Rune.open(main, { coordinator: 'inline' })
    if (existsSync(request)) rune.authorize(JSON.parse(readFileSync(request, 'utf8')))
    if (existsSync(query)) rune.query(readFileSync(query, 'utf8'))
    return rune.warnings
  } catch (error) {
    if (error instanceof RuneError) return [...collected.all, ...error.diagnostics]
    throw error
  }
}

/** What a `call.json` can call; mistakes are thrown, or added to the diagnostics. */
const CALLS: Readonly<Record<string, (diagnostics: Diagnostics, argument: unknown) => unknown>> = {
  policyFromJson: (diagnostics, policy) => {
    const span = { source: { path: '<policy>', text: JSON.stringify(policy) }, start: 0, end: 0 }
    policyFromJson(jsonFromJs(policy, 'policy', diagnostics) ?? null, span, diagnostics)
  },
  readPolicySet: (diagnostics, set) => readPolicySet(set, diagnostics),
  jsonFromJs: (diagnostics, names) => {
    for (const name of names as string[]) jsonFromJs(VALUES[name], name, diagnostics)
  },
  formatPolicies: (diagnostics, text) => {
    formatPolicies(openFence(), { source: { path: '<policies>', text: String(text) } }, diagnostics)
  },
  readSchemaOfDepth: (diagnostics, depth) => {
    const type = `${'Set<'.repeat(Number(depth))}Long${'>'.repeat(Number(depth))}`
    readSchema(openFence(), { source: { path: '<schema>', text: `entity User { a: ${type} };` } }, diagnostics)
  },
  manyMistakes: (diagnostics, count) => {
    const many = new Diagnostics()
    for (let i = 0; i < Number(count); i++) many.error('R200', `mistake ${i}`)
    for (const diagnostic of many.all.slice(-2)) diagnostics.add(diagnostic)
  },
  allocateWords: (_, words) => allocate(createSpace(createArena()), Number(words)),
  authorizeClosed: async (_, text) => {
    const rune = await Rune.fromText(String(text), { coordinator: 'inline' })
    await rune.close()
    rune.authorize({ principal: 'User::"a"', action: 'read', resource: 'File::"f"' })
  },
  queryUnasked: async (_, text) => {
    const rune = await Rune.fromText(String(text), { coordinator: 'inline', queries: ['host'] })
    rune.query('user(X), host(X), not guest(X)')
  },
  attach: () => Rune.attach({ memory: undefined }),
  tearEveryAnswer: async () => {
    const { memory } = storeOf(build({ text: 'version = "rune/1.0"' })).arena
    const { words } = attachArena(memory)
    attachReader({ memory }).decide(() => {
      announceReclaim(words, 2)
      throw new Error('torn')
    })
  },
  updateDeadly: async () => {
    const client = new CoordinatorClient({ input: { text: 'version = "rune/1.0"' }, watch: false, mode: 'inline' })
    await client.open()
    await client.update(undefined as unknown as Update)
  },
  update: async (diagnostics, updates) => {
    const rune = await Rune.fromText(UPDATABLE, { coordinator: 'inline' })
    for (const update of updates as UpdateInput[]) {
      try {
        await rune.update(update)
      } catch (error) {
        if (!(error instanceof RuneError)) throw error
        for (const diagnostic of error.diagnostics) diagnostics.add(diagnostic)
      }
    }
  },
  reloadWithout: async (diagnostics) => {
    const file = join(mkdtempSync(join(tmpdir(), 'rune-')), 'main.rune')
    writeFileSync(file, UPDATABLE)
    const rune = await Rune.open(file, { coordinator: 'inline' })
    await rune.update({ insert: { member: [['eve', 'staff']] } })
    writeFileSync(file, 'version = "rune/1.0"\n[data]\nmember = ["ana"]\n[rules]\nm(X) :- member(X).\n')
    await rune.reload()
    for (const diagnostic of rune.warnings) diagnostics.add(diagnostic)
  },
  snapshot: async (diagnostics, change) => {
    const folder = mkdtempSync(join(tmpdir(), 'rune-'))
    for (const diagnostic of await openChanged(folder, String(change))) {
      // Named from wherever the tests run.
      const message = diagnostic.message.replaceAll(/`[^`]*\/(main\.\w+)`/g, '`$1`')
      diagnostics.add({ ...diagnostic, message })
    }
  },
  requestThatThrows: (diagnostics, message) => {
    for (const { id, message: said } of errorsOfRequest(new Error(String(message)), 'the request cannot be read')) {
      diagnostics.error(id as Code, said)
    }
  },
  fromText: async (_, argument) => {
    await Rune.fromText(argument as string)
  },
  noConfiguration: async () => await configurationOf(undefined, {}, inputOf(TERMINAL)),
  inputTwice: async () => {
    const input = inputOf(TERMINAL)
    await input.text('`--config`')
    await input.text('`--context`')
  },
  readText: async (_, path) => await readText(String(path), 'the context', inputOf(TERMINAL)),
  init: async (_, path) => await init(String(path), {}, TERMINAL),
}

/** What is said about a snapshot in `folder` to which something happened. */
async function openChanged(folder: string, change: string): Promise<readonly Diagnostic[]> {
  const [source, snapshot] = [join(folder, 'main.rune'), join(folder, 'main.img')]
  writeFileSync(source, 'version = "rune/1.0"\n')
  await compile({ path: source }, snapshot)
  const bytes = readFileSync(snapshot)
  try {
    if (change === 'a damaged byte') writeFileSync(snapshot, bytes.fill(1, 300, 301))
    if (change === 'a missing byte') writeFileSync(snapshot, bytes.subarray(0, -1))
    if (change === 'another layout') writeFileSync(snapshot, withLayout(bytes, 0))
    if (change === 'another package') writeFileSync(snapshot, withMetadata(bytes, `"${pkg.version}"`, '"0.0.9"'))
    if (change === 'another source') writeFileSync(source, 'version = "rune/1.0"\n# more\n')
    if (change === 'tests') await runTests({ path: snapshot })
    return (await validate({ path: snapshot })).diagnostics
  } catch (error) {
    if (error instanceof RuneError) return error.diagnostics
    throw error
  }
}

/** Facts for updates to change. */
const UPDATABLE = `version = "rune/1.0"
[options]
path_types = ["File"]
[data]
member = [{ user = "ana", group = "staff" }]
[rules]
decl owner(file: File, user: String).
staff(X) :- member(X, "staff"), owner(_, X).
forbid("x") :- principal(X), staff(X).
`

const ITSELF: { itself?: object } = {}
ITSELF.itself = ITSELF

/** What JSON has no form for. */
const VALUES: Readonly<Record<string, unknown>> = {
  nothing: undefined,
  notANumber: { n: Number.NaN },
  procedure: { list: [1, () => 1] },
  date: { now: new Date(0) },
  unsafeInteger: { n: 2 ** 53 },
  largeInteger: { n: 2n ** 63n },
  halfOfAPair: { text: 'a\ud800' },
  itself: ITSELF,
}

const SILENT = { isTerminal: false, write: () => undefined }
const TERMINAL: Terminal = {
  out: SILENT,
  err: SILENT,
  env: {},
  readInput: async () => new Uint8Array(),
  elapsedMs: () => 0,
}
