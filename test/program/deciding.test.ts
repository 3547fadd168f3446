/**
 * Deciding rules: permits that are tied to the request, reasons, names, ids without their type.
 */
import { describe, expect, test } from 'vitest'
import { codesOf, messageOf, programOf, ruleCodes } from './programs.ts'

const DATA =
  '[data]\nuser = ["alice", "bob"]\nblocked = ["bob"]\nenvironment = "production"\nlimit = [["alice", 3]]\n[rules]\n'
const codes = (rules: string) => codesOf(DATA + rules)

describe('rules that permit', () => {
  test('what would open for everybody once somebody is not blocked is refused', () => {
    expect(codes('permit :- user(U), not blocked(U).')).toEqual(['R352'])
    expect(messageOf(`${DATA}permit :- action("read"), user(U), not blocked(U).`, 'R353')).toBe(
      'nothing connects `U` with the request, so one that fits would open for everybody | share a variable with a literal such as `principal(Id, "User")`',
    )
  })

  test.each([
    ['permit :- action("read").'],
    ['permit :- principal(U), user(U), not blocked(U).'],
    ['permit :- action("read"), environment("production").'],
    ['permit :- principal(U), limit(U, N), context("amount", V), V < N.'],
    ['permit :- principal(U), N = count(X, limit(U, X)), N < 2.'],
    ['permit :- principal(U), V = U + "x", user(V).'],
    ['permit :- mine(D). mine(D) :- resource(D), user(D).'],
    ['permit :- not action("delete").'],
    ['permit :- (action("read") ; action("list")), principal(U), user(U).'],
    ['can(U) :- principal(U), user(U). permit :- can(U), not blocked(U).'],
  ])('%s', (rule) => {
    expect(codes(rule)).toEqual([])
  })

  test.each([
    ['permit :- environment("production").', 'R352'],
    ['permit :- true = true.', 'R352'],
    ['permit :- principal(P), limit(U, N), N > 2, P != "x".', 'R353'],
    ['permit :- action("read"), limit(U, N), N > 2.', 'R353'],
    // A request-time literal under `not` excludes one of many: all others would open.
    ['permit :- action("read"), user(U), not principal(U).', 'R353'],
    ['permit :- action("read"), X in ["a", "b"], user(X).', 'R353'],
    ['permit :- action("read"), N = count(X, user(X)), N > 1.', 'R353'],
    ['permit :- (principal(U), user(U) ; user(U)).', 'R352'],
    // What a wildcard stands for, or an aggregate keeps to itself, is tied to nothing.
    ['permit :- action("read"), user(_).', 'R353'],
    ['permit :- action("read"), not user(_).', 'R353'],
    ['permit :- action("read"), 1 = count(X, user(X)).', 'R353'],
  ])('%s is refused', (rule, code) => {
    expect(codes(rule)).toEqual([code])
  })

  test('a `forbid` may depend on anything', () => {
    expect(codes('forbid :- environment("production"). forbid("x") :- user(U), not blocked(U).')).toEqual([])
  })
})

