/**
 * Runs the benchmarks, one process each, one after the other: all of them, or those named. `--smoke` and other flags
 * reach them. A benchmark is a file `bench/NAME.ts` that exports nothing, prints its results, checks its answer before
 * it times it, takes `--smoke` (toy size, no claim about time) and exits non-zero if the answer is wrong. What several
 * of them share stands in folders under `bench/`.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const flags = process.argv.slice(2).filter((argument) => argument.startsWith('-'))
const named = process.argv.slice(2).filter((argument) => !argument.startsWith('-'))
const all = existsSync('dist/bench')
  ? readdirSync('dist/bench').flatMap((file) => file.match(/^(.*)\.js$/)?.[1] ?? [])
  : []
const unknown = named.filter((name) => !all.includes(name))
if (unknown.length > 0) {
  console.error(`no benchmark ${unknown.join(', ')}; there are: ${all.join(', ') || 'none'}`)
  process.exit(64)
}
const failed = (named.length > 0 ? named : all).filter((name) => {
  console.log(`\n== bench ${name}`)
  return spawnSync(process.execPath, [`dist/bench/${name}.js`, ...flags], { stdio: 'inherit' }).status !== 0
})
if (failed.length > 0) {
  console.error(`failed: ${failed.join(', ')}`)
  process.exitCode = 1
}
