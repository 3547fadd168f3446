/**
 * The tables of `layout.ts`, `cells.ts`, `batch.ts` and `snapshot.ts` as Markdown, and the protocol in `epochs.md`, for `README.md`
 * beside this file; a test keeps them alike.
 */
import { readFileSync } from 'node:fs'
import { BATCH_STRUCTS } from './batch.ts'
import { CELL_STRUCTS } from './cells.ts'
import { FIXED_WORDS, KIND, LAYOUT_VERSION, PAYLOAD_BITS, STRUCTS, type Struct } from './layout.ts'
import { SNAPSHOT_STRUCTS } from './snapshot.ts'

/** What `README.md` must say. */
export function describeLayout(): string {
  return `# The layout of an image

Layout version ${LAYOUT_VERSION}. Generated from \`layout.ts\`, \`cells.ts\`, \`batch.ts\`, \`snapshot.ts\` and \`epochs.md\`; \`npx vitest run test/native-layout -u\` writes it anew.
An image is one shared memory of 32-bit words, little-endian. Offsets and sizes are in words.

## Value ids

Bits 0 to ${PAYLOAD_BITS - 1} are the payload, the bits above are the kind. Equal values have equal ids.

| kind | number | payload |
|---|---|---|
${Object.entries(KIND)
  .map(([name, number]) => `| ${name} | ${number} | ${payloadOf(name)} |`)
  .join('\n')}

${readFileSync(new URL('epochs.md', import.meta.url), 'utf8')}
${[...STRUCTS, ...CELL_STRUCTS, ...SNAPSHOT_STRUCTS, ...BATCH_STRUCTS].map(describeStruct).join('\n')}`
}

function payloadOf(kind: string): string {
  if (kind === 'int') return 'the integer, biased'
  if (kind === 'bool') return '0 or 1'
  return kind in FIXED_WORDS ? 'number of a record' : 'number of a blob'
}

function describeStruct(struct: Struct): string {
  const rows = struct.fields.map(
    ({ name, offset, words, unit, writer, about }) =>
      `| ${name} | ${offset} | ${words} | ${unit} | ${writer} | ${about} |`,
  )
  return `## ${struct.name}

${struct.about}; ${struct.words} words${struct.name === 'blob' ? ' and the content' : ''}.

| field | offset | words | unit | written by | about |
|---|---|---|---|---|---|
${rows.join('\n')}
`
}
