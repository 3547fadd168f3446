/** Events for paths, whatever happens to the folders and links on the way to them. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, watch, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WatchedFolders } from '../../src/threads/watched-folders.ts'
import { Calls, temporaryFolder } from './temporary.ts'

/** Each step is an event; in between the caller looks what the paths mean now, as a watcher does. */
async function expectEvents(paths: readonly string[], steps: readonly (() => void)[]): Promise<void> {
  const events = new Calls()
  const folders = new WatchedFolders(events.add)
  const others = otherEvents()
  onTestFinished(() => folders.close())
  folders.cover(paths)
  for (const step of steps) {
    step()
    await events.next()
    await others.delivered()
    folders.cover(paths)
    await others.delivered()
    events.forget()
  }
  expect(folders.failure).toBeUndefined()
}

/** Events come in the order in which they happened, so all before one of its own have been delivered with it. */
function otherEvents(): { delivered(): Promise<void> } {
  const file = join(temporaryFolder(), 'a')
  const calls = new Calls()
  const watcher = watch(dirname(file), { persistent: false }, calls.add)
  onTestFinished(() => watcher.close())
  return {
    delivered: () => {
      calls.forget()
      writeFileSync(file, '')
      return calls.next()
    },
  }
}

describe('there is an event when', () => {
  test('a file is written, replaced and removed, and comes back', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'a')
    writeFileSync(file, '1')
    writeFileSync(join(folder, 'b'), '2')
    await expectEvents(
      [file],
      [
        () => writeFileSync(file, '3'),
        () => renameSync(join(folder, 'b'), file),
        () => rmSync(file),
        () => writeFileSync(file, '4'),
        () => writeFileSync(file, '5'),
      ],
    )
  })

  test('its folder is removed or renamed, and comes back', async () => {
    const folder = join(temporaryFolder(), 'folder')
    const file = join(folder, 'a')
    const make = () => {
      mkdirSync(folder)
      writeFileSync(file, '1')
    }
    make()
    await expectEvents(
      [file],
      [
        () => rmSync(folder, { recursive: true }),
        make,
        () => writeFileSync(file, '2'),
        () => renameSync(folder, `${folder}-old`),
        make,
        () => writeFileSync(file, '3'),
        // Without a look in between; the new folder may have the inode of the old one.
        () => {
          rmSync(folder, { recursive: true })
          make()
        },
        () => writeFileSync(file, '4'),
      ],
    )
  })

  test('folders on the way appear one by one, or all at once', async () => {
    const folder = temporaryFolder()
    const [a, b, c] = [join(folder, 'a'), join(folder, 'a/b'), join(folder, 'a/b/c')]
    const file = join(c, 'file')
    await expectEvents(
      [file],
      [
        () => mkdirSync(a),
        () => mkdirSync(b),
        () => mkdirSync(c),
        () => writeFileSync(file, '1'),
        () => writeFileSync(file, '2'),
        () => rmSync(a, { recursive: true }),
        () => mkdirSync(c, { recursive: true }),
        () => writeFileSync(file, '3'),
      ],
    )
  })

  test('a file takes the place of its folder', async () => {
    const folder = join(temporaryFolder(), 'folder')
    writeFileSync(folder, '')
    await expectEvents(
      [join(folder, 'a')],
      [() => rmSync(folder), () => mkdirSync(folder), () => writeFileSync(join(folder, 'a'), '1')],
    )
  })

  test.skipIf(process.platform === 'win32')(
    'a link on the way is turned elsewhere, and when what it leads to changes',
    async () => {
      const folder = temporaryFolder()
      for (const name of ['one', 'two']) {
        mkdirSync(join(folder, name))
        writeFileSync(join(folder, name, 'file'), name)
      }
      const turn = (target: string) => {
        symlinkSync(target, join(folder, 'new'))
        renameSync(join(folder, 'new'), join(folder, 'data'))
      }
      mkdirSync(join(folder, 'links'))
      symlinkSync('../data/../data/file', join(folder, 'links/file'))
      turn('one')
      await expectEvents(
        [join(folder, 'links/file')],
        [
          () => writeFileSync(join(folder, 'one/file'), '1'),
          () => turn('two'),
          () => writeFileSync(join(folder, 'two/file'), '2'),
          () => turn(join(folder, 'one')),
          () => writeFileSync(join(folder, 'one/file'), '3'),
          () => turn('missing'),
          () => mkdirSync(join(folder, 'missing')),
          () => writeFileSync(join(folder, 'missing/file'), '4'),
          () => rmSync(join(folder, 'links/file')),
        ],
      )
    },
  )
})

test.skipIf(process.platform === 'win32')('links that form a circle are no end of folders', () => {
  const folder = temporaryFolder()
  symlinkSync('b', join(folder, 'a'))
  symlinkSync('a', join(folder, 'b'))
  const folders = new WatchedFolders(() => {})
  onTestFinished(() => folders.close())
  folders.cover([join(folder, 'a'), join(folder, 'a\0/b')])
  expect(folders.failure).toBeUndefined()
})

test.skipIf(process.platform !== 'linux')('a folder is watched once, and as long as a file in it is', () => {
  const folder = temporaryFolder()
  const paths = Array.from({ length: 1000 }, (_, i) => join(folder, `${i}`))
  for (const path of paths.slice(500)) writeFileSync(path, '')
  const before = inotifyWatches()
  const folders = new WatchedFolders(() => {})
  folders.cover(paths)
  expect(inotifyWatches() - before).toBe(1)
  folders.cover([])
  expect(inotifyWatches() - before).toBe(0)
  folders.close()
})

/** The folders that this process watches. */
function inotifyWatches(): number {
  const texts = readdirSync('/proc/self/fdinfo').map((name) => {
    try {
      return readFileSync(join('/proc/self/fdinfo', name), 'utf8')
    } catch {
      return ''
    }
  })
  return texts.join('\n').match(/^inotify wd:/gm)?.length ?? 0
}