describe('helpers of rules that permit', () => {
  const CROSS = 'x(P, U) :- principal(P, "User"), user(U). '

  test.each([
    ['decl can(u: String). can(U) :- principal(U), user(U). permit :- can(U), not blocked(U).'],
    [
      'reading :- action("read"). permit :- reading, environment("production"), not writing. writing :- action("write").',
    ],
    [`${CROSS}permit :- x(U, _), not blocked(U).`],
    [`${CROSS}permit :- x(_, R), resource(R, "File"), not blocked(R).`],
    ['r(P, V) :- principal(P, "User"), next(P, V). r(P, W) :- r(P, V), next(V, W). permit :- r(_, U), not blocked(U).'],
    ['decl same(a, b) equivalence. same(P, U) :- principal(P), next(P, U). permit :- same(_, U), not blocked(U).'],
    ['best(P, min N) :- principal(P, "User"), limit(P, N). permit :- best(_, N), N < 2.'],
    ['used(U, N) :- principal(U), N = count(X, limit(U, X)). permit :- used(_, N), N < 2.'],
    ['total(N) :- N = sum(X, context.n(X)). permit :- total(N), N < 10.'],
    ['lower(P.lower) :- principal(P, "User"). permit :- lower(L), user(L).'],
    // A constant of a rule is chosen by the request that the rule depends on.
    ['level(3) :- principal(U), user(U). level(1) :- principal(_). permit :- level(N), N > 2.'],
    ['denied(P, "x") :- principal(P), blocked(P). permit :- principal(P), not denied(P, _).'],
    ['denied(P) :- principal(P), blocked(P). permit :- action("read"), not denied(_).'],
    ['permit("as " + U) :- x(P, U), user(P). x(P, U) :- principal(P), user(U).'],
    ['permit :- principal(P), N = sum(C, (limit(P, D), C = D * 2)), N > 0.'],
    ['permit :- principal(P), N = count(X, user(X)), M = count(Y, next(P, Y)), M = N.'],
  ])('%s', (rule) => {
    expect(codes(`next(a, b). ${rule}`)).toEqual([])
  })

  test.each([
    [`${CROSS}permit :- x(_, U), not blocked(U).`],
    [`${CROSS}permit :- x(P, U), not blocked(U).`],
    [`${CROSS}permit :- x(_, U).`],
    [`${CROSS}permit :- x(_, U), x(_, V), next(U, V).`],
    [`${CROSS}y(U) :- x(_, U). permit :- y(_).`],
    [`${CROSS}permit :- principal(P, "User"), user(U), not x(P, U).`],
    [`${CROSS}permit :- N = count(U, x(_, U)), N > 1.`],
    ['y(U) :- user(U), not principal(U). permit :- y(U), not blocked(U).'],
    ['y(U) :- principal(U). y("alice"). permit :- y(U), not blocked(U).'],
    ['y(U) :- principal(U). y(U) :- user(U). permit :- y(U), not blocked(U).'],
    ['y(U) :- y(U). y(U) :- z(U). z(U) :- y(U). z(U) :- user(U), action(_). permit :- y(U), not blocked(U).'],
    ['decl same(a, b) equivalence. same(P, U) :- principal(P), user(U). permit :- same(_, U), not blocked(U).'],
    ['best(max N) :- action(_), limit(_, N). permit :- best(N), N > 2.'],
    ['n(N) :- action(_), N = count(X, user(X)). permit :- n(N), N > 1.'],
    ['y(X) :- action(_), X in ["alice", "bob"]. permit :- y(X), not blocked(X).'],
    ['y(P, U, P + U) :- principal(P), user(U). permit :- y(_, U, _), not blocked(U).'],
    ['y("a", U) :- action(_), user(U). permit :- y("a", U), not blocked(U).'],
    ['y(K, U) :- context(K, _), user(U). permit :- y(_, U), not blocked(U).'],
    ['y(P, E) :- request(P, _, _), entity.type(E, "User"). permit :- y(_, E), entity.attr(E, "admin", true).'],
  ])('%s is refused: the columns of a helper are as unrelated as its rules leave them', (rule) => {
    expect(codes(`next(a, b). ${rule}`)).toEqual(['R353'])
  })

  test.each([
    // Where the aggregate has nothing to range over, it is 0 for everybody else.
    ['permit :- user(U), N = count(X, (principal(U, "User"), limit(U, X))), N = 0.'],
    ['permit :- N = count(X, (action("read"), user(X))), N > 1.'],
    ['permit :- principal(P), 0 = count(X, (limit(P, X), user(_))).'],
    // What is computed for its own sake relates nothing.
    ['permit("for " + U + P) :- principal(P), user(U), not blocked(U).'],
    ['permit :- principal(P), user(U), Z = P + U, Y = Z + "x", not blocked(U).'],
  ])('%s is refused too', (rule) => {
    expect(codes(rule)).toEqual(['R353'])
  })
})

