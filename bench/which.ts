/**
 * Which documents a user may read, of 10,000 and of 100,000 in folders: `whichResources`, page by page, next to asking
 * `authorize` for each document. By owner (a permit compares an attribute with the principal), by folder (permits name
 * folders), by a condition on each document, by rules, and with all of it; and `whichPrincipals` of a document. Answers are
 * compared before anybody is timed, and both take turns. `--smoke` runs a toy size, once.
 */
import { loadavg } from 'node:os'
import { createCoordinator } from '../src/threads/coordinator.ts'
import { attachReader, type Reader } from '../src/threads/reader.ts'
import { readUpdate } from '../src/threads/update.ts'

const isSmoke = process.argv.includes('--smoke')
const sizes = isSmoke ? [300] : [10_000, 100_000]
const rounds = isSmoke ? 1 : 5
const USERS = isSmoke ? 30 : 1000
const FOLDERS = isSmoke ? 20 : 1000

const POLICIES = {
  owner: 'permit(principal, action == Action::"read", resource is Doc) when { resource.owner == principal };',
  folder: Array.from(
    { length: FOLDERS },
    (_, i) => `permit(principal == User::"u${i % USERS}", action == Action::"read", resource in Folder::"f${i}");`,
  ).join('\n'),
  condition: `permit(principal, action == Action::"read", resource is Doc)
when { principal.level >= resource.level && context.mfa };
forbid(principal, action, resource is Doc) when { resource.secret && !(principal in Group::"g0") };`,
  rules: '',
}
const RULES = `[rules]
decl owns(user: String, doc: String).
permit("owner") :- principal(P, "User"), action("read"), resource(R, "Doc"), owns(P, R).
`

type Name = keyof typeof POLICIES | 'all'
const NAMES: readonly Name[] = ['owner', 'folder', 'condition', 'rules', 'all']

const folder = (i: number) => ({ type: 'Folder', id: `f${i}` })
const user = (i: number) => ({ type: 'User', id: `u${i}` })

function open(name: Name, documents: number): Reader {
  const numbers = Array.from({ length: documents }, (_, i) => i)
  const policies = name === 'all' ? Object.values(POLICIES).join('\n') : POLICIES[name]
  const hasRules = name === 'rules' || name === 'all'
  const text = `version = "rune/1.0"
${hasRules ? `[data]\nowns = [${numbers.map((i) => `["u${(i * 7) % USERS}", "d${i}"]`).join()}]\n${RULES}` : ''}
[policies]
${policies}
`
  const coordinator = createCoordinator({ input: { text } })
  coordinator.load()
  const reader = attachReader({ memory: coordinator.memory })
  const entities = [
    ...Array.from({ length: USERS }, (_, i) => ({
      uid: user(i),
      attrs: { level: i % 5 },
      parents: [{ type: 'Group', id: `g${i % 10}` }],
    })),
    ...Array.from({ length: FOLDERS }, (_, i) => ({
      uid: folder(i),
      attrs: {},
      parents: i > 0 ? [folder(i >> 1)] : [],
    })),
    ...numbers.map((i) => ({
      uid: { type: 'Doc', id: `d${i}` },
      attrs: { owner: { __entity: user((i * 7) % USERS) }, level: i % 7, secret: i % 3 === 0 },
      parents: [folder(i % FOLDERS)],
    })),
  ]
  coordinator.update([readUpdate({ entities }, reader.program())])
  return reader
}

const question = (i: number) => ({ principal: user(i), action: 'read', context: { mfa: true } })

function pages(reader: Reader, i: number): { found: string[]; pages: number; longestMs: number } {
  const found: string[] = []
  let [count, longestMs] = [0, 0]
  let cursor: string | undefined
  do {
    const start = performance.now()
    const page = reader.whichResources({ ...question(i), resourceType: 'Doc', ...(cursor !== undefined && { cursor }) })
    longestMs = Math.max(longestMs, performance.now() - start)
    found.push(...page.found)
    cursor = page.cursor
    count++
  } while (cursor !== undefined)
  return { found, pages: count, longestMs }
}

function loop(reader: Reader, i: number, documents: readonly string[]): string[] {
  return documents.filter((resource) => reader.authorize({ ...question(i), resource }).allowed)
}

function principals(reader: Reader): string[] {
  return [
    ...reader.whichPrincipals({ action: 'read', resource: 'Doc::"d1"', principalType: 'User', context: { mfa: true } })
      .found,
  ]
}

const median = (times: readonly number[]) => times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0
const ms = (time: number) => `${time < 0.1 ? `${(time * 1000).toFixed(0)} us` : `${time.toFixed(2)} ms`}`.padStart(10)
const row = (...cells: readonly string[]) =>
  console.log(cells.map((cell, i) => (i < 1 ? cell.padEnd(22) : cell.padStart(12))).join(''))

console.log(`which documents, median of ${rounds}, Node ${process.version}, load ${loadavg().map((n) => n.toFixed(1))}`)
row('', 'found', 'pages', 'first', 'all pages', 'one page', 'authorize', 'ratio', 'principals')
for (const size of sizes) {
  const documents = Array.from({ length: size }, (_, i) => `Doc::"d${i}"`)
  for (const name of NAMES) {
    const reader = open(name, size)
    const start = performance.now()
    const { found, pages: count } = pages(reader, 1)
    const first = performance.now() - start
    if ([...found].sort().join() !== loop(reader, 1, documents).sort().join()) {
      console.error(`${name}: other documents than one by one`)
      process.exit(1)
    }
    const users = Array.from({ length: USERS }, (_, i) => `User::"u${i}"`)
    const asked = { action: 'read', resource: 'Doc::"d1"', context: { mfa: true } }
    const allowed = users.filter((principal) => reader.authorize({ ...asked, principal }).allowed)
    if (principals(reader).sort().join() !== allowed.sort().join()) {
      console.error(`${name}: other users than one by one`)
      process.exit(1)
    }
    const times: Record<'pages' | 'longest' | 'loop' | 'principals', number[]> = {
      pages: [],
      longest: [],
      loop: [],
      principals: [],
    }
    for (let round = 0; round < rounds; round++) {
      let from = performance.now()
      times.longest.push(pages(reader, 1 + round).longestMs)
      times.pages.push(performance.now() - from)
      from = performance.now()
      loop(reader, 1 + round, documents)
      times.loop.push(performance.now() - from)
      from = performance.now()
      principals(reader)
      times.principals.push(performance.now() - from)
    }
    const [mine, theirs] = [median(times.pages), median(times.loop)]
    const cells = [first, mine, median(times.longest), theirs].map(ms)
    row(
      `${name}, ${size}`,
      `${found.length}`,
      `${count}`,
      ...cells,
      `${(theirs / mine).toFixed(1)} x`,
      ms(median(times.principals)),
    )
    reader.close()
  }
}
