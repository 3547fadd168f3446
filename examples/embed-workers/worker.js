/** A worker of `server.js`: attaches to the image once, and then decides and answers each request by itself. */
import { parentPort, workerData } from 'node:worker_threads'
import { Rune } from 'rune-engine'

const rune = Rune.attach(workerData.handle)

parentPort.on('message', ({ id, user, path }) => {
  parentPort.postMessage({ id, answer: answer(user, path) })
})

function answer(user, path) {
  try {
    // `{ id }` never parses as anything but an id, whatever a visitor writes.
    const decision = rune.authorize({ principal: { id: user }, action: 'read', resource: { id: path } })
    const { allowed, reasons, epoch } = decision
    return { status: allowed ? 200 : 403, body: JSON.stringify({ allowed, reasons, epoch, worker: workerData.number }) }
  } catch (error) {
    // Malformed requests are refused by the engine: here, paths that are none.
    return { status: 400, body: JSON.stringify({ allowed: false, error: error.message }) }
  }
}
