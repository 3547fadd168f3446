/**
 * A change is told once, when it is whole, however it was written. Writers and watcher share an event loop, so a slow
 * machine delays both. That nothing was told is shown by a second watcher, which was told something later.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fingerprintOf } from '../../src/threads/fingerprint.ts'
import { FileWatcher } from '../../src/threads/watch.ts'
import { Calls, temporaryFolder } from './temporary.ts'

const SETTLE_MS = 25
const BUILT = pathToFileURL('dist/src/threads/watch.js').href

interface Watching {
  readonly watcher: FileWatcher
  readonly changes: Calls
}

/** Watches `paths` as they are now. */
function watching(paths: readonly string[], settleMs = SETTLE_MS): Watching {
  const changes = new Calls()
  const onError = (error: Error) => {
    throw error
  }
  const watcher = new FileWatcher({ settleMs, onChange: changes.add, onError })
  onTestFinished(() => watcher.close())
  watcher.watch(asTheyAre(paths))
  return { watcher, changes }
}

const asTheyAre = (paths: readonly string[]) => paths.map((path) => ({ path, fingerprint: fingerprintOf(path) }))

/** Longer than a change takes to be told that was made before. */
async function whatWasDoneIsTold(): Promise<void> {
  const file = join(temporaryFolder(), 'sentinel')
  const { changes } = watching([file])
  for (const text of ['1', '2']) {
    writeFileSync(file, text)
    await changes.next()
  }
}

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('a change is told once', () => {
  test('when a file is written in place, or another renamed over it', async () => {
    const file = join(temporaryFolder(), 'a')
    writeFileSync(file, '1')
    const { changes } = watching([file])
    writeFileSync(file, '2')
    await changes.next()
    writeFileSync(`${file}.new`, '3')
    renameSync(`${file}.new`, file)
    await changes.next()
    writeFileSync(file, '4')
    await changes.next()
    await whatWasDoneIsTold()
    expect(changes.count).toBe(3)
  })

  test('when a file that is written in pieces is whole', async () => {
    const file = join(temporaryFolder(), 'a')
    writeFileSync(file, 'old')
    const { changes } = watching([file], 300)
    writeFileSync(file, '')
    for (let i = 0; i < 50; i++) {
      appendFileSync(file, '.')
      await later(10)
    }
    expect(changes.count).toBe(0)
    await changes.next()
    expect(readFileSync(file, 'utf8')).toHaveLength(50)
    expect(changes.count).toBe(1)
  })

  test.each([
    ['emptied', (file: string) => truncateSync(file)],
    ['removed', (file: string) => rmSync(file)],
  ])('when a file that was %s is written', async (_, clear) => {
    const file = join(temporaryFolder(), 'a')
    writeFileSync(file, 'old')
    // Empty or missing, it is given a second.
    const { changes } = watching([file], 100)
    clear(file)
    await later(250)
    expect(changes.count).toBe(0)
    writeFileSync(file, 'new')
    await changes.next()
    expect(readFileSync(file, 'utf8')).toBe('new')
    expect(changes.count).toBe(1)
  })

  test('when a file is emptied for good, is gone, and is there again', async () => {
    const file = join(temporaryFolder(), 'a')
    writeFileSync(file, '1')
    const { changes } = watching([file])
    writeFileSync(file, '')
    await changes.next()
    rmSync(file)
    await changes.next()
    writeFileSync(file, '2')
    await changes.next()
    await whatWasDoneIsTold()
    expect(changes.count).toBe(3)
  })

  test('when many files change together', async () => {
    const folder = temporaryFolder()
    const files = Array.from({ length: 60 }, (_, i) => join(folder, `${i % 10}`, `${i}`))
    for (const file of files) mkdirSync(dirname(file), { recursive: true })
    const { changes } = watching(files, 300)
    for (const file of files) writeFileSync(file, '1')
    await changes.next()
    await whatWasDoneIsTold()
    expect(changes.count).toBe(1)
  })

  test('after ten thousand events', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'a')
    writeFileSync(file, '')
    const { changes } = watching([file], 500)
    for (let i = 0; i < 10_000; i++) {
      appendFileSync(i % 2 ? file : join(folder, 'b'), '.')
      if (i % 100 === 0) await later(0)
    }
    expect(changes.count).toBe(0)
    await changes.next()
    await whatWasDoneIsTold()
    expect(changes.count).toBe(1)
  })

  test.skipIf(process.platform === 'win32')(
    'when a link turns to another folder that then is alone, as a mounted ConfigMap does',
    async () => {
      const folder = temporaryFolder()
      const swap = (name: string) => {
        mkdirSync(join(folder, name))
        for (const file of ['a', 'b']) writeFileSync(join(folder, name, file), name)
        symlinkSync(name, join(folder, '..data_tmp'))
        renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
      }
      swap('..1')
      const files = ['a', 'b'].map((name) => join(folder, name))
      for (const name of ['a', 'b']) symlinkSync(`..data/${name}`, join(folder, name))
      const { changes } = watching(files)
      for (const [old, name] of [
        ['..1', '..2'],
        ['..2', '..3'],
      ] as const) {
        swap(name)
        rmSync(join(folder, old), { recursive: true })
        await changes.next()
      }
      await whatWasDoneIsTold()
      expect(changes.count).toBe(2)
    },
  )

  test('when a folder is gone, and is there again', async () => {
    const folder = join(temporaryFolder(), 'a/b')
    const file = join(folder, 'c')
    const make = () => {
      mkdirSync(folder, { recursive: true })
      writeFileSync(file, '1')
    }
    make()
    const { changes } = watching([file])
    rmSync(dirname(folder), { recursive: true })
    await changes.next()
    make()
    await changes.next()
    writeFileSync(file, '2')
    await changes.next()
    await whatWasDoneIsTold()
    expect(changes.count).toBe(3)
  })

  test('when a folder further up is replaced, of which there is no event', async () => {
    const folder = temporaryFolder()
    for (const name of ['old', 'new']) {
      mkdirSync(join(folder, name, 'sub'), { recursive: true })
      writeFileSync(join(folder, name, 'sub/file'), name)
    }
    const { changes } = watching([join(folder, 'old/sub/file')])
    renameSync(join(folder, 'old'), join(folder, 'older'))
    renameSync(join(folder, 'new'), join(folder, 'old'))
    await changes.next()
    writeFileSync(join(folder, 'old/sub/file'), 'newer')
    await changes.next()
  })

  test.skipIf(process.platform === 'win32')('when permissions change', async () => {
    const file = join(temporaryFolder(), 'a')
    writeFileSync(file, '1', { mode: 0 })
    const { changes } = watching([file])
    await later(20)
    chmodSync(file, 0o644)
    await changes.next()
  })
})

