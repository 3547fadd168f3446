/**
 * What it costs to send requests to an evaluator and decisions back through the columns of a batch, per request, next to a
 * structured clone of the same. No threads and no decisions: both ends run here, one after the other, interleaved with
 * their peer. `--smoke` runs each once.
 */
import { isDeepStrictEqual } from 'node:util'
import type { AuthorizeRequest } from '../src/decide/request.ts'
import { decodeAnswers, encodeAnswers } from '../src/threads/batch-answers.ts'
import { decodeRequests, encodeRequests } from '../src/threads/batch-requests.ts'

const rounds = process.argv.includes('--smoke') ? 1 : 400
const count = 1024
const numbers = Array.from({ length: count }, (_, i) => i)
const principal = (i: number) => `User::"user-${i}"`
const path = (i: number) => `/home/user-${i}/documents/report-${i % 7}.txt`
const context = (i: number) => ({ mfa: i % 2 === 0, level: i, address: '10.1.2.3', groups: ['staff', 'sales'] })
// Literals, since V8 reads properties of what a spread made several times slower.
const requestSets: Readonly<Record<string, AuthorizeRequest[]>> = {
  'entities as texts': numbers.map((i) => ({ principal: principal(i), action: 'read', resource: path(i) })),
  'entities as { type, id }': numbers.map((i) => ({
    principal: { type: 'User', id: `user-${i}` },
    action: { type: 'Action', id: 'read' },
    resource: { type: 'Path', id: path(i) },
  })),
  'with a context': numbers.map((i) => ({
    principal: principal(i),
    action: 'read',
    resource: path(i),
    context: context(i),
  })),
  'with a context of JSON text': numbers.map((i) => ({
    principal: principal(i),
    action: 'read',
    resource: path(i),
    context: JSON.stringify(context(i)),
  })),
}
const decision = (reason: string) => ({
  decision: 'permit' as const,
  allowed: true,
  reasons: [reason],
  errors: [],
  epoch: 7,
})
const cached = ['owners', 'staff', 'admins'].map(decision)
const decisionSets = {
  'decisions of a cache': numbers.map((i) => cached[i % cached.length]!),
  'equal decisions': numbers.map((i) => decision(`policy${i % 3}`)),
  'decisions that all differ': numbers.map((i) => decision(`user-${i} owns it`)),
}

/** A context as it is, whether it came as an object or as text. */
function plain(request: AuthorizeRequest): AuthorizeRequest {
  return typeof request.context === 'string' ? { ...request, context: JSON.parse(request.context) } : request
}

/** Nanoseconds per request of each stage: median and best. */
function measure(stages: Readonly<Record<string, () => unknown>>): void {
  const times = new Map<string, number[]>()
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(stages)) {
      const started = performance.now()
      run()
      const ns = ((performance.now() - started) * 1e6) / count
      times.set(name, [...(times.get(name) ?? []), ns])
    }
  }
  for (const [name, found] of times) {
    const sorted = found.toSorted((a, b) => a - b)
    console.log(
      `  ${name.padEnd(20)}${sorted[rounds >> 1]!.toFixed(0).padStart(7)} ns (${sorted[0]!.toFixed(0)}) per request`,
    )
  }
}

function check(right: boolean, name: string): void {
  if (right) return
  console.error(`${name}: what arrived is not what was sent`)
  process.exit(1)
}

console.log(`${count} requests a chunk, median (best) of ${rounds}, Node ${process.version}`)
for (const [name, requests] of Object.entries(requestSets)) {
  const { region, items } = encodeRequests(requests, 0, count)
  const arrived = [...decodeRequests(region)].map((item) => (item.kind === 'request' ? plain(item.request) : item))
  check(items === count && isDeepStrictEqual(arrived, requests.map(plain)), name)
  console.log(name)
  measure({
    encode: () => encodeRequests(requests, 0, count),
    decode: () => [...decodeRequests(region)],
    'structured clone': () => structuredClone(requests),
  })
}
for (const [name, decisions] of Object.entries(decisionSets)) {
  const region = encodeAnswers(decisions)
  check(isDeepStrictEqual(decodeAnswers(region, count), decisions), name)
  console.log(name)
  measure({
    encode: () => encodeAnswers(decisions),
    decode: () => decodeAnswers(region, count),
    'structured clone': () => structuredClone(decisions),
  })
}
