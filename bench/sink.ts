/**
 * Swallows and counts, as a process of its own: `sink.ts tcp|http|latency|numbered|silent PORT`. Each line on stdin asks for
 * the counts, which it prints as JSON. `latency` reads the time of sending off each line and keeps the differences; `numbered`
 * takes HTTP bodies of lines that begin with a number and counts each number; `silent` takes requests and never answers.
 */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

const [mode, port] = process.argv.slice(2)
const counts = { bytes: 0, lines: 0, requests: 0 }
const delays: number[] = []

/** Bytes only, read into one buffer: cheap, so that little is taken from what is measured. */
function count(chunk: Uint8Array): void {
  counts.bytes += chunk.length
}

/** How often each number came. */
let arrivals = new Uint32Array(1 << 20)

const NEWLINE = 0x0a
const SPACE = 0x20
const ZERO = 0x30

function countNumbers(body: Buffer): void {
  for (let at = 0; at < body.length; ) {
    let number = 0
    for (; body[at] !== SPACE; at++) number = number * 10 + body[at]! - ZERO
    if (number >= arrivals.length) {
      const larger = new Uint32Array(2 * number)
      larger.set(arrivals)
      arrivals = larger
    }
    arrivals[number]!++
    counts.lines++
    const end = body.indexOf(NEWLINE, at)
    at = end === -1 ? body.length : end + 1
  }
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk) => {
    count(chunk)
    if (mode === 'numbered') chunks.push(chunk)
  })
  request.on('end', () => {
    counts.requests++
    if (mode === 'numbered') countNumbers(Buffer.concat(chunks))
    if (mode !== 'silent') response.end()
  })
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
  mode === 'tcp' || mode === 'latency'
    ? createServer((socket) => {
        socket.on('error', () => undefined)
        if (mode === 'latency') times(socket)
        else socket.on('data', count)
      })
    : createHttpServer(answer)
server.listen(Number(port), '127.0.0.1', () => console.log('ready'))

createInterface({ input: process.stdin }).on('line', () => {
  delays.sort((a, b) => a - b)
  const at = (share: number) => delays[Math.floor(share * (delays.length - 1))] ?? 0
  const numbers = arrivals.filter((times) => times > 0)
  const seen = {
    numbers: numbers.length,
    fewest: numbers.reduce((a, b) => Math.min(a, b), Number.MAX_SAFE_INTEGER),
    most: numbers.reduce((a, b) => Math.max(a, b), 0),
  }
  console.log(JSON.stringify({ ...counts, ...seen, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) }))
})
process.stdin.on('end', () => process.exit(0))
