/**
 * How long opening takes, from text with a fact file of 1 M rows over 200,000 distinct strings and from a warm snapshot of
 * the same; how large the file and the arena are. Both must answer alike before they are timed, and are interleaved.
 * `--smoke` is a hundredth of it, once.
 */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { compile, type OpenOptions, Rune } from '../src/index.ts'
import { createCoordinator } from '../src/threads/coordinator.ts'

const isSmoke = process.argv.includes('--smoke')
const facts = isSmoke ? 10_000 : 1_000_000
const strings = facts / 5
const rounds = isSmoke ? 1 : 10
const policy = `version = "rune/1.0"
[options]
default_principal_type = "User"
default_resource_type = "Doc"
[data]
viewer = { file = "viewer.tsv" }
[rules]
permit("viewers") :- principal(User, "User"), resource(Doc, "Doc"), action("view"), viewer(User, Doc).
`

const folder = mkdtempSync(join(tmpdir(), 'rune-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true }))
const [text, snapshot] = [join(folder, 'policy.rune'), join(folder, 'policy.img')]
const user = (i: number) => `user-${i % (strings / 2)}`
// Each round of all users shifts by a document, so that no two rows are equal and every document is in one.
const doc = (i: number) => `document-${(i + Math.floor(i / (strings / 2)) * 7919) % (strings / 2)}`
writeFileSync(text, policy)
writeFileSync(join(folder, 'viewer.tsv'), Array.from({ length: facts }, (_, i) => `${user(i)}\t${doc(i)}\n`).join(''))

const compiling = performance.now()
const { rows, bytes } = await compile({ path: text }, snapshot)
const compiledMs = performance.now() - compiling
if (rows !== facts || bytes !== statSync(snapshot).size) fail(`compiled ${rows} rows into ${bytes} bytes`)

/** Opens, and yields what is answered and when the first decision was made. */
async function open(path: string, options: OpenOptions): Promise<{ ms: number; answers: unknown[] }> {
  const started = performance.now()
  const rune = await Rune.open(path, options)
  const ask = (i: number, j: number) => rune.authorize({ principal: user(i), action: 'view', resource: doc(j) })
  const first = ask(0, 0)
  const ms = performance.now() - started
  const more = Array.from({ length: 1000 }, (_, i) => ask(i * 613, (i * 613 + (i % 3)) % facts))
  const queries = ['user-1', 'user-77'].map((name) => rune.query(`viewer("${name}", Doc)`).toText())
  await rune.close()
  return { ms, answers: [first, ...more, ...queries] }
}

const contenders: Readonly<Record<string, () => ReturnType<typeof open>>> = {
  'from text': () => open(text, { coordinator: 'inline' }),
  'from a snapshot': () => open(snapshot, { coordinator: 'inline' }),
  '… in a thread': () => open(snapshot, { coordinator: 'thread' }),
}
const times = new Map<string, number[]>(Object.keys(contenders).map((name) => [name, []]))
let expected: unknown[] | undefined
for (let round = 0; round < rounds; round++) {
  for (const [name, run] of Object.entries(contenders)) {
    // Text takes seconds, and is timed less often.
    if (name === 'from text' && round % 4 !== 0) continue
    const { ms, answers } = await run()
    expected ??= answers
    if (!isDeepStrictEqual(answers, expected)) fail(`${name}: other answers than from text`)
    times.get(name)?.push(ms)
  }
}
const { arenaBytes } = createCoordinator({ input: { path: snapshot } }).load()

console.log(
  `${facts} facts, ${strings} distinct strings, to the first decision, median (best), Node ${process.version}`,
)
for (const [name, found] of times) {
  const sorted = found.toSorted((a, b) => a - b)
  console.log(
    `${name.padEnd(18)}${(sorted[sorted.length >> 1] ?? 0).toFixed(1).padStart(9)} ms (${sorted[0]?.toFixed(1)})`,
  )
}
console.log(`compiled in        ${compiledMs.toFixed(0).padStart(8)} ms`)
for (const [name, size] of Object.entries({ snapshot: bytes, arena: arenaBytes })) {
  const megabytes = (size / 1e6).toFixed(1).padStart(9)
  console.log(`${name.padEnd(18)}${megabytes} MB, ${(size / facts).toFixed(1)} bytes a fact`)
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}
