/** The layout tables are sound, and the README says what they say. */
import { expect, test } from 'vitest'
import { BATCH_STRUCTS } from '../../native-layout/batch.ts'
import { CELL_STRUCTS } from '../../native-layout/cells.ts'
import { describeLayout } from '../../native-layout/describe.ts'
import { checkStruct, STRUCTS } from '../../native-layout/layout.ts'
import { SNAPSHOT_STRUCTS } from '../../native-layout/snapshot.ts'

test('no struct has a gap or an overlap', () => {
  expect([...STRUCTS, ...CELL_STRUCTS, ...SNAPSHOT_STRUCTS, ...BATCH_STRUCTS].flatMap(checkStruct)).toEqual([])
})

test('a gap, an overlap and a wrong length are found', () => {
  const field = { unit: '', writer: '', about: '' }
  const fields = [
    { ...field, name: 'a', offset: 1, words: 2 },
    { ...field, name: 'b', offset: 2, words: 1 },
  ]
  expect(checkStruct({ name: 's', words: 9, about: '', fields })).toEqual([
    's: gap before a',
    's: b overlaps',
    's: fields end at 3, not 9',
  ])
})

test('the README is the one that the tables describe', async () => {
  await expect(describeLayout()).toMatchFileSnapshot('../../native-layout/README.md')
})
