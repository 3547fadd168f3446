/**
 * What facts cost: a million of two strings each, a user and one of 1,000 roles, from a TSV file; once with a million
 * distinct strings and once with 200,000. Prints the bytes of the published image, with its dictionary, the index over both
 * columns and one on the first, which a rule asks for; and how long loading takes until it is published. `--smoke` is a
 * hundredth of it, once.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Rune } from '../src/index.ts'
import { createCoordinator } from '../src/threads/coordinator.ts'

const isSmoke = process.argv.includes('--smoke')
const facts = isSmoke ? 10_000 : 1_000_000
const rounds = isSmoke ? 1 : 4
const ROLES = 1000
const text = `version = "rune/1.0"
[options]
default_principal_type = "User"
[data]
role = { file = "role.tsv" }
[rules]
permit("has a role") :- principal(User, "User"), role(User, _).
`

const folder = mkdtempSync(join(tmpdir(), 'rune-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true }))
const path = join(folder, 'main.rune')
writeFileSync(path, text)

/** Facts over so many distinct strings, no two equal. */
function writeFacts(strings: number): void {
  const users = strings - ROLES
  const row = (i: number) => `user${i % users}\trole${(i * 7 + Math.floor(i / users)) % ROLES}\n`
  writeFileSync(join(folder, 'role.tsv'), Array.from({ length: facts }, (_, i) => row(i)).join(''))
}

/** Whether those who have a role, and nobody else, are permitted. */
async function isRight(strings: number): Promise<boolean> {
  const rune = await Rune.open(path, { coordinator: 'inline' })
  const may = (i: number) => rune.authorize({ principal: `user${i}`, action: 'read', resource: 'Doc::"a"' }).allowed
  const users = strings - ROLES
  const right =
    may(0) &&
    may(users - 1) &&
    !may(users) &&
    rune.query('role("user7", R)').rows.length === Math.ceil((facts - 7) / users)
  await rune.close()
  return right
}

console.log(`${facts} facts, best of ${rounds}, Node ${process.version}, load ${loadavg().map((n) => n.toFixed(1))}`)
for (const strings of [facts, facts / 5]) {
  writeFacts(strings)
  if (!(await isRight(strings))) fail(`over ${strings} strings: wrong answers`)
  const loads = Array.from({ length: rounds }, () => createCoordinator({ input: { path } }).load())
  const [{ arenaBytes, rows }] = loads as [(typeof loads)[number]]
  if (rows !== facts) fail(`over ${strings} strings: ${rows} rows`)
  const ms = Math.min(...loads.map(({ durationMs }) => durationMs))
  const size = `${(arenaBytes / 1e6).toFixed(1)} MB, ${(arenaBytes / facts).toFixed(1)} bytes a fact`
  console.log(
    `${`${strings} distinct strings`.padEnd(26)}${size}; loaded in ${ms.toFixed(0)} ms, ${((facts / ms) * 1000).toFixed(0)} facts/s`,
  )
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}