test('a file that never settles is told again and again', async () => {
  const file = join(temporaryFolder(), 'a')
  const { changes } = watching([file], 20)
  const writer = setInterval(() => appendFileSync(file, '.'), 2)
  onTestFinished(() => clearInterval(writer))
  for (let i = 0; i < 3; i++) await changes.next()
})

describe('nothing is told', () => {
  test('of other files, and of events without a change', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'a')
    writeFileSync(file, '1')
    mkdirSync(join(folder, 'sub'))
    writeFileSync(join(folder, 'sub/a'), '1')
    const { changes } = watching([file, join(folder, 'missing')])
    readFileSync(file)
    appendFileSync(file, '')
    for (const other of ['b', 'A', 'sub/a', 'missing-not']) writeFileSync(join(folder, other), '2')
    rmSync(join(folder, 'b'))
    await whatWasDoneIsTold()
    expect(changes.count).toBe(0)
    writeFileSync(file, '2')
    await changes.next()
  })

  test('after it is closed', async () => {
    const file = join(temporaryFolder(), 'a')
    const { watcher, changes } = watching([file])
    const again = watching([file])
    writeFileSync(file, '1')
    watcher.close()
    watcher.watch(asTheyAre([file]))
    writeFileSync(file, '2')
    await again.changes.next()
    await whatWasDoneIsTold()
    expect(changes.count).toBe(0)
  })

  test('of files that are no longer watched', async () => {
    const folder = temporaryFolder()
    const [a, b] = [join(folder, 'a'), join(folder, 'b')]
    const { watcher, changes } = watching([a])
    writeFileSync(a, '1')
    watcher.watch(asTheyAre([b]))
    writeFileSync(a, '2')
    await whatWasDoneIsTold()
    expect(changes.count).toBe(0)
    writeFileSync(b, '1')
    await changes.next()
  })
})

test('what changed between reading and watching is told', async () => {
  const folder = temporaryFolder()
  const files = ['a', 'b'].map((name) => join(folder, name))
  const read = asTheyAre(files)
  writeFileSync(join(folder, 'b'), '1')
  const { watcher, changes } = watching([])
  watcher.watch(read)
  await changes.next()
  watcher.watch(asTheyAre(files))
  await whatWasDoneIsTold()
  expect(changes.count).toBe(1)
})

test('what is told can be followed by another set at once, or by the end', async () => {
  const folder = temporaryFolder()
  const [a, b] = [join(folder, 'a'), join(folder, 'b')]
  const calls = new Calls()
  const watcher = new FileWatcher({
    settleMs: SETTLE_MS,
    onChange: () => {
      calls.add()
      if (calls.count === 1) watcher.watch(asTheyAre([b]))
      else watcher.close()
    },
    onError: () => {},
  })
  watcher.watch(asTheyAre([a]))
  writeFileSync(a, '1')
  await calls.next()
  writeFileSync(b, '1')
  await calls.next()
  writeFileSync(b, '2')
  await whatWasDoneIsTold()
  expect(calls.count).toBe(2)
})

describe('another process', () => {
  test('ends although it watches', () => {
    const file = join(temporaryFolder(), 'a')
    const script = `import { FileWatcher } from ${JSON.stringify(BUILT)}
new FileWatcher({ onChange() {}, onError(e) { throw e } }).watch([{ path: process.argv[1], fingerprint: '' }])`
    execFileSync(process.execPath, ['--input-type=module', '-e', script, file])
  })

  test.skipIf(process.platform !== 'linux')(
    'without a descriptor to spare looks by itself, and says so once',
    async () => {
      const file = join(temporaryFolder(), 'a')
      const script = `import { openSync } from 'node:fs'
import { FileWatcher } from ${JSON.stringify(BUILT)}
const [path] = process.argv.slice(1)
const say = (text) => process.stdout.write(text + '\\n')
setInterval(() => {}, 1000)
say('started')
try { for (;;) openSync('/dev/null') } catch {}
const watcher = new FileWatcher({ onChange: () => say('changed'), onError: (e) => say(e.code) })
watcher.watch([{ path, fingerprint: 'ENOENT' }])
say('watching')`
      const child = spawn('sh', [
        '-c',
        'ulimit -n 64; exec "$@"',
        'sh',
        process.execPath,
        '--input-type=module',
        '-e',
        script,
        file,
      ])
      onTestFinished(() => {
        child.kill()
      })
      let said = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
      const until = async (text: string) => {
        while (said !== text) await once(child.stdout, 'data')
      }
      await until('started\nEMFILE\nwatching\n')
      writeFileSync(file, '1')
      await until('started\nEMFILE\nwatching\nchanged\n')
      writeFileSync(file, '2')
      await until('started\nEMFILE\nwatching\nchanged\nchanged\n')
    },
  )
})
