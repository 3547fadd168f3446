/**
 * A world in which every state carries its numbers everywhere: that of the text in a fact, a rule and a policy, that of the
 * last update in facts, derived facts, a group and attributes of entities. An answer from a mix of two states shows.
 */

/** The text number `t`, as it is before any update. */
export function textOf(t) {
  return `version = "rune/1.0"
[options]
max_steps = 100_000_000
[data]
text = ${t}
fact = [0]
name = ["u0"]
size = [0]
[rules]
decl text(t: Long).
decl fact(u: Long).
decl name(n: String).
decl size(n: Long).
decl bulk(name: String, n: Long).
decl both(t: Long, u: Long).
decl rule(t: Long).
decl named(u: Long, t: String).
decl derived(u: Long).
decl counted(n: Long).
rule(${t}) :- text(_).
derived(U) :- fact(U).
both(T, U) :- rule(T), derived(U).
counted(N) :- N = count(X, bulk(X, _)).
named(U, T) :- derived(U), text_name(T).
permit("t" + T) :- request(P, _, D), named(U, T), entity.attr(P, "gen", U), entity.attr(D, "gen", U), derived(U), fact(U).
permit("is " + M) :- request(P, _, _), name(M), entity.attr(P, "name", M).
permit("size") :- request(P, _, _), counted(N), size(N), entity.attr(P, "size", N).
permit("slow") :- action("slow"), context.n(K), M = count(X, (bulk(X, A), bulk(_, B), bulk(_, C), A + B + C > K)), M >= 0.
permit("slow") :- action("slow"), size(0).
text_name("${t}").
${Array.from({ length: t % 7 }, (_, i) => `extra${i}(X) :- bulk(X, ${i}).`).join('\n')}
[entities]
'User::"p"' = { in = ['Group::"g0"'], attrs = { gen = 0, name = "u0", size = 0 } }
'Doc::"d"' = { attrs = { gen = 0, group = { entity = 'Group::"g0"' } } }
[policies]
@id("text ${t}") permit(principal, action, resource) when {
  principal in resource.group && principal.gen == resource.gen &&
  context.facts.text.contains(${t}) && context.facts.rule.contains(${t}) &&
  context.facts.both.contains({ t: ${t}, u: principal.gen }) && context.facts.fact.contains(resource.gen)
};
@id("mixed text ${t}") forbid(principal, action, resource) unless {
  context.facts.text.contains(${t}) && context.facts.rule.contains(${t}) && context.facts.both.contains({ t: ${t}, u: resource.gen })
};
@id("mixed update") forbid(principal, action, resource) unless {
  principal.gen == resource.gen && principal in resource.group && context.facts.derived.contains(principal.gen) &&
  context.facts.name.contains(principal.name) && context.facts.counted.contains(principal.size)
};
`
}

const sizeOf = (u) => (u === 0 ? 0 : 1 + ((u * 7) % 20))
const bulkOf = (u) => Array.from({ length: sizeOf(u) }, (_, i) => [`string ${u % 3 === 0 ? u : ''} ${i}`, i])

/** From the update number `from` to `to`. */
export function updateOf(from, to) {
  const uid = (type, id) => ({ type, id })
  return {
    remove: { fact: [[from]], name: [[`u${from}`]], size: [[sizeOf(from)]], bulk: bulkOf(from) },
    insert: { fact: [[to]], name: [[`u${to}`]], size: [[sizeOf(to)]], bulk: bulkOf(to) },
    entities: [
      {
        uid: uid('User', 'p'),
        attrs: { gen: to, name: `u${to}`, size: sizeOf(to) },
        parents: [uid('Group', `g${to % 5}`)],
      },
      { uid: uid('Doc', 'd'), attrs: { gen: to, group: { __entity: uid('Group', `g${to % 5}`) } }, parents: [] },
    ],
  }
}

/** What fails for sure. */
export const WRONG_UPDATES = [
  { entities: [{ uid: { type: 'Group', id: 'g0' }, attrs: {}, parents: [{ type: 'Group', id: 'g0' }] }] },
  { insert: { fact: [[-1]], nothing: [[1]] } },
]

export const request = (action = 'read') => ({
  principal: 'User::"p"',
  action,
  resource: 'Doc::"d"',
  context: { n: 40, unknown: `string ${Math.random()}` },
})

/** The numbers of the text and of the update that a decision was made from. Throws where it is no answer of one state. */
export function numbersOf(decision, action = 'read') {
  const wanted =
    action === 'slow' ? /^(text (\d+)),is u(\d+),size,(slow,)?t(\d+)$/ : /^(text (\d+)),is u(\d+),size,t(\d+)$/
  const found = wanted.exec(decision.reasons.join())
  const text = Number(found?.[2])
  const isWhole = found !== null && Number(found.at(-1)) === text
  if (decision.decision !== 'permit' || decision.errors.length > 0 || !isWhole)
    throw new Error(`no answer of one state: ${JSON.stringify(decision)}`)
  return { text, update: Number(found[3]) }
}

/** Keeps what was seen, and finds what can't be. */
export class Sightings {
  byEpoch = new Map()
  decisions = 0
  retries = 0
  #last = { epoch: 0, text: 0, update: 0 }

  add(decision, action) {
    this.decisions++
    const { text, update } = numbersOf(decision, action)
    const { epoch } = decision
    const last = this.#last
    if (epoch < last.epoch || text < last.text || update < last.update)
      throw new Error(`back in time: ${JSON.stringify([last, { epoch, text, update }])}`)
    this.#last = { epoch, text, update }
    this.at(epoch, `${text} ${update}`)
  }

  at(epoch, numbers) {
    const known = this.byEpoch.get(epoch) ?? numbers
    if (known !== numbers) throw new Error(`epoch ${epoch} is both ${known} and ${numbers}`)
    this.byEpoch.set(epoch, numbers)
  }
}
