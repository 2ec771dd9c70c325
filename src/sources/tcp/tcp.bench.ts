/**
 * CPU time of the `tcp` source alone: four connections of another process, an intake that only copies.
 * `node src/sources/tcp/tcp.bench.ts`
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { IntakeEntry } from '#component/source.ts'
import { SharedHttpListeners } from '#listeners/http-listeners.ts'
import { silentLogger } from '#observe/log.ts'
import { allocate } from '#std/bytes.ts'
import { systemClock } from '#std/clock.ts'
import { tcp } from './tcp.ts'

const RECORDS = 3_500_000
const LINE =
  '2026-01-01T00:00:00.000Z INFO checkout: order 4711 paid after 17 ms, user jane@example.com, trace 4bf92f3577b34da6\n'
const SENDER = `
  const [port, line, megabytes] = process.argv.slice(1)
  const chunk = Buffer.from(line.repeat(50))
  for (let c = 0; c < 4; c++) {
    const socket = require('node:net').connect(Number(port), '127.0.0.1')
    let left = Number(megabytes) * 1e6 / 4
    const more = () => {
      while (left > 0) {
        left -= chunk.length
        if (!socket.write(chunk)) return socket.once('drain', more)
      }
      socket.end()
    }
    more()
  }`

export async function bench({ records }: { records: number }): Promise<void> {
  const memory = allocate(64 * 1024 * 1024)
  let at = 0
  let bytes = 0
  let entries = 0
  const intake = {
    entryBytesMax: 2 * 1024 * 1024 - 1,
    put(_entry: IntakeEntry, head: Uint8Array | null, body: Uint8Array, from: number, to: number): boolean {
      const length = (head?.length ?? 0) + to - from
      if (at + length > memory.length) at = 0
      if (head !== null) memory.set(head, at)
      memory.set(body.subarray(from, to), at + (head?.length ?? 0))
      at += length
      bytes += length
      entries++
      return true
    },
    follow: () => ({ safe: async () => true }),
    onRoom() {},
  }

  const source = tcp.create(tcp.config.parse({ listen: '127.0.0.1:0' }), {
    id: 'tcp',
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
    LINE,
    String((records * LINE.length) / 1e6),
  ])
  await once(sender, 'exit')
  await source.stop()
  const { user, system } = process.cpuUsage(start)
  const seconds = (user + system) / 1e6
  const lines = bytes / LINE.length
  console.log(
    `tcp: ${(bytes / 1e6).toFixed(0)} MB in ${entries} entries, ${(bytes / 1e6 / seconds).toFixed(0)} MB per CPU-s, ${(lines / 1e6 / seconds).toFixed(1)} M lines per CPU-s`,
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bench({ records: RECORDS })
