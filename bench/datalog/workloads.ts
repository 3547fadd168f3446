/**
 * Ten Datalog programs, with their facts, what they derive and how that is found in another way. `souffleMs` is the time of
 * compiled Soufflé 2.5 (-O3, 32-bit numbers, one thread) for the evaluation alone, without reading and writing, the best of
 * two or three runs in one sitting on a machine with two cores of an AMD EPYC; `rows` is what it derived. Use the ratios: another
 * machine has other times, and loading, which it does in 398 to 2,548 ms where there are many strings, is not in them.
 */
import { accessOfUsers } from '../floor/access.ts'
import { closure } from '../floor/closure.ts'
import { permissionsOfUsers } from '../floor/roles.ts'
import { totalsOfUsers } from '../floor/totals.ts'
import { triangles } from '../floor/triangles.ts'
import {
  apiCalls,
  binaryTree,
  chain,
  type Domain,
  documentModel,
  type FactSet,
  integers,
  pointers,
  randomGraph,
  requests,
  roleModel,
  skewedGraph,
} from './facts.ts'
import { plainAllowed, plainClosure, plainPointsTo, plainSameGeneration } from './plain.ts'

export interface Workload {
  readonly name: string
  readonly rules: string
  readonly facts: (scale: number) => FactSet
  /** How many rows the first relation of `answer` has at scale 1. */
  readonly rows: number
  readonly souffleMs: number
  /** A kernel, whose time is the floor, or a plain evaluation, whose time says nothing. */
  readonly by: 'kernel' | 'plain'
  readonly answer: (facts: FactSet) => Answers
}

/** The columns of derived relations by predicate, and what their numbers stand for. */
export type Answers = Readonly<Record<string, Answer>>

export interface Answer {
  readonly columns: readonly ArrayLike<number>[]
  readonly domains: readonly Domain[]
}

const REACH = `reach(X, Y) :- edge(X, Y).
reach(X, Z) :- reach(X, Y), edge(Y, Z).`

