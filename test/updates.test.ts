/** What updates mean for a user: by the API alone, over reloads of a file that changes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { Rune, RuneError, type UpdateInput } from '../src/index.ts'

const HEAD = 'version = "rune/1.0"\n'
const folder = mkdtempSync(join(tmpdir(), 'rune-updates-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

/** An engine of a file, and how to write and reload that. */
async function openFile(text: string) {
  const path = join(folder, `${files++}.rune`)
  writeFileSync(path, HEAD + text)
  const rune = await Rune.open(path, { coordinator: 'inline' })
  const edit = async (next: string) => {
    writeFileSync(path, HEAD + next)
    await rune.reload()
  }
  return { rune, edit }
}

const openText = async (text: string) => await Rune.fromText(HEAD + text, { coordinator: 'inline' })
const texts = (rune: Rune, query: string) => rune.query(query).toText().trim().split('\n').filter(Boolean)

async function codesOf(work: Promise<unknown>): Promise<string[]> {
  try {
    await work
    return []
  } catch (error) {
    if (!(error instanceof RuneError)) throw error
    return error.diagnostics.map(({ code }) => code)
  }
}

describe('what was removed stays away', () => {
  test('though a path type has changed how it is written', async () => {
    const text = `[data]\nopen = ['File::"/x"']\n[rules]\ndecl open(file: File).\n`
    const paths = `[options]\npath_types = ["File"]\n${text}`
    const { rune, edit } = await openFile(text)
    await rune.update({ insert: { open: [['/a/../b']] } })
    await edit(paths)
    expect(texts(rune, 'open(F)')).toEqual(['File::"/b"', 'File::"/x"'])
    await rune.update({ remove: { open: [['/b']] } })
    await edit(paths)
    expect(texts(rune, 'open(F)')).toEqual(['File::"/x"'])
  })

  test('though a declaration has changed its type', async () => {
    const { rune, edit } = await openFile('[data]\nallowed = ["zed"]\n')
    await rune.update({ insert: { allowed: [['ana']] } })
    const typed = '[data]\nallowed = ["zed"]\n[rules]\ndecl allowed(who: User).\n'
    await edit(typed)
    await rune.update({ remove: { allowed: [['ana']] } })
    await edit(typed)
    expect(texts(rune, 'allowed(W)')).toEqual(['User::"zed"'])
  })

  test('entities too', async () => {
    const { rune, edit } = await openFile('')
    await rune.update({ entities: [{ uid: { type: 'File', id: '/a/../b' }, attrs: { ok: true }, parents: [] }] })
    await edit('[options]\npath_types = ["File"]\n')
    expect(texts(rune, 'entity.attr(E, K, V)')).toEqual(['File::"/b"\t"ok"\ttrue'])
    await rune.update({ removeEntities: ['File::"/b"'] })
    await edit('[options]\npath_types = ["File"]\n')
    expect(texts(rune, 'entity.type(E, T)')).toEqual([])
  })
})

describe('a fact that an update brought, and that does not fit any more,', () => {
  const text = `[data]\nopen = ["zed"]\n[rules]\ndecl open(who: User).\ndecl lim(who: String, n: Float).\n`

  test('can be removed while its predicate is gone', async () => {
    const { rune, edit } = await openFile(text)
    const insert = {
      open: [['ana'], ['ben']],
      lim: [
        ['a', 2],
        ['b', 2.5],
      ],
    }
    await rune.update({ insert })
    await edit('')
    expect(await codesOf(rune.update({ remove: { open: [['eve']] } }))).toEqual(['R745'])
    expect(await codesOf(rune.update({ remove: { lim: [['a', 3]] } }))).toEqual(['R745'])
    expect(await codesOf(rune.update({ insert: { open: [['ana']] } }))).toEqual(['R745'])
    const epoch = await rune.update({ remove: { open: [['ana']], lim: [['a', 2]] } })
    expect(epoch).toBe(rune.epoch)
    expect(await codesOf(rune.update({ remove: { open: [['ana']] } }))).toEqual(['R745'])
    await edit(text)
    expect(texts(rune, 'open(W)')).toEqual(['User::"ben"', 'User::"zed"'])
    expect(texts(rune, 'lim(W, N)')).toEqual(['"b"\t2.5'])
  })

  test('can be removed while its columns have other types, and stays away though a source brings it back', async () => {
    const { rune, edit } = await openFile(text)
    await rune.update({ insert: { open: [['zed'], ['ana']] } })
    await edit('[rules]\ndecl open(n: Long).\n')
    await rune.update({ remove: { open: [['User::"zed"'], ['ana']] } })
    await edit(text)
    expect(texts(rune, 'open(W)')).toEqual([])
  })
})

