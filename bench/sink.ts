/**
 * Swallows and counts, as a process of its own: `sink.ts tcp|http|latency PORT`. Each line on stdin asks for the counts,
 * which it prints as JSON. `latency` reads the time of sending off each line and keeps the differences.
 */
import { createServer as createHttpServer } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

const [mode, port] = process.argv.slice(2)
const counts = { bytes: 0, lines: 0, requests: 0 }
const delays: number[] = []

/** Bytes only, read into one buffer: cheap, so that little is taken from what is measured. */
function count(chunk: Uint8Array): void {
  counts.bytes += chunk.length
}

function times(socket: Socket): void {
  let rest = ''
  socket.on('data', (chunk) => {
    const now = performance.timeOrigin + performance.now()
    const lines = (rest + chunk.toString('latin1')).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) delays.push(now - Number.parseFloat(line))
    counts.lines += lines.length
  })
}

const server =
  mode === 'http'
    ? createHttpServer((request, response) => {
        request.on('data', count)
        request.on('end', () => {
          counts.requests++
          response.end()
        })
      })
    : createServer((socket) => {
        socket.on('error', () => undefined)
        if (mode === 'latency') times(socket)
        else socket.on('data', count)
      })
server.listen(Number(port), '127.0.0.1', () => console.log('ready'))

createInterface({ input: process.stdin }).on('line', () => {
  delays.sort((a, b) => a - b)
  const at = (share: number) => delays[Math.floor(share * (delays.length - 1))] ?? 0
  console.log(JSON.stringify({ ...counts, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) }))
})
process.stdin.on('end', () => process.exit(0))
