/** The coordinator's thread. */
import { runThread } from '../src/threads/coordinator-link.ts'

runThread()
