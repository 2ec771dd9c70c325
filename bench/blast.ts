/**
 * Sends load, as a process of its own so that its CPU is not counted: `blast.ts tcp PORT FILE CONNECTIONS REPEAT`,
 * `blast.ts paced PORT LINES_PER_SECOND SECONDS`, `blast.ts udp PORT COUNT RATE`, `blast.ts http PORT FILE CONNECTIONS
 * REQUESTS LINES_PER_BODY`, or `blast.ts requests PORT FILE CONNECTIONS REQUESTS`, whose file has whole requests, each
 * behind its length in 32 bits. Prints what it sent as JSON.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const CHUNK = 256 * 1024
/** A little less than what senders are asked to wait. */
const AGAIN_MS = 500

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  return socket
}

async function tcp(port: number, file: string, connections: number, repeat: number): Promise<object> {
  const bytes = readFileSync(file)
  const started = performance.now()
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = await open(port)
      for (let r = 0; r < repeat; r++) {
        for (let at = 0; at < bytes.length; at += CHUNK) {
          if (!socket.write(bytes.subarray(at, at + CHUNK))) await once(socket, 'drain')
        }
      }
      socket.end()
      await once(socket, 'close')
    }),
  )
  return { bytes: bytes.length * connections * repeat, seconds: (performance.now() - started) / 1000 }
}

/** Lines with their time of sending, so that a sink can tell how long they took. */
async function paced(port: number, rate: number, seconds: number): Promise<object> {
  const socket = await open(port)
  socket.setNoDelay(true)
  const started = performance.now()
  let sent = 0
  while (sent < rate * seconds) {
    const due = Math.min(rate * seconds, Math.floor(((performance.now() - started) / 1000) * rate))
    let text = ''
    for (; sent < due; sent++)
      text += `${(performance.timeOrigin + performance.now()).toFixed(3)} INFO checkout a line of the usual length that says nothing of note ${sent}\n`
    if (text !== '') socket.write(text)
    await sleep(1)
  }
  socket.end()
  await once(socket, 'close')
  return { lines: sent, seconds: (performance.now() - started) / 1000 }
}

async function udp(port: number, count: number, rate: number): Promise<object> {
  const socket = createSocket({ type: 'udp4', sendBufferSize: 4 << 20 })
  await new Promise<void>((resolve) => socket.connect(port, '127.0.0.1', resolve))
  const datagram = Buffer.from('api.request.duration:12|ms|#env:prod,svc:checkout,region:eu-1')
  const started = performance.now()
  let sent = 0
  while (sent < count) {
    const due = Math.min(count, Math.floor(((performance.now() - started) / 1000) * rate))
    for (; sent < due; sent++) socket.send(datagram)
    // Bursts of a millisecond's worth, as senders that buffer make them.
    await sleep(1)
  }
  const seconds = (performance.now() - started) / 1000
  await sleep(200)
  socket.close()
  return { datagrams: sent, seconds }
}

/** Bodies of lines, one request at a time on each connection, and how they were answered. */
async function http(port: number, file: string, connections: number, requests: number, lines: number): Promise<object> {
  return await send(port, requestsOf(readFileSync(file), lines), connections, requests)
}

/** `again`: what is answered with 503 is sent again until it is taken. */
async function send(
  port: number,
  all: readonly Buffer[],
  connections: number,
  requests: number,
  again = false,
): Promise<object> {
  const delays: number[] = []
  let next = 0
  let accepted = 0
  const started = performance.now()
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = await open(port)
      socket.setNoDelay(true)
      while (next < requests) {
        const sentAt = performance.now()
        const request = all[next++ % all.length]!
        socket.write(request)
        let answer = await answerOn(socket)
        while (again && answer.startsWith('HTTP/1.1 503 ')) {
          await sleep(AGAIN_MS)
          socket.write(request)
          answer = await answerOn(socket)
        }
        if (answer.startsWith('HTTP/1.1 20')) accepted++
        delays.push(performance.now() - sentAt)
      }
      socket.end()
      await once(socket, 'close')
    }),
  )
  const seconds = (performance.now() - started) / 1000
  delays.sort((a, b) => a - b)
  const at = (share: number) => delays[Math.floor(share * (delays.length - 1))] ?? 0
  return { requests, accepted, seconds, p50Ms: at(0.5), p99Ms: at(0.99) }
}

function requestsOf(bytes: Buffer, lines: number): Buffer[] {
  const all = bytes.toString('latin1').split('\n').slice(0, -1)
  const head = 'POST / HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-ndjson\r\nContent-Length: '
  return Array.from({ length: Math.floor(all.length / lines) }, (_, i) => {
    const body = `${all.slice(i * lines, (i + 1) * lines).join('\n')}\n`
    return Buffer.from(`${head}${body.length}\r\n\r\n${body}`, 'latin1')
  })
}

function preparedIn(bytes: Buffer): Buffer[] {
  const all: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32LE(at)
    all.push(bytes.subarray(at + 4, end))
    at = end
  }
  return all
}

/** The next answer as it came; a connection that ends before fails the run. */
async function answerOn(socket: Socket): Promise<string> {
  let text = ''
  for (;;) {
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    text += chunk.toString('latin1')
    const head = text.indexOf('\r\n\r\n')
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0)
    if (head !== -1 && text.length >= head + 4 + length) return text
  }
}

const [mode, port, ...rest] = process.argv.slice(2)
const numbers = rest.map(Number)
const sent =
  mode === 'tcp'
    ? await tcp(Number(port), rest[0]!, numbers[1]!, numbers[2]!)
    : mode === 'paced'
      ? await paced(Number(port), numbers[0]!, numbers[1]!)
      : mode === 'http'
        ? await http(Number(port), rest[0]!, numbers[1]!, numbers[2]!, numbers[3]!)
        : mode === 'requests'
          ? await send(Number(port), preparedIn(readFileSync(rest[0]!)), numbers[1]!, numbers[2]!, true)
          : await udp(Number(port), numbers[0]!, numbers[1]!)
console.log(JSON.stringify(sent))
