/**
 * A small HTTP service on several worker threads, which decide from one image while the policy file is edited under it.
 *
 *     node examples/embed-workers/server.js [--port 8080] [--threads 2] [--policy FILE]
 *     curl 'http://localhost:8080/docs/plan.md?user=ana'
 *
 * This thread accepts requests; a worker decides each by itself, without asking anybody, and answers it. Edit the policy
 * file, or send SIGHUP: from the next request on all workers decide by it. A broken file changes nothing.
 */
import { createServer } from 'node:http'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { Rune, renderDiagnostics } from 'rune-engine'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8080' },
    threads: { type: 'string', default: '2' },
    policy: { type: 'string', default: new URL('policy.rune', import.meta.url).pathname },
  },
})

const rune = await Rune.open(values.policy, { watch: true })
rune.on('reload', ({ epoch, durationMs }) => console.log(`reloaded: epoch ${epoch}, ${durationMs.toFixed(1)} ms`))
rune.on('reload-error', (error) => console.error(`not reloaded\n${renderDiagnostics(error.diagnostics)}`))
process.on('SIGHUP', () => rune.reload().catch(() => {})) // `reload-error` has said it

const workers = Array.from({ length: Number(values.threads) }, (_, number) => {
  const worker = new Worker(new URL('worker.js', import.meta.url), { workerData: { handle: rune.handle(), number } })
  worker.on('message', ({ id, answer }) => {
    waiting.get(id)?.(answer)
    waiting.delete(id)
  })
  return worker
})

/** What answers each request that a worker has. */
const waiting = new Map()
let ids = 0

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const id = ids++
  waiting.set(id, ({ status, body }) => response.writeHead(status, { 'content-type': 'application/json' }).end(body))
  workers[id % workers.length].postMessage({ id, user: url.searchParams.get('user') ?? '', path: url.pathname })
})
server.listen(Number(values.port), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`)
})

process.on('SIGTERM', async () => {
  server.close()
  await Promise.all(workers.map((worker) => worker.terminate()))
  await rune.close()
})
