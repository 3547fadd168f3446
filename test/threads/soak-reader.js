/** A thread that decides in a loop until it is stopped, and stalls where it hurts. Posts what it saw, or what was wrong. */
import { parentPort, workerData } from 'node:worker_threads'
import { Rune } from '../../dist/src/index.js'
import { request, Sightings } from './soak-world.js'

const { handle, stop, stallMs, toleratesReplaced, yields } = workerData
// One reader answers again what it decided before, one reads everything each time.
const reader = Rune.attach(handle, { cache: yields })
const seen = new Sightings()
const pause = new Int32Array(new SharedArrayBuffer(4))
const stall = (ms) => Atomics.wait(pause, 0, 0, ms)

/** A request that takes its time when it is read, which is inside of a decision. */
function slowToRead() {
  const slow = request()
  return Object.defineProperty({ ...slow }, 'resource', {
    enumerable: true,
    get: () => {
      stall(Math.random() * stallMs)
      return slow.resource
    },
  })
}

function decide(i) {
  if (i % 50 === 7) return seen.add(reader.authorize(slowToRead()), 'read')
  if (i % 50 === 23) return seen.add(reader.authorize(request('slow')), 'slow')
  if (i % 200 === 31) {
    const rows = [...reader.query('fact(U), entity.attr(User::"p", "gen", V), rule(T), text(S)')].map((row) => [...row])
    const [[u, v, t, s] = []] = rows
    if (rows.length !== 1 || u !== v || t !== s) throw new Error(`a query of a mix: ${JSON.stringify(rows)}`)
    return undefined
  }
  if (i % 500 === 77) stall(Math.random() * stallMs)
  return seen.add(reader.authorize(request()), 'read')
}

/** What was replaced again and again is refused, and that is right where memory is taken back without consent. */
function attempt(i) {
  try {
    decide(i)
  } catch (error) {
    if (!toleratesReplaced || error.diagnostics?.[0]?.code !== 'R603') throw error
    seen.retries++
  }
}

try {
  for (let i = 0; Atomics.load(stop, 0) === 0; i++) {
    attempt(i)
    if (i % 300 === 0 && workerData.yields) await new Promise((resolve) => setTimeout(resolve, Math.random() * 20))
  }
  parentPort.postMessage({ seen: seen.byEpoch, decisions: seen.decisions, retries: seen.retries })
} catch (error) {
  parentPort.postMessage({ failure: `${error.stack}` })
}