describe('reasons', () => {
  test('are a text, or start with one', () => {
    expect(codes('permit("fine") :- action("read"). permit(fine) :- action("list").')).toEqual([])
    expect(codes('permit("limit of " + U) :- principal(U). forbid("x".concat(U) + "!") :- principal(U).')).toEqual([])
  })

  test.each([
    ['permit(U) :- principal(U).'],
    ['permit(U + "x") :- principal(U).'],
    ['permit("" + U) :- principal(U).'],
    ['permit(1) :- action("read").'],
    ['forbid(U.lower) :- principal(U).'],
    ['forbid(User::"a") :- action("read").'],
    ['forbid(_) :- action("read").'],
  ])('%s is refused: nobody else chooses how a reason begins', (rule) => {
    expect(codes(rule)).toEqual(['R351'])
  })

  test('without one, the rule is named by its effect and its place among these', () => {
    const rules =
      'permit :- action("a"). forbid :- action("b"). p(1). permit("x") :- action("c"). permit :- (action("d") ; action("e")).'
    const deciding = programOf(`[rules]\n${rules}`).rules.filter(({ head }) => head === 13 || head === 14)
    expect(deciding.map(({ name, args }) => [name, args[0]?.kind === 'constant' && args[0].value])).toEqual([
      ['permit0', 'permit0'],
      ['forbid0', 'forbid0'],
      ['permit1', 'x'],
      ['permit2', 'permit2'],
      ['permit2', 'permit2'],
    ])
  })

  test('other rules are named by their predicate and line', () => {
    const names = programOf('[rules]\np(1).\nq(X) :-\n  p(X).\n\nr(X) :- q(X).').rules.map(({ name }) => name)
    expect(names).toEqual(['q:4', 'r:7', 'entity.ancestor', 'entity.ancestor'])
  })
})

