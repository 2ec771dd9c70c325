/**
 * CPU time of the `statsd` source per datagram: of a line alone (read, found, added up), and of datagrams from another
 * process at a steady rate, socket included; and memory per series. `node src/sources/statsd/statsd.bench.ts [datagrams
 * per second]`
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { IntakeEntry } from '#component/source.ts'
import { SharedHttpListeners } from '#listeners/http-listeners.ts'
import { silentLogger } from '#observe/log.ts'
import { systemClock } from '#std/clock.ts'
import { Lines } from './lines.ts'
import { statsd } from './statsd.ts'

const RATE = 100_000
const SERIES = 1000
const SENDER = `
  const [port, rate, count, series] = process.argv.slice(1).map(Number)
  const socket = require('node:dgram').createSocket('udp4')
  const types = ['c', 'ms', 'g']
  const datagrams = Array.from({ length: series }, (_, i) =>
    Buffer.from('api.request.duration:' + (i % 97) + '|' + types[i % 3] + '|#env:prod,service:checkout,host:i-' + i))
  socket.connect(port, '127.0.0.1', () => {
    const start = performance.now()
    let sent = 0
    const tick = () => {
      const due = Math.min(count, (performance.now() - start) * rate / 1000)
      for (let n = 0; sent < due && n < 200; n++, sent++) socket.send(datagrams[sent % series])
      if (sent >= count) return socket.close()
      setImmediate(tick)
    }
    tick()
  })`

function context() {
  let bytes = 0
  const intake = {
    entryBytesMax: 2 * 1024 * 1024 - 1,
    put(_entry: IntakeEntry, _head: Uint8Array | null, _body: Uint8Array, from: number, to: number): boolean {
      bytes += to - from
      return true
    },
    follow: () => ({ safe: async () => true }),
    onRoom() {},
  }
  return {
    id: 'statsd',
    intake,
    log: silentLogger,
    clock: systemClock,
    durable: false,
    listeners: new SharedHttpListeners(systemClock, silentLogger),
    reject() {},
    carries: () => true,
    gauge() {},
    put: () => bytes,
  }
}

export async function bench({ records, rate = RATE }: { records: number; rate?: number }): Promise<void> {
  await lines(records)
  await memory(Math.min(records, 200_000))
  const source = statsd.create(statsd.config.parse({ listen: '127.0.0.1:0' }), context())
  await source.start()
  const start = process.cpuUsage()
  const port = new URL(source.address()).port
  const sender = spawn(process.execPath, ['-e', SENDER, port, String(rate), String(records), String(SERIES)])
  await once(sender, 'exit')
  await sleep(100)
  await source.stop()
  const { user, system } = process.cpuUsage(start)
  const lost = source.lostBefore?.() ?? 0
  const each = (user + system) / (records - lost)
  console.log(`statsd: ${records} datagrams at ${rate}/s, ${each.toFixed(2)} µs CPU each, ${lost} lost`)
}

/** Lines alone, in datagrams of one. */
async function lines(records: number): Promise<void> {
  const types = { counter: 'c', timer: 'ms', gauge: 'g' }
  for (const [name, type] of Object.entries(types)) {
    const target = new Lines(statsd.config.parse({}), context())
    const datagrams = Array.from({ length: SERIES }, (_, i) =>
      Buffer.from(`api.request.duration:${i % 97}|${type}|#env:prod,service:checkout,host:i-${i}`),
    )
    const all = Buffer.concat(datagrams.flatMap((datagram) => [datagram, Buffer.from('\n')]))
    const rounds = Math.max(1, Math.round(records / SERIES))
    const put = () => target.put({ origin: 0, framing: 'lines' }, null, all, 0, all.length)
    for (let i = 0; i < Math.min(20, rounds); i++) put()
    const start = process.cpuUsage()
    for (let i = 0; i < rounds; i++) put()
    const { user, system } = process.cpuUsage(start)
    console.log(
      `statsd: ${name} lines of ${SERIES} series: ${((user + system) / (rounds * SERIES)).toFixed(3)} µs each`,
    )
  }
}

async function memory(series: number): Promise<void> {
  const target = new Lines(statsd.config.parse({}), context())
  globalThis.gc?.()
  const before = process.memoryUsage.rss()
  const start = performance.now()
  for (let i = 0; i < series; i++) {
    const line = Buffer.from(`api.request.duration:1|c|#env:prod,service:checkout,host:i-${i}`)
    target.put({ origin: 0, framing: 'lines' }, null, line, 0, line.length)
  }
  const took = performance.now() - start
  const each = (process.memoryUsage.rss() - before) / series
  target.start()
  const flush = performance.now()
  await target.stop()
  const flushed = performance.now() - flush
  console.log(
    `statsd: ${series} series: about ${Math.round(each)} bytes each, ` +
      `${((1000 * took) / series).toFixed(2)} µs for a new one, ` +
      `${((1000 * flushed) / series).toFixed(2)} µs in a flush`,
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const rate = Number(process.argv[2] ?? RATE)
  await bench({ records: 2 * rate, rate })
}
