/**
 * Runners in processes of their own, so that none pays for the garbage of another, or for what V8 learns of its calls. A
 * process does one thing at a time, as it is told; a message is the name of a method and its argument.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Answer } from './contestants.ts'
import type { Measured, Runner } from './runner.ts'

interface Call {
  readonly method: 'answers' | 'slice' | 'summary'
  readonly argument: number
}

type Reply = { readonly value: unknown } | { readonly failure: string }

/** What a process may take for one thing, opening included. */
const LIMIT_MS = 300_000

/** A runner in the process of `script`, which is given `args` and is to `serve`. Rejects where that fails. */
export async function startRunner(name: string, script: string, args: readonly string[]): Promise<Runner> {
  const child = fork(script, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  await replyOf(child, name)
  const call = async (method: Call['method'], argument = 0): Promise<unknown> => {
    child.send({ method, argument } satisfies Call)
    return replyOf(child, name)
  }
  return {
    name,
    answers: async (limitMs) => (await call('answers', limitMs)) as Answer[],
    slice: async (ms) => (await call('slice', ms)) as number,
    summary: async () => (await call('summary')) as Measured,
    close: async () => {
      child.kill()
    },
  }
}

async function replyOf(child: ChildProcess, name: string): Promise<unknown> {
  const ended = new AbortController()
  const { signal } = ended
  const end = () => ended.abort()
  const timer = setTimeout(end, LIMIT_MS)
  child.once('exit', end)
  try {
    const [reply] = (await once(child, 'message', { signal })) as [Reply]
    if ('value' in reply) return reply.value
    throw new Error(`${name}: ${reply.failure}`)
  } catch (error) {
    child.kill()
    throw signal.aborted ? new Error(`${name} ended, or took more than ${LIMIT_MS / 1000} s`) : error
  } finally {
    clearTimeout(timer)
    child.off('exit', end)
  }
}

/** Opens a runner, and does with it what the parent process says. */
export async function serve(open: () => Promise<Runner>): Promise<void> {
  const reply = async (work: () => Promise<unknown>) => {
    try {
      process.send?.({ value: (await work()) ?? null } satisfies Reply)
    } catch (error) {
      process.send?.({ failure: error instanceof Error ? error.message : String(error) } satisfies Reply)
    }
  }
  let runner: Runner | undefined
  await reply(async () => {
    runner = await open()
  })
  process.on('message', ({ method, argument }: Call) => void reply(async () => runner?.[method](argument)))
}
