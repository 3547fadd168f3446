/**
 * What the bytes of a batch are: requests on their way to an evaluator, and answers on their way back. Each is a region, a
 * shared buffer of its own: header, columns of words, the ends of its texts, the texts. Not part of an image.
 */
import type { Struct } from './layout.ts'

/** The first words of a region. */
export const REGION = { items: 0, columnWords: 1, texts: 2, textUnits: 3, unitBytes: 4 } as const

export const REGION_WORDS = 5

/** How an entity of a request was given; each form but the first takes the texts that it names. */
export const ENTITY_FORM = { malformed: 0, text: 1, id: 2, typeAndId: 3, malformedTypeAndId: 4 } as const

/** Where the forms of its entities stand in the tags of a request, in bits. */
export const ENTITY_SHIFT = { principal: 0, action: 4, resource: 8 } as const
export const ENTITY_MASK = 0xf

/** Bits of the tags of a request. */
export const TAG = { context: 1 << 12, entities: 1 << 13, refused: 1 << 14, noObject: 1 << 15 } as const

/** A column of distinct answers each, behind the column of items that says which answer each has. */
export const ANSWER = { decision: 0, epochLow: 1, epochHigh: 2 } as const

export const ANSWER_COLUMNS = 3

/** Codes of decisions. */
export const DECISION = ['deny', 'permit', 'forbid'] as const

export const BATCH_STRUCTS: readonly Struct[] = [
  {
    name: 'region of a batch',
    words: REGION_WORDS,
    about: 'requests or answers of a batch; behind it stand columns, where each text ends, in units, and the texts',
    fields: [
      {
        name: 'items',
        offset: REGION.items,
        words: 1,
        unit: 'requests',
        writer: 'threads',
        about: 'how many the region is about',
      },
      {
        name: 'columnWords',
        offset: REGION.columnWords,
        words: 1,
        unit: 'words',
        writer: 'threads',
        about: 'length of all columns',
      },
      { name: 'texts', offset: REGION.texts, words: 1, unit: 'texts', writer: 'threads', about: 'how many' },
      {
        name: 'textUnits',
        offset: REGION.textUnits,
        words: 1,
        unit: 'units',
        writer: 'threads',
        about: 'their length',
      },
      {
        name: 'unitBytes',
        offset: REGION.unitBytes,
        words: 1,
        unit: 'bytes',
        writer: 'threads',
        about: '1 where all texts are ASCII; 2 for UTF-16, which holds any text as it is, ill-formed ones too',
      },
    ],
  },
  {
    name: 'request of a batch',
    words: 1,
    about: 'a column; its texts follow those of the request before',
    fields: [
      {
        name: 'tags',
        offset: 0,
        words: 1,
        unit: 'bits',
        writer: 'threads',
        about:
          'from bit 0, 4 and 8 how principal, action and resource were given: 1 a text, 2 an id, 3 type and id, 4 an id and no type that could be one, 0 no entity; 12 a context and 13 entities follow, as JSON; 14 refused already, its errors follow; 15 no object',
      },
    ],
  },
  {
    name: 'answer of a batch',
    words: ANSWER_COLUMNS,
    about:
      'columns, behind one that names the answer of each request; equal answers are one; two texts each: reasons and errors as JSON, empty if there are none',
    fields: [
      {
        name: 'decision',
        offset: ANSWER.decision,
        words: 1,
        unit: '',
        writer: 'threads',
        about: DECISION.map((name, code) => `${code} ${name}`).join(', '),
      },
      { name: 'epochLow', offset: ANSWER.epochLow, words: 1, unit: 'bits', writer: 'threads', about: 'low half' },
      { name: 'epochHigh', offset: ANSWER.epochHigh, words: 1, unit: 'bits', writer: 'threads', about: 'high half' },
    ],
  },
]