export const WORKLOADS: readonly Workload[] = [
  {
    name: 'tc_random',
    rules: REACH,
    facts: randomGraph,
    rows: 2_531_561,
    souffleMs: 1149,
    by: 'kernel',
    answer: ({ edge }) => {
      const [from, to] = edge!.columns
      return { reach: { columns: closure(from!, to!, edge!.domains[0]!.size), domains: edge!.domains } }
    },
  },
  {
    name: 'tc_chain',
    rules: REACH,
    facts: chain,
    rows: 3_126_250,
    souffleMs: 1109,
    by: 'plain',
    answer: ({ edge }) => ({ reach: { columns: plainClosure(edge!.columns), domains: edge!.domains } }),
  },
  {
    name: 'tc_tree',
    rules: REACH,
    facts: (scale) => binaryTree('edge', Math.round(2 ** 17 * scale)),
    rows: 1_966_099,
    souffleMs: 280,
    by: 'plain',
    answer: ({ edge }) => ({ reach: { columns: plainClosure(edge!.columns), domains: edge!.domains } }),
  },
  {
    name: 'rbac',
    rules: `inherits(R, R) :- role_parent(R, _).
inherits(R, R) :- role_parent(_, R).
inherits(R, T) :- inherits(R, S), role_parent(S, T).
eff(R, P) :- inherits(R, S), role_perm(S, P).
can(U, P) :- user_role(U, R), eff(R, P).`,
    facts: roleModel,
    rows: 5_284_213,
    souffleMs: 468,
    by: 'kernel',
    answer: ({ user_role, role_parent, role_perm }) => {
      const [user, role] = user_role!.domains as [Domain, Domain]
      const permission = role_perm!.domains[1]!
      const { can, eff, inherits } = permissionsOfUsers({
        userRole: user_role!.columns,
        roleParent: role_parent!.columns,
        rolePermission: role_perm!.columns,
        users: user.size,
        roles: role.size,
        permissions: permission.size,
      })
      return {
        can: { columns: can, domains: [user, permission] },
        eff: { columns: eff, domains: [role, permission] },
        inherits: { columns: inherits, domains: [role, role] },
      }
    },
  },
  {
    name: 'rebac',
    rules: `in_group(U, G) :- member(U, G).
in_group(U, H) :- in_group(U, G), subgroup(G, H).
has_access(U, O) :- viewer(U, O).
has_access(U, O) :- grant(G, O), in_group(U, G).
has_access(U, O) :- has_access(U, P), parent(O, P).`,
    facts: documentModel,
    rows: 2_056_663,
    souffleMs: 626,
    by: 'kernel',
    answer: ({ parent, member, subgroup, grant, viewer }) => {
      const [user, object] = viewer!.domains as [Domain, Domain]
      const group = grant!.domains[0]!
      const { hasAccess, inGroup } = accessOfUsers({
        parent: parent!.columns,
        member: member!.columns,
        subgroup: subgroup!.columns,
        grant: grant!.columns,
        viewer: viewer!.columns,
        users: user.size,
        groups: group.size,
        objects: object.size,
      })
      return {
        has_access: { columns: hasAccess, domains: [user, object] },
        in_group: { columns: inGroup, domains: [user, group] },
      }
    },
  },
  {
    name: 'samegen',
    rules: `sg(X, Y) :- parent(P, X), parent(P, Y), X != Y.
sg(X, Y) :- parent(P, X), sg(P, Q), parent(Q, Y).`,
    facts: (scale) => binaryTree('parent', Math.round((2 ** 12 - 1) * scale)),
    rows: 5_588_310,
    souffleMs: 522,
    by: 'plain',
    answer: ({ parent }) => {
      const { columns, domains } = parent!
      return { sg: { columns: plainSameGeneration(columns, domains[0]!.size), domains } }
    },
  },
  {
    name: 'andersen',
    rules: `pt(Y, X) :- addressOf(Y, X).
pt(Y, X) :- assign(Y, Z), pt(Z, X).
pt(Y, W) :- load(Y, X), pt(X, Z), pt(Z, W).
pt(Z, W) :- store(Y, X), pt(Y, Z), pt(X, W).`,
    facts: pointers,
    rows: 218_211,
    souffleMs: 222,
    by: 'plain',
    answer: ({ addressOf, assign, load, store }) => {
      const columns = plainPointsTo({
        addressOf: addressOf!.columns,
        assign: assign!.columns,
        load: load!.columns,
        store: store!.columns,
      })
      return { pt: { columns, domains: assign!.domains } }
    },
  },
  {
    name: 'negation',
    rules: `over_limit(U) :- usage(U, N), quota(U, L), N > L.
allowed(U, R) :- request_log(U, R), not blocked(U), not over_limit(U).`,
    facts: requests,
    rows: 645_449,
    souffleMs: 85,
    by: 'plain',
    answer: ({ request_log, blocked, usage, quota }) => {
      const log = request_log!
      const facts = { log: log.columns, blocked: blocked!.columns, usage: usage!.columns, quota: quota!.columns }
      return { allowed: { columns: plainAllowed(facts, log.domains[1]!.size), domains: log.domains } }
    },
  },
  {
    name: 'agg',
    rules: `calls(U, N) :- user(U), N = count(C, api_call(C, U, _)).
total(U, N) :- user(U), N = sum(X, api_call(_, U, X)).
worst(U, N) :- user(U), N = max(X, api_call(_, U, X)).
over(U) :- total(U, N), N > 10000.`,
    facts: apiCalls,
    rows: 50_000,
    souffleMs: 101,
    by: 'kernel',
    answer: ({ api_call, user }) => {
      const [listed] = user!.domains as [Domain]
      const domains = [listed, integers(Number.MAX_SAFE_INTEGER)]
      const found = totalsOfUsers({ calls: api_call!.columns, user: user!.columns[0]!, users: listed.size })
      return {
        total: { columns: found.total, domains },
        calls: { columns: found.calls, domains },
        worst: { columns: found.worst, domains },
        over: { columns: found.over, domains },
      }
    },
  },
  {
    name: 'triangle',
    rules: 'tri(X, Y, Z) :- edge(X, Y), edge(Y, Z), edge(X, Z).',
    facts: skewedGraph,
    rows: 941_189,
    souffleMs: 975,
    by: 'kernel',
    answer: ({ edge }) => {
      const [from, to] = edge!.columns
      const node = edge!.domains[0]!
      return { tri: { columns: triangles(from!, to!, node.size), domains: [node, node, node] } }
    },
  },
]
