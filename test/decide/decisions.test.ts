/** Decisions that follow from policies alone: equal ones are one object, however many lists of policies there are. */
import { expect, test } from 'vitest'
import { createCoordinator } from '../../src/threads/coordinator.ts'
import { attachReader } from '../../src/threads/reader.ts'

test('more lists than have decisions of their own do not make each other forget theirs', () => {
  const actions = Array.from({ length: 300 }, (_, i) => `Action::"a${i}"`)
  const policies = actions.flatMap((action) =>
    Array.from(
      { length: 8 },
      (_, i) => `permit (principal, action == ${action}, resource) when { context.n == ${i} };`,
    ),
  )
  const coordinator = createCoordinator({ input: { text: `version = "rune/1.0"\n[policies]\n${policies.join('\n')}` } })
  coordinator.load()
  const reader = attachReader({ memory: coordinator.memory }, 0)
  const decide = () =>
    actions.map((action) => reader.authorize({ principal: 'U::"u"', action, resource: 'U::"u"', context: { n: 3 } }))
  // Until each list has code.
  for (let i = 0; i < 20; i++) decide()
  const [before, after] = [decide(), decide()]
  expect(after.every((decision, i) => decision === before[i])).toBe(true)
  expect(new Set(before.map(({ reasons }) => `${reasons}`)).size).toBe(actions.length)
})
