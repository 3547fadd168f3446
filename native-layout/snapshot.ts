/**
 * What the bytes of a snapshot are: a header, the metadata, and the words of an arena in which one epoch was published and
 * nothing else ever happened. Every byte is covered by a checksum, and the length of the file follows from the header.
 */
import { HEADER_WORDS, type Struct } from './layout.ts'

/** The first words of a snapshot; `headerCrc` stays where it is and what it is in every layout version. */
export const SNAPSHOT = {
  magic: 0,
  layoutVersion: 2,
  metadataBytes: 3,
  imageWords: 4,
  metadataCrc: 5,
  imageCrc: 6,
  headerCrc: 7,
} as const

export const SNAPSHOT_WORDS = 8

/** First bytes of every snapshot. No text starts with the first of them, and what changes line ends breaks the last ones. */
export const SNAPSHOT_MAGIC = [0x8f, 0x52, 0x55, 0x4e, 0x45, 0x0d, 0x0a, 0x1a] as const

export const SNAPSHOT_STRUCTS: readonly Struct[] = [
  {
    name: 'snapshot',
    words: SNAPSHOT_WORDS,
    about:
      'the header of a file that holds an image; checksums are those of CRC-32 as in zip files. The metadata follow, JSON in UTF-8, then the words of the image from its own header on',
    fields: [
      {
        name: 'magic',
        offset: SNAPSHOT.magic,
        words: 2,
        unit: 'bytes',
        writer: 'compile',
        about: '`8f`, `RUNE`, `0d 0a 1a`',
      },
      {
        name: 'layoutVersion',
        offset: SNAPSHOT.layoutVersion,
        words: 1,
        unit: '',
        writer: 'compile',
        about: 'of these tables',
      },
      {
        name: 'metadataBytes',
        offset: SNAPSHOT.metadataBytes,
        words: 1,
        unit: 'bytes',
        writer: 'compile',
        about: 'length of the metadata',
      },
      {
        name: 'imageWords',
        offset: SNAPSHOT.imageWords,
        words: 1,
        unit: 'words',
        writer: 'compile',
        about: `length of the image, its ${HEADER_WORDS} words of header included; the file ends with it`,
      },
      {
        name: 'metadataCrc',
        offset: SNAPSHOT.metadataCrc,
        words: 1,
        unit: '',
        writer: 'compile',
        about: 'checksum of the metadata',
      },
      {
        name: 'imageCrc',
        offset: SNAPSHOT.imageCrc,
        words: 1,
        unit: '',
        writer: 'compile',
        about: 'checksum of the image',
      },
      {
        name: 'headerCrc',
        offset: SNAPSHOT.headerCrc,
        words: 1,
        unit: '',
        writer: 'compile',
        about: 'checksum of the words before it; stands here in every layout version',
      },
    ],
  },
]
