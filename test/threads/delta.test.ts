/** What a coordinator remembers of updates: all that the sources do not say themselves, and nothing else. */
import { expect, test } from 'vitest'
import { attachArena } from '../../src/image/arena.ts'
import { createCoordinator } from '../../src/threads/coordinator.ts'
import { createCoordinatorServer, type FromCoordinator } from '../../src/threads/coordinator-server.ts'
import { createReader } from '../../src/threads/reader.ts'
import { emptyDelta, type Update } from '../../src/threads/update.ts'
import { entityUid } from '../../src/values/value.ts'

const textOf = (names: readonly string[]) =>
  `version = "rune/1.0"\n[data]\nname = [${names.map((name) => `["${name}"]`)}]\n[rules]\ndecl name(n: String).\n`
const fact = (name: string, isThere: boolean): Update => ({
  facts: [{ predicate: 'name', row: [name], isThere }],
  entities: [],
})
const uid = entityUid('User', 'u')
const THERE: Update = {
  facts: [],
  entities: [{ uid, record: { uid, attrs: new Map(), tags: new Map(), parents: [] } }],
}
const GONE: Update = { facts: [], entities: [{ uid }] }

/** A coordinator of `text`, and what it remembers. */
function create(text: string) {
  const first = createCoordinator({ input: { text } })
  first.load()
  const delta = emptyDelta()
  const input = { text }
  const coordinator = createCoordinator({ input, predecessor: { memory: first.memory, delta } })
  const reader = createReader(attachArena(coordinator.memory))
  const names = () => reader.query('name(N)').rows.flat()
  return { coordinator, delta, input, names }
}

test('what was brought and taken away again is forgotten', () => {
  const { coordinator, delta, names } = create(textOf(['a']))
  for (let i = 0; i < 100; i++) {
    coordinator.update([fact(`new ${i}`, true)])
    coordinator.update([THERE])
    coordinator.update([fact(`new ${i}`, false), GONE])
    coordinator.update([fact(`never ${i}`, false)])
    coordinator.update([fact(`short ${i}`, true), fact(`short ${i}`, false)])
    if (i % 10 === 0) coordinator.load()
  }
  expect(names()).toEqual(['a'])
  expect([delta.facts.size, delta.entities.size]).toEqual([0, 0])
})

test('what is removed stays removed, though a source loses and regains it', () => {
  const { coordinator, delta, input, names } = create(textOf(['a', 'b']))
  coordinator.update([fact('a', true)])
  coordinator.update([fact('a', false)])
  coordinator.load()
  expect(names()).toEqual(['b'])
  for (const there of [['b'], ['a', 'b']]) {
    input.text = textOf(there)
    coordinator.load()
    expect(names()).toEqual(['b'])
  }
  coordinator.update([fact('c', true)])
  input.text = textOf(['a', 'b', 'c'])
  coordinator.load()
  coordinator.update([fact('c', false)])
  coordinator.load()
  expect(names()).toEqual(['b'])
  expect(delta.facts.size).toBe(2)
})

test('who starts another coordinator is told what need not be remembered', () => {
  const sent: FromCoordinator[] = []
  const server = createCoordinatorServer((message) => sent.push(message))
  server.receive([{ kind: 'open', id: 1, options: { input: { text: textOf(['a']) }, watch: false } }])
  server.receive([
    { kind: 'update', id: 2, update: fact('new', true) },
    { kind: 'update', id: 3, update: fact('a', false) },
  ])
  server.receive([{ kind: 'update', id: 4, update: fact('new', false) }])
  server.close()
  const forgotten = sent.map((message) => message.kind === 'done' && (message.forgotten?.length ?? 'nothing'))
  expect(forgotten).toEqual(['nothing', 0, 1])
})
