import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromText } from '#std/bytes.ts'
import { ManualClock } from '#std/clock.ts'
import { randomFrom } from '#std/random.ts'
import { FakeDisk } from '#test/support/fake-disk.ts'
import type { Disk } from './disk.ts'
import type { Frame, Position, Slice } from './frame.ts'
import { SegmentLog } from './segment-log.ts'

const OPTIONS = { directory: '/data/log', segmentBytesMax: 300, pendingBytesMax: 1_000_000 }

function slice(...records: string[]): Slice {
  let end = 0
  const ends = Int32Array.from(records, (record) => (end += record.length))
  return { memory: fromText(`--${records.join('')}`), from: 2, records: records.length, ends, firstEnd: 0 }
}

function recordsOf(frame: Frame, skip = 0): string[] {
  return Array.from({ length: frame.records - skip }, (_, k) => {
    const i = skip + k
    return frame.memory.toString('utf8', frame.from + (i === 0 ? 0 : frame.ends[i - 1]!), frame.from + frame.ends[i]!)
  })
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Waits until the log has written what it can. */
async function written(log: SegmentLog): Promise<void> {
  log.flush()
  for (let i = 0; i < 50 && log.synced.records < log.tail.records; i++) await turn()
}

async function readAll(log: SegmentLog): Promise<{ records: string[]; lost: number }> {
  const records: string[] = []
  let lost = 0
  for (let read = await log.read(); read !== undefined; read = await log.read()) {
    records.push(...recordsOf(read.frame, read.skip))
    lost += read.lost.records
  }
  return { records, lost }
}

function positionAt(records: readonly string[], count: number): Position {
  return { records: count, bytes: records.slice(0, count).join('').length }
}

function setUp() {
  const disk = new FakeDisk(randomFrom(7))
  const clock = new ManualClock()
  return {
    disk,
    clock,
    create: () => SegmentLog.create(OPTIONS, disk.mount(), clock),
    open: () => SegmentLog.open(OPTIONS, disk.mount(), clock),
  }
}

const numbered = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `record ${from + i};`)

test('what is appended can be read in order, and by the next process', async () => {
  const { create, open } = setUp()
  const log = create()
  log.append(slice('a', 'bb'), 0, 2)
  log.append(slice('', 'ccc', 'd'), 1, 1)
  await written(log)
  assert.deepEqual(log.synced, { records: 3, bytes: 6 })
  assert.deepEqual((await readAll(log)).records, ['a', 'bb', 'ccc'])
  await log.close()
  const next = await open()
  assert.deepEqual(next.tail, { records: 3, bytes: 6 })
  assert.deepEqual((await readAll(next)).records, ['a', 'bb', 'ccc'])
})

test('a log goes on after what is acknowledged, in the middle of a frame too, and leaves nothing behind when all is', async () => {
  const { create, open, disk } = setUp()
  const log = create()
  const all = numbered(0, 40)
  for (let i = 0; i < 40; i += 4) {
    log.append(slice(...all.slice(i, i + 4)), 0, 4)
    await written(log)
  }
  const segments = [...disk.files.keys()].length
  assert.ok(segments > 2, 'several segments')
  log.acknowledge(positionAt(all, 26))
  await turn()
  assert.ok([...disk.files.keys()].length < segments, 'settled segments are gone')
  await log.close()
  const next = await open()
  assert.deepEqual((await readAll(next)).records, all.slice(26))
  next.acknowledge(next.tail)
  await next.close()
  assert.deepEqual([...disk.files.keys()], [])
})

test('a torn end is left out, whatever its length', async () => {
  for (let cut = 1; cut < 110; cut += 7) {
    const { create, open, disk } = setUp()
    const log = create()
    log.append(slice('first'), 0, 1)
    await written(log)
    log.append(slice('second', 'third'), 0, 2)
    await written(log)
    const [path, file] = [...disk.files].find(([name]) => name.endsWith('.seg'))!
    file.data = Buffer.from(file.data.subarray(0, file.data.length - cut))
    const next = await open()
    const { records, lost } = await readAll(next)
    assert.deepEqual([records.slice(0, 1), lost], [cut < 63 ? ['first'] : [], 0], path)
    assert.ok(!records.includes('second') && !records.includes('third'))
  }
})

test('a broken frame in the middle costs its own records, and they are counted', async () => {
  const { create, open, disk } = setUp()
  const log = create()
  const all = numbered(0, 30)
  for (let i = 0; i < 30; i += 3) {
    log.append(slice(...all.slice(i, i + 3)), 0, 3)
    await written(log)
  }
  await log.close()
  const paths = [...disk.files.keys()].filter((name) => name.endsWith('.seg')).sort()
  disk.corrupt(paths[0]!, 70)
  disk.corrupt(paths[1]!, disk.files.get(paths[1]!)!.data.length - 3)
  const next = await open()
  assert.equal(next.tail.records, 30)
  const { records, lost } = await readAll(next)
  assert.equal(records.length + lost, 30)
  assert.equal(lost, 6)
  assert.ok(next.brokenBytes > 0)
  assert.deepEqual(
    records,
    all.filter((record) => records.includes(record)),
  )
})

test('a full disk keeps what waits, and goes on when there is room again', async () => {
  const { create, disk, clock } = setUp()
  const log = create()
  log.append(slice('a'), 0, 1)
  await written(log)
  disk.capacity = disk.bytes + 10
  log.append(slice('b'.repeat(100)), 0, 1)
  await written(log)
  assert.equal(log.synced.records, 1)
  assert.equal(log.failure?.code, 'enospc')
  log.append(slice('c'), 0, 1)
  disk.capacity = Number.POSITIVE_INFINITY
  for (let i = 0; i < 10; i++) {
    clock.advance(2000)
    await turn()
  }
  assert.equal(log.synced.records, 3)
  assert.equal(log.failure, undefined)
  assert.deepEqual((await readAll(log)).records, ['a', 'b'.repeat(100), 'c'])
})

