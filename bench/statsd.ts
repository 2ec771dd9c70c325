/** Metrics of StatsD clients over UDP, added up by series; no peer on this machine speaks StatsD. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { blast, Subject } from './measure.ts'
import { judged, microseconds, type Result, type Size, STATSD_PORT, scratch, streamgate } from './setup.ts'

const RATE = 150_000
const FLUSH_MS = 1000

/** Timers of one series: what has arrived, the counts of its sketches say. */
export async function statsd(size: Size): Promise<Result> {
  const path = join(scratch, 'statsd.ndjson')
  const program = streamgate('statsd', {
    signal: 'metrics',
    sources: [
      Object.assign(
        { id: 'statsd' },
        { type: 'statsd', listen: `127.0.0.1:${STATSD_PORT}`, flush_interval_ms: FLUSH_MS },
      ),
    ],
    output: { type: 'file', path },
    batch: { max_wait_ms: 100 },
  })
  await using subject = await Subject.start(program.command, program.port)
  await blast('udp', STATSD_PORT, Math.floor(size.datagrams / 6), 50_000)
  const before = await counted(path)
  subject.reset()
  const sent = await blast<{ datagrams: number; seconds: number }>('udp', STATSD_PORT, size.datagrams, RATE)
  const arrived = (await counted(path)) - before
  const value = microseconds(subject.cpu(), arrived)
  const notes = `${sent.datagrams - arrived} of ${sent.datagrams} lost at ${Math.round(sent.datagrams / sent.seconds)}/s`
  const result = {
    case: 'StatsD datagrams, added up',
    program: 'streamgate',
    unit: 'µs CPU each',
    value,
    peakMb: Math.round(subject.peakMb()),
    notes,
  }
  return judged(result, '≤ 5 µs, none lost at 150,000/s', value <= 5 && arrived === sent.datagrams)
}

/** Values in all points, when what was sent has been flushed. */
async function counted(path: string): Promise<number> {
  await sleep(2 * FLUSH_MS + 500)
  if (!existsSync(path)) return 0
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean)
  return lines.reduce(
    (sum, line) => sum + (JSON.parse(line) as { distribution: { count: number } }).distribution.count,
    0,
  )
}
