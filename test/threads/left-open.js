/** A process that opens an engine, of a text or of the snapshot that it is given, and leaves it open; what it does last is said by its arguments. */
import { compile, Rune } from '../../dist/src/index.js'

const text = `version = "rune/1.0"
[data]
n = [0]
[rules]
decl n(n: Long).
far(N + 1) :- far(N), N < 150.
far(0) :- n(_).
pair(N, M) :- far(N), far(M).
`
const [coordinator, what, snapshot] = process.argv.slice(2)
if (what === 'compile') await compile({ text }, snapshot)
const options = { coordinator, watch: what === 'watch' }
const rune = await (snapshot ? Rune.open(snapshot, options) : Rune.fromText(text, options))
if (what === 'update') rune.update({ insert: { n: [[1]] } }).then((epoch) => console.log(`epoch ${epoch}`))
else console.log('open')
