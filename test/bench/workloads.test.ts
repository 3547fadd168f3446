/** The Datalog workloads at a twentieth of their size: what is generated, and what follows from it, stays the same. */
import { describe, expect, it } from 'vitest'
import { summarise } from '../../bench/datalog/checksum.ts'
import { type Answer, WORKLOADS } from '../../bench/datalog/workloads.ts'

/** Rows and checksum: of each predicate with facts, then of the relation that is measured. */
const EXPECTED: Readonly<Record<string, Readonly<Record<string, readonly [number, number]>>>> = {
  tc_random: { edge: [200, 1170969007], reach: [5899, 4282357654] },
  tc_chain: { edge: [125, 1124713952], reach: [7875, 3835163496] },
  tc_tree: { edge: [6553, 3721184455], reach: [70470, 1399914095] },
  rbac: {
    user_role: [50000, 2462840274],
    role_parent: [999, 2129331130],
    role_perm: [1505, 1391681935],
    can: [256087, 2501824204],
  },
  rebac: {
    parent: [52499, 3037153788],
    member: [2000, 3036724219],
    subgroup: [991, 4013261614],
    grant: [30, 889615925],
    viewer: [10000, 3680385186],
    has_access: [14119, 3868726278],
  },
  samegen: { parent: [204, 1448362050], sg: [11340, 736909834] },
  andersen: {
    addressOf: [495, 390547463],
    assign: [360, 672880011],
    load: [72, 581783567],
    store: [36, 2589545839],
    pt: [1332, 2320869001],
  },
  negation: {
    request_log: [50000, 466869398],
    blocked: [767, 2684187111],
    usage: [15000, 685044568],
    quota: [15000, 2168411088],
    allowed: [32221, 4094362508],
  },
  agg: { api_call: [50000, 1316821732], user: [2500, 2165905658], total: [2500, 2661050252] },
  triangle: { edge: [15000, 1353941224], tri: [165103, 2828688343] },
}

describe('a workload', () => {
  it.each(WORKLOADS)(
    '$name has the facts and the rows that its reference was measured with',
    ({ name, facts, answer }) => {
      const given = facts(0.05)
      const [[measured, rows]] = Object.entries(answer(given)) as [[string, Answer]]
      const all = Object.entries({ ...given, [measured]: rows })
      expect(Object.fromEntries(all.map(([predicate, one]) => [predicate, summaryOf(one)]))).toEqual(EXPECTED[name])
    },
  )
})

function summaryOf({ columns, domains }: Answer): readonly [number, number] {
  const textOf = domains.map(({ text }) => text)
  const { rows, checksum } = summarise(columns, columns[0]?.length ?? 0, textOf)
  return [rows, checksum]
}
