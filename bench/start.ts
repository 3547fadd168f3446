/**
 * How long one `rune eval` takes as a whole process, next to its floor: the same Node with nothing to do. The two are
 * interleaved; `--smoke` runs each once.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const rounds = process.argv.includes('--smoke') ? 1 : 40
const request = ['--principal', 'agent-1', '--action', 'read', '--resource', '/tmp/file.txt']
const contenders = {
  'node -e 0': ['-e', '0'],
  'rune --version': ['dist/rune.js', '--version'],
  'rune eval': ['dist/rune.js', 'eval', '-c', 'examples/basic.rune', ...request],
}

const times = new Map<string, number[]>()
for (let round = 0; round < rounds; round++) {
  for (const [name, args] of Object.entries(contenders)) {
    const started = performance.now()
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
    times.set(name, [...(times.get(name) ?? []), performance.now() - started])
    if (status !== 0 || (name === 'rune eval' && !stdout.includes('permit'))) {
      console.error(`${name} answered ${status}: ${stdout}${stderr}`)
      process.exit(1)
    }
  }
}

const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN
const floor = median(times.get('node -e 0') ?? [])
console.log(`whole process, median (best) of ${rounds}, Node ${process.version}`)
for (const [name, found] of times) {
  const middle = median(found)
  console.log(
    `${name.padEnd(16)}${middle.toFixed(1).padStart(8)} ms (${Math.min(...found).toFixed(1)})${(middle / floor).toFixed(2).padStart(8)} x`,
  )
}