test('a directory that may not be written says so, and close says what could not be kept', async () => {
  const { create, disk } = setUp()
  disk.fault = (operation) => (operation === 'makeDirectory' ? 'EACCES' : undefined)
  const log = create()
  log.append(slice('a', 'b'), 0, 2)
  await written(log)
  assert.equal(log.failure?.code, 'eacces')
  assert.deepEqual(await log.close(), { records: 2, bytes: 2 })
})

test('the oldest segment can be given up, and what is acknowledged is never read', async () => {
  const { create } = setUp()
  const log = create()
  const all = numbered(0, 40)
  for (const record of all) {
    log.append(slice(record), 0, 1)
    await written(log)
  }
  const lost = log.giveUpOldest()
  assert.ok(lost.records > 0 && lost.records < 40)
  assert.deepEqual((await readAll(log)).records, all.slice(lost.records))
})

test('a checkpoint that is broken or missing only makes for repeats', async () => {
  for (const damage of ['broken', 'missing']) {
    const { create, open, disk } = setUp()
    const log = create()
    log.append(slice('a', 'b'), 0, 2)
    await written(log)
    log.acknowledge({ records: 1, bytes: 1 })
    await log.close()
    if (damage === 'broken') disk.corrupt('/data/log/acknowledged', 3)
    else disk.files.delete('/data/log/acknowledged')
    assert.deepEqual((await readAll(await open())).records, ['a', 'b'])
  }
})

test('a disk with room for some of what waits takes that, so that reading it can make room for the rest', async () => {
  const { create, disk, clock } = setUp()
  const log = SegmentLog.create(
    { ...OPTIONS, segmentBytesMax: 1_000_000, pendingBytesMax: 8_000_000 },
    disk.mount(),
    clock,
  )
  const records = Array.from({ length: 8 }, (_, i) => String(i).repeat(700_000))
  disk.capacity = 2_000_000
  for (const record of records) log.append(slice(record), 0, 1)
  const read: string[] = []
  for (let round = 0; round < 50 && read.length < records.length; round++) {
    await written(log)
    read.push(...(await readAll(log)).records)
    log.acknowledge(log.readPosition)
    clock.advance(1000)
  }
  assert.deepEqual(read, records)
  assert.equal(log.failure, undefined)
  await log.close()
  const other = create()
  other.append(slice('a'), 0, 1)
  await written(other)
  assert.equal(other.synced.records, 1)
})

test('what could not be written whole leaves the room to others', async () => {
  const { create, disk } = setUp()
  const log = create()
  disk.capacity = 500
  log.append(slice('x'.repeat(1000)), 0, 1)
  log.flush()
  for (let i = 0; i < 50 && log.failure === undefined; i++) await turn()
  await turn()
  assert.equal(log.failure?.code, 'enospc')
  assert.equal(disk.bytes, 0)
})

test('whoever hears of progress finds the room that it made', async () => {
  const { disk, clock } = setUp()
  const log = SegmentLog.create({ ...OPTIONS, pendingBytesMax: 500 }, disk.mount(), clock)
  const rooms: boolean[] = []
  log.onProgress = () => queueMicrotask(() => rooms.push(log.hasRoom(1, 10)))
  while (log.hasRoom(1, 10)) log.append(slice('0123456789'), 0, 1)
  const inUse = log.bytesInUse
  await written(log)
  assert.deepEqual(rooms, [true])
  assert.equal(log.bytesInUse, inUse, 'what is written is not counted twice')
})

test('a segment whose records are all settled makes room when the disk is full, though nothing more is settled', async () => {
  const { disk, clock } = setUp()
  const log = SegmentLog.create({ ...OPTIONS, segmentBytesMax: 100_000 }, disk.mount(), clock)
  disk.capacity = 400
  log.append(slice('x'.repeat(200)), 0, 1)
  await written(log)
  log.skipToTail()
  log.acknowledge(log.tail)
  log.append(slice('y'.repeat(200)), 0, 1)
  log.flush()
  for (let i = 0; i < 50 && log.failure === undefined; i++) await turn()
  for (let i = 0; i < 5; i++) {
    await written(log)
    clock.advance(1000)
  }
  assert.equal(log.synced.records, 2)
  assert.equal(log.failure, undefined)
})

test('a segment that is deleted is not held open by who has read it', async () => {
  const { disk, clock } = setUp()
  const mounted = disk.mount()
  const open = new Set<object>()
  const counted: Disk = {
    ...mounted,
    async open(path, mode) {
      const file = await mounted.open(path, mode)
      if (path.endsWith('.seg') && mode === 'read') open.add(file)
      const close = file.close
      return Object.assign(file, { close: () => close().finally(() => open.delete(file)) })
    },
  }
  const log = SegmentLog.create(OPTIONS, counted, clock)
  for (const record of numbered(0, 40)) log.append(slice(record), 0, 1)
  await written(log)
  log.append(slice('x'.repeat(200)), 0, 1)
  await written(log)
  await readAll(log)
  assert.equal(open.size, 1)
  log.acknowledge(log.tail)
  for (let i = 0; i < 50 && (disk.files.size > 1 || open.size > 0); i++) await turn()
  assert.equal(open.size, 0)
})