test('a predicate of which nothing says what it holds takes no updates until it is declared with types', async () => {
  const insert = { same: [['a', 'b']] }
  const untyped = await openText('[rules]\ndecl same(a, b) equivalence.\n')
  await expect(untyped.update({ insert })).rejects.toThrow('no declaration, fact or rule says what column 1 of')
  const typed = await openText('[rules]\ndecl same(a: String, b: String) equivalence.\n')
  await typed.update({ insert })
  expect(texts(typed, 'same("b", X)')).toEqual(['"a"', '"b"'])
})

test('facts of updates count for max_facts', async () => {
  const rune = await openText('[options]\nmax_facts = 5\n[data]\np = [1]\n[rules]\nq(X) :- p(X), X > 100.\n')
  expect(await codesOf(rune.update({ insert: { p: Array.from({ length: 20 }, (_, i) => [i]) } }))).toEqual(['R501'])
  expect(texts(rune, 'p(X)')).toEqual(['1'])
  expect(await codesOf(rune.update({ insert: { p: [[200]] } }))).toEqual([])
  expect(texts(rune, 'q(X)')).toEqual(['200'])
})

test('a number is a Float where the column holds Floats', async () => {
  const rune = await openText('[data]\nlim = [["a", 2.0]]\n[rules]\ndecl lim(who: String, n: Float).\n')
  await rune.update({
    remove: { lim: [['a', 2]] },
    insert: {
      lim: [
        ['b', 3],
        ['c', 1e300],
        ['d', -0],
      ],
    },
  })
  expect(texts(rune, 'lim(W, N)')).toEqual(['"b"\t3.0', '"c"\t1e300', '"d"\t0.0'])
})

test('a row is an object only where columns have names', async () => {
  const rune = await openText('[data]\np = ["a"]\n')
  expect(await codesOf(rune.update({ insert: { p: [{ '': 'x' }] } }))).toEqual(['R745'])
})

test('what throws while it is read is refused in plain words', async () => {
  const rune = await openText('[data]\np = ["a"]\n')
  const throwing = {
    get insert(): never {
      throw new TypeError('mine')
    },
  }
  expect(await codesOf(rune.update(throwing as UpdateInput))).toEqual(['R744'])
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  expect(await codesOf(rune.update(proxy as UpdateInput))).toEqual(['R744'])
  expect(await codesOf(rune.update({ insert: { p: [proxy] } }))).toEqual(['R744'])
})

test('values that went away give their memory back, of whatever kind', async () => {
  const rune = await openText('[rules]\ndecl at(t: Long).\n')
  const bytes: number[] = []
  rune.on('update', ({ arenaBytes }) => bytes.push(arenaBytes))
  for (let round = 0; round < 12; round++) {
    const rows = Array.from({ length: 4000 }, (_, i) => [1e12 + round * 4000 + i])
    await rune.update({ insert: { at: rows } })
    await rune.update({ remove: { at: rows } })
    // The coordinator tidies up when it has nothing else to do.
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 2))
  }
  expect(Math.max(...bytes.slice(-4))).toBeLessThan(2.5 * Math.max(...bytes.slice(0, 4)))
  await rune.close()
})

test('a closed engine decides no batch', async () => {
  const rune = await openText('[policies]\npermit(principal, action, resource);')
  await rune.close()
  const request = { principal: 'U::"a"', action: 'b', resource: 'R::"c"' }
  expect(await codesOf(rune.authorizeBatch([request]))).toEqual(['R740'])
})
