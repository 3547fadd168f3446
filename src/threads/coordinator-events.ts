/** The events of an engine: plain types, since they are part of the public API. */
import type { RuneError } from '../text/diagnostic.ts'
import type { Published } from './coordinator.ts'

/** What listeners hear. */
export interface CoordinatorEvents {
  /** A configuration was read anew and is in force. */
  reload: [Published]
  /** It could not be; what was in force before still is. */
  'reload-error': [RuneError]
  update: [Published]
  /** The coordinator died; another one is started, and decisions go on meanwhile. */
  error: [RuneError]
}
