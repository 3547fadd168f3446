/**
 * Runs random cases of a subject of `test/properties/subjects.ts` for a time, in one process: `npm run fuzz -- SUBJECT
 * [--seconds 60] [--from SEED]`. Says how far it is each 1,000 cases, and of each difference the seed; exits with 1 if there
 * was any. `--seconds 0` runs one case.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '60' }, from: { type: 'string' } },
})
const subjects = await load('test/properties/subjects.ts')
const open = positionals.length === 1 && Object.hasOwn(subjects, positionals[0]) ? subjects[positionals[0]] : undefined
const [seconds, from] = [Number(values.seconds), Number(values.from ?? Date.now() % 1_000_000_000)]
if (open === undefined || !(seconds >= 0) || !Number.isSafeInteger(from)) {
  console.error(`usage: npm run fuzz -- ${Object.keys(subjects).join('|')} [--seconds 60] [--from SEED]`)
  process.exit(64)
}
process.exitCode = (await run(open(), { seconds, from })) > 0 ? 1 : 0

/** How many cases differ. */
async function run({ attempt, counts }, { seconds, from }) {
  const started = performance.now()
  const passed = () => (performance.now() - started) / 1000
  const say = (cases) =>
    console.log(`${cases} cases from seed ${from}, ${Math.round(passed())} s: ${JSON.stringify(counts)}`)
  let cases = 0
  let differences = 0
  do {
    const seed = from + cases
    const problem = await attempt(seed).catch((error) => error.stack)
    // What was asked of weak references stays until the loop of events goes on.
    await setImmediate()
    if (problem !== undefined) {
      differences++
      console.log(`seed ${seed}: ${problem}\n`)
    }
    if (++cases % 1000 === 0) say(cases)
  } while (passed() < seconds)
  say(cases)
  console.log(`${differences} differences`)
  return differences
}

/** The subjects, as a bundle that stands where its imports are found, and only for as long as it is read. */
async function load(entry) {
  const outfile = join(ROOT, `fuzz-${process.pid}.mjs`)
  const options = { bundle: true, format: 'esm', platform: 'node', target: 'node20.19', packages: 'external' }
  await build({ ...options, absWorkingDir: ROOT, entryPoints: [entry], outfile, logLevel: 'warning' })
  try {
    return (await import(pathToFileURL(outfile).href)).SUBJECTS
  } finally {
    rmSync(outfile)
  }
}