describe('ids without their type', () => {
  const SEVERAL = `[entities]
'User::"alice"' = {}
'Service::"alice"' = {}
[rules]
admin(alice).
`
  const several = (rules: string) => codesOf(SEVERAL + rules)

  test('a permit on an id alone is refused where several types are known', () => {
    expect(messageOf(`${SEVERAL}permit :- principal("alice").`, 'R354')).toBe(
      'this `permit` depends on the id of the principal alone, and a principal can be of 2 types: `Service`, `User` | write `principal(Id, "Service")`',
    )
    expect(several('permit :- principal(U), admin(U).')).toEqual(['R354'])
    expect(several('permit :- resource(U), admin(U).')).toEqual(['R354'])
    expect(several('is_admin(U) :- principal(U), admin(U). permit :- is_admin(_).')).toEqual(['R354'])
    expect(several('permit :- action("x"), N = count(U, (principal(U), admin(U))), N > 0.')).toEqual(['R354'])
  })

  test('it is fine where the type is looked at, or nothing depends on the id', () => {
    expect(several('permit :- principal(U, "User"), admin(U).')).toEqual([])
    expect(several('permit :- principal(U), admin(U), principal(U, "User").')).toEqual([])
    expect(several('permit :- principal(U), admin(U), request(P, _, _), P.type = "User".')).toEqual([])
    expect(several('is_user(U) :- principal(U, "User"). permit :- principal(U), is_user(U).')).toEqual([])
    expect(several('permit :- principal(_), action("read").')).toEqual([])
    expect(several('permit :- action("x"), not principal("alice").')).toEqual([])
    expect(several('forbid :- principal("alice").')).toEqual([])
  })

  test('a predicate that looks at the type in one of its rules only does not count', () => {
    const rules = 'u(U) :- principal(U, "User"). u(U) :- principal(U), admin(U). permit :- u(_).'
    expect(several(rules)).toEqual(['R354'])
  })

  test.each([
    ['permit :- principal(alice, _).'],
    ['permit :- principal(alice), principal(_, T), T = T.'],
    ['permit :- principal(alice), principal(_, T), X = T + "x".'],
    ['permit :- principal(alice), principal(_, T), X in [T, "User"], X = "User".'],
    ['permit :- principal(alice), principal(_, T), (T = "User" ; action("x")).'],
    ['permit :- principal(alice), request(P, _, _).'],
    ['permit :- principal(alice), principal(_, T), request(P, _, _), P.type = T.'],
    ['permit :- request(P, _, _), P.id = "alice".'],
    ['permit :- principal(alice), not principal(_, "Service").'],
    ['u(I, T) :- principal(I, T). permit :- principal(alice), u(_, _).'],
    ['u(I, T) :- principal(I, T). permit :- u(alice, _).'],
    ['u(I, T) :- principal(I, T). permit :- principal(alice), principal(_, T), u(_, T).'],
    ['u(T) :- principal(_, T). u("User"). permit :- principal(alice), u("User").'],
    ['u(T) :- principal(_, T). u("User") :- action(_). permit :- principal(alice), principal(_, T), u(T).'],
    ['u(T) :- v(T). v(T) :- u(T). v(T) :- principal(_, T). permit :- principal(alice), u(_).'],
    ['u(max T) :- principal(_, T). permit :- principal(alice), principal(_, T), u(T).'],
    ['decl s(a, b) equivalence. s(T, T) :- principal(_, T). permit :- principal(alice), principal(_, T), s(T, _).'],
    ['i(I) :- principal(I). i(nobody) :- action(_). permit :- i(I), admin(I).'],
    ['permit :- principal(alice), N = count(T, principal(_, T)), N > 0.'],
    ['permit :- principal(alice), M = max(T, principal(_, T)), principal(_, M).'],
    ['permit :- M = max(I, principal(I)), admin(M).'],
    ['permit :- action(x), N = count(U, (principal(U, _), admin(U))), N > 0.'],
  ])('%s is refused: the type is named, and not looked at', (rule) => {
    expect(several(rule)).toEqual(['R354'])
  })

  test.each([
    ['permit :- principal(alice), principal(_, T), known(T).'],
    ['permit :- principal(alice), principal(_, T), T != "Service".'],
    ['permit :- principal(alice), principal(_, T), T in ["User"].'],
    ['permit :- principal(alice), principal(_, T), not known(T).'],
    ['permit :- principal(alice), principal(_, T), X = T.lower, X = "user".'],
    ['permit :- principal(alice), request(P, _, _), entity.parent(P, _).'],
    ['permit :- request(P, _, _), P.id = "alice", P.type = "User".'],
    ['permit :- request(P, _, P).'],
    ['permit :- principal(U), action(read).'],
    ['u(I, T) :- principal(I, T). permit :- u(alice, "User").'],
    ['u(I, T) :- principal(I, T). permit :- principal(alice), u(_, T), known(T).'],
    ['e(P) :- request(P, _, _). permit :- principal(alice), e(P), entity.type(P, "User").'],
    ['decl u(id: String). u(U) :- principal(U, "User"). permit :- principal(U), u(U), admin(U).'],
    ['u :- principal(_, T), known(T). u :- request(P, _, _), P.type = "User". permit :- principal(alice), u.'],
    ['h(U) :- principal(U), admin(U). permit :- principal(_, "User"), h(_).'],
    ['permit :- action(x), N = count(U, (principal(U, "User"), admin(U))), N > 0.'],
    ['permit :- principal(alice), principal(_, T), N = count(X, kind(T, X)), N > 0.'],
  ])('%s looks at it', (rule) => {
    expect(several(`known("User"). kind("User", person). ${rule}`)).toEqual([])
  })

  test('one known type, groups, actions and paths do not make it several', () => {
    const one = `[options]
path_types = ["File"]
default_principal_type = "User"
default_resource_type = "File"
[entities]
'User::"alice"' = { in = ['Group::"g"'] }
'Group::"g"' = {}
'File::"/a"' = {}
'Action::"read"' = {}
[rules]
permit :- principal("alice"), path(_).`
    expect(codesOf(one)).toEqual([])
  })
})

test('`permit` without rules decides nothing and is static', () => {
  expect(ruleCodes('p(1).')).toEqual([])
})
