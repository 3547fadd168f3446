/** Readers whose memory is taken back in the middle of a decision: they decide again, and nothing of what they read stays. */
import { expect, test } from 'vitest'
import type { Decision } from '../../src/decide/decision.ts'
import type { AuthorizeRequest } from '../../src/decide/request.ts'
import { attachArena } from '../../src/image/arena.ts'
import { createCoordinator } from '../../src/threads/coordinator.ts'
import { createReader } from '../../src/threads/reader.ts'
import { readUpdate } from '../../src/threads/update.ts'

interface World {
  textOf(text: number): string
  updateOf(from: number, to: number): unknown
  request(action?: string): AuthorizeRequest
  numbersOf(decision: Decision): { readonly text: number; readonly update: number }
}

const { textOf, updateOf, request, numbersOf }: World = await import(new URL('./soak-world.js', import.meta.url).href)

test('a decision is one of the newest state, whatever happens to the memory while it is made', () => {
  let [text, update] = [0, 0]
  const input = { text: textOf(0) }
  const coordinator = createCoordinator({
    input,
    store: { graceMs: 0 },
    waste: { goneRows: 8, gonePart: 0.1, values: 200 },
  })
  coordinator.load()
  const change = (round: number) => {
    for (let i = 0; i <= round % 7; i++) {
      coordinator.update([readUpdate(updateOf(update, ++update), own.program())])
      coordinator.tidy()
    }
    if (round % 3 > 0) return
    input.text = textOf(++text)
    coordinator.load()
  }
  const own = createReader(attachArena(coordinator.memory))
  let reader = createReader(attachArena(coordinator.memory))
  for (let round = 0; round < 80; round++) {
    // One that has compiled nothing yet does so from memory that is not its own any more.
    if (round % 5 === 0) reader = createReader(attachArena(coordinator.memory))
    let isChanged = false
    const { resource, ...others } = request()
    const changing: AuthorizeRequest = {
      ...others,
      get resource() {
        if (!isChanged) {
          isChanged = true
          change(round)
        }
        return resource
      },
    }
    expect(numbersOf(reader.authorize(changing))).toEqual({ text, update })
    expect(numbersOf(reader.authorize(request()))).toEqual({ text, update })
  }
})

test('an index of a reader ends with its columns, though others come to lie in their place', () => {
  const names = Array.from({ length: 12 }, (_, i) => `name ${10 + i}`)
  // The rows of the state `n`, in another order in each, since an index names rows by their place.
  const rowsAt = (n: number) => names.map((_, i) => [names[(i + n) % names.length], n])
  const text = `version = "rune/1.0"
[data]
base = ${JSON.stringify(rowsAt(0))}
[rules]
decl base(name: String, n: Long).
decl derived(name: String, n: Long) materialize.
derived(X, N) :- base(X, N).
`
  const coordinator = createCoordinator({ input: { text }, store: { graceMs: 0 } })
  coordinator.load()
  const reader = createReader(attachArena(coordinator.memory))
  // The reader itself sees some of the states only.
  const program = reader.program()
  let n = 0
  for (let round = 0; round < 20; round++) {
    const { rows } = reader.query('derived(X, N), derived(X, M)')
    expect(rows).toEqual(names.map((name) => [name, n, n]))
    for (let i = 0; i <= round % 5; i++) {
      const given = { remove: { base: rowsAt(n) }, insert: { base: rowsAt(++n) } }
      coordinator.update([readUpdate(given, program)])
    }
  }
})
