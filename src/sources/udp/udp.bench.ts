/**
 * CPU time of the `udp` source alone per datagram, at a steady rate from another process, and what was lost.
 * `node src/sources/udp/udp.bench.ts [datagrams per second]`
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { IntakeEntry } from '#component/source.ts'
import { SharedHttpListeners } from '#listeners/http-listeners.ts'
import { silentLogger } from '#observe/log.ts'
import { allocate } from '#std/bytes.ts'
import { systemClock } from '#std/clock.ts'
import { udp } from './udp.ts'

const RATE = 100_000
const DATAGRAM = 'api.request.duration:12|ms|#env:prod,service:checkout,host:i-0a'
const SENDER = `
  const [port, datagram, rate, count] = process.argv.slice(1)
  const socket = require('node:dgram').createSocket('udp4')
  const bytes = Buffer.from(datagram)
  socket.connect(Number(port), '127.0.0.1', () => {
    const start = performance.now()
    let sent = 0
    const tick = () => {
      const due = Math.min(Number(count), (performance.now() - start) * rate / 1000)
      for (let n = 0; sent < due && n < 200; n++, sent++) socket.send(bytes)
      if (sent >= Number(count)) return socket.close()
      setImmediate(tick)
    }
    tick()
  })`

export async function bench({ records, rate = RATE }: { records: number; rate?: number }): Promise<void> {
  const memory = allocate(16 * 1024 * 1024)
  let at = 0
  let bytes = 0
  let entries = 0
  const intake = {
    entryBytesMax: 2 * 1024 * 1024 - 1,
    put(_entry: IntakeEntry, _head: Uint8Array | null, body: Uint8Array, from: number, to: number): boolean {
      if (at + to - from > memory.length) at = 0
      memory.set(body.subarray(from, to), at)
      at += to - from
      bytes += to - from
      entries++
      return true
    },
    follow: () => ({ safe: async () => true }),
    onRoom() {},
  }

  const source = udp.create(udp.config.parse({ listen: '127.0.0.1:0' }), {
    id: 'udp',
    intake,
    log: silentLogger,
    clock: systemClock,
    durable: false,
    listeners: new SharedHttpListeners(systemClock, silentLogger),
    reject() {},
    carries: () => true,
    gauge() {},
  })
  await source.start()
  const start = process.cpuUsage()
  const sender = spawn(process.execPath, [
    '-e',
    SENDER,
    new URL(source.address()).port,
    DATAGRAM,
    String(rate),
    String(records),
  ])
  await once(sender, 'exit')
  await sleep(100)
  await source.stop()
  const { user, system } = process.cpuUsage(start)
  const datagrams = bytes / (DATAGRAM.length + 1)
  const each = (user + system) / datagrams
  console.log(
    `udp: ${datagrams} datagrams at ${rate}/s in ${entries} entries, ${each.toFixed(2)} µs CPU each, ${source.lostBefore?.()} lost`,
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const rate = Number(process.argv[2] ?? RATE)
  await bench({ records: 2 * rate, rate })
}
