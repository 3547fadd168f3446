/** A process that opens an engine and leaves it open; what it does last is said by its argument. */
import { Rune } from '../../dist/src/index.js'

const text = `version = "rune/1.0"
[data]
n = [0]
[rules]
decl n(n: Long).
far(N + 1) :- far(N), N < 150.
far(0) :- n(_).
pair(N, M) :- far(N), far(M).
`
const rune = await Rune.fromText(text, { coordinator: process.argv[2], watch: process.argv[3] === 'watch' })
if (process.argv[3] === 'update') rune.update({ insert: { n: [[1]] } }).then((epoch) => console.log(`epoch ${epoch}`))
else console.log('open')
