/** Numbers of entities: what they stand for, what they never stand for, and when that is looked up. */
import { expect, test, vi } from 'vitest'
import { createEntityHandles, NO_ENTITY } from '../../src/decide/entity-handles.ts'
import type { EntityInput, Place } from '../../src/decide/request.ts'
import { Overlay } from '../../src/image/overlay.ts'
import { Values } from '../../src/image/value-ids.ts'
import { RuneReader } from '../../src/rune-reader.ts'
import { createCoordinator } from '../../src/threads/coordinator.ts'
import { attachReader, type Reader } from '../../src/threads/reader.ts'
import { HEAD, outcome } from '../properties/requests.ts'

function handleOf(policies: string) {
  const coordinator = createCoordinator({ input: { text: `${HEAD}[policies]\n${policies}` } })
  coordinator.load()
  return { memory: coordinator.memory }
}

function readerOf(policies: string): Reader {
  return attachReader(handleOf(policies))
}

test('a row with a number that nobody was given is refused', () => {
  const reader = readerOf('permit (principal, action, resource);')
  const one = (place: Place, entity: EntityInput) => reader.entityHandles(place, [entity])[0]!
  const known = [one('principal', 'a'), one('action', 'Action::"read"'), one('resource', 'User::"a"')]
  for (const unknown of [3, 4, 63, 64, 1000, 2 ** 31, 2 ** 32 - 1]) {
    for (const place of [0, 1, 2]) {
      const [principals, actions, resources] = known.map((number, i) =>
        Uint32Array.of(number, i === place ? unknown : number),
      )
      const out = new Uint8Array(2)
      reader.authorizeColumns({ principals: principals!, actions: actions!, resources: resources!, out })
      expect([...out], `${unknown}`).toEqual([1, 3])
    }
  }
})

test('what only looks like columns is refused', () => {
  const reader = new RuneReader(handleOf(''))
  const column = Uint32Array.of(0)
  const decide = (given: unknown, out: unknown) => () =>
    reader.authorizeColumns(given as Uint32Array, column, column, out as Uint8Array)
  const out = new Uint8Array(1)
  for (const no of [undefined, [0], new Int32Array(1), new Proxy(column, {}), Object.create(Uint32Array.prototype)]) {
    expect(outcome(decide(no, out))).toMatchObject([['R744', expect.any(String), undefined]])
    expect(outcome(decide(column, no))).toMatchObject([['R744', expect.any(String), undefined]])
  }
  expect(outcome(decide(new Uint32Array(2), out))).toMatchObject([['R744', expect.any(String), undefined]])
  expect(outcome(decide(new Uint32Array(0), new Uint8Array(0)))).toMatchObject([
    ['R744', expect.any(String), undefined],
  ])
})

test('what is no entity has no number, though it looks like one that has', () => {
  const reader = readerOf('')
  reader.entityHandles('principal', ['null', 'undefined', '5', { type: 'User', id: '5' }, { id: '5' }])
  for (const none of [null, undefined, 5, {}, { id: 5 }, { type: 'User', id: 5 }, { type: null, id: '5' }]) {
    const [refused] = outcome(() => reader.entityHandles('principal', [none as never])) as unknown[][]
    expect(refused?.[0], JSON.stringify(none)).toBe('R741')
  }
})

test('what only requests know is looked up again when it was forgotten and somebody asks for it', () => {
  const overlay = new Overlay()
  const values = new Values(overlay)
  const looked = vi.spyOn(values, 'intern')
  const settings = { ...readerOf('').program().settings }
  const target = { settings, overlay, values }
  const handles = createEntityHandles()
  const numbers = handles.of(
    'resource',
    Array.from({ length: 1000 }, (_, i) => ({ type: 'Doc', id: `${i}` })),
    target,
  )
  for (let round = 0; round < 10; round++) {
    const ids = handles.idsFor(target)
    for (const number of [round, round + 1]) {
      expect(ids[numbers[number]!]).toBeLessThan(0)
      expect(values.uidOf(handles.idOf(numbers[number]!))).toMatchObject({ type: 'Doc', id: `${number}` })
      expect(ids[numbers[number]!]).toBe(handles.idOf(numbers[number]!))
    }
    overlay.reset()
  }
  expect(looked).toHaveBeenCalledTimes(20)
  expect(handles.idOf(1000)).toBe(NO_ENTITY)
})
