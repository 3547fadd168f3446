/** What `npm run fuzz` tries: each subject has one attempt for each seed, and counts what became of them. */
import { openCedarSubject } from './cedar-agreement.ts'
import { disagreement, noVariants } from './datalog-agreement.ts'
import { difference, noCounts, shrink } from './datalog-difference.ts'
import { generateDatalog } from './generate-datalog.ts'

export interface Subject {
  readonly counts: object
  /** How what is tested differs from its reference, or from itself; `undefined` where it agrees. */
  readonly attempt: (seed: number) => Promise<string | undefined>
}

/** By the name that the command takes. */
export const SUBJECTS: Readonly<Record<string, () => Subject>> = {
  cedar: openCedarSubject,
  datalog: () => {
    const counts = noCounts()
    const attempt = async (seed: number) => {
      const problem = await difference(generateDatalog(seed), counts)
      return problem === undefined ? undefined : `${problem}\nmade smaller: ${await shrink(seed, problem)}`
    }
    return { counts, attempt }
  },
  variants: () => {
    const counts = noVariants()
    return { counts, attempt: async (seed) => disagreement(seed, counts) }
  },
}
