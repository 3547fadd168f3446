/** The tasks of the Cedar benchmark: they are valid, both decisions are common, and everybody who is asked answers alike. */
import { describe, expect, it } from 'vitest'
import { CONTESTANTS, loadWasm, policySetOf } from '../../bench/cedar/contestants.ts'
import { gdrive, gdriveLinks } from '../../bench/cedar/gdrive.ts'
import { github, githubLinks } from '../../bench/cedar/github.ts'
import { entitiesTask, policiesTask } from '../../bench/cedar/growth.ts'
import type { Task } from '../../bench/cedar/task.ts'
import { tinytodo } from '../../bench/cedar/tinytodo.ts'

const APPLICATIONS = [tinytodo, github, githubLinks, gdrive, gdriveLinks]
const TASKS: readonly Task[] = [
  ...APPLICATIONS.flatMap((application) => [application(5), application(10)]),
  policiesTask('static', 40, 5),
  policiesTask('linked', 40, 5),
  entitiesTask(40),
]

describe.each(TASKS)('the task $name', (task) => {
  it('has policies that its schema validates', () => {
    const { type, validationErrors } = {
      validationErrors: [],
      ...loadWasm().validate({ schema: task.schema, policies: policySetOf(task) }),
    }
    expect({ type, validationErrors }).toEqual({ type: 'success', validationErrors: [] })
  })

  it('has a store and requests as its schema says, which are permitted and denied', async () => {
    const { answer } = await CONTESTANTS['cedar-wasm']!(task, { schema: true })
    const asked = 40
    const allowed = Array.from({ length: asked }, (_, i) => answer(i)).filter((one) => one.allowed).length
    expect(allowed).toBeGreaterThan(asked * 0.2)
    expect(allowed).toBeLessThan(asked * 0.8)
  })

  it('is decided alike by all who are asked', async () => {
    const names = Object.keys(CONTESTANTS).filter((name) => !name.endsWith('plain'))
    const contestants = await Promise.all(names.map((name) => CONTESTANTS[name]!(task, { schema: false })))
    const answersOf = (i: number) => contestants.map(({ answer }) => answer(i))
    for (let i = 0; i < 40; i++) {
      const [first, ...others] = answersOf(i)
      expect(others).toEqual(others.map(() => first))
    }
    await Promise.all(contestants.map((contestant) => contestant.close?.()))
  })
})
