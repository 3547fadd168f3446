/** A thread that attaches to an image and decides the requests that it is sent. */
import { parentPort, workerData } from 'node:worker_threads'
import { Rune } from '../../dist/src/index.js'

const reader = Rune.attach(workerData)
parentPort.on('message', ({ id, request }) => parentPort.postMessage({ id, answer: reader.authorize(request) }))
