/**
 * A NATS server with one stream, as far as publishing with acknowledgements goes (NATS client protocol; JetStream's
 * ADR-2). It is no HTTP vendor, but what a test finds is the same: `stored`, `violations`, `faults`. A message is the
 * payload.
 */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { nats as definition } from '#outputs/nats/nats.ts'
import type { Vendor } from './vendor-fake.ts'

/**
 * What happens to the next message instead of the server's own handling. A number is an error of JetStream by its
 * code. `reset` and `reset_after`: the connection breaks before or after it is stored. `hang`: no answer ever.
 * `no_responders`: no stream takes it. `stranger`: what answers is no stream. `forbidden`: the user may not publish it.
 */
export type NatsFault =
  | { status: number; code: number; description: string }
  | 'reset'
  | 'reset_after'
  | 'hang'
  | 'no_responders'
  | 'stranger'
  | 'forbidden'

interface Published {
  subject: string
  reply: string
  id: string | undefined
  payload: string
  /** Id of the subscription that the answers go to. */
  inbox: string
}

const MAX_PAYLOAD_BYTES = 1024 * 1024

export class NatsFake implements AsyncDisposable {
  /** Payloads that the stream holds, in order: those with an id that it knows are not stored again. */
  readonly stored: string[] = []
  readonly subjects: string[] = []
  readonly ids: string[] = []
  readonly violations: string[] = []
  readonly faults: NatsFault[] = []
  /** Connections that were made, and the most messages that waited for an answer at once. */
  connections = 0
  waitingMax = 0
  /** Holds answers back until `release`. */
  held: (() => void)[] | undefined
  readonly #known = new Set<string>()
  readonly #sockets = new Set<Socket>()
  readonly #server = createServer((socket) => this.#serve(socket))
  #waiting = 0

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  release(): void {
    for (const answer of this.held?.splice(0) ?? []) answer()
    this.held = undefined
  }

  #serve(socket: Socket): void {
    this.connections++
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
    const info = {
      server_id: 'F',
      version: '2.10.0',
      proto: 1,
      headers: true,
      max_payload: MAX_PAYLOAD_BYTES,
      jetstream: true,
    }
    socket.write(`INFO ${JSON.stringify(info)}\r\n`)
    let inbox = ''
    let buffered = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      buffered = Buffer.concat([buffered, chunk])
      for (;;) {
        const end = buffered.indexOf('\r\n')
        if (end === -1) return
        const [verb, ...words] = buffered.toString('latin1', 0, end).split(' ')
        let used = end + 2
        if (verb === 'HPUB') {
          const total = Number(words[3])
          if (buffered.length < used + total + 2) return
          const [subject, reply, headerBytes] = [words[0]!, words[1]!, Number(words[2])]
          const headers = buffered.toString('latin1', used, used + headerBytes)
          const payload = buffered.toString('utf8', used + headerBytes, used + total)
          if (total > MAX_PAYLOAD_BYTES) this.violations.push('above max_payload')
          const id = /Nats-Msg-Id: ?(\S+)/.exec(headers)?.[1]
          this.#publish(socket, { subject, reply, id, payload, inbox })
          used += total + 2
        } else if (verb === 'PING') socket.write('PONG\r\n')
        else if (verb === 'SUB') inbox = words.at(-1)!
        else if (verb !== 'CONNECT' && verb !== 'PONG' && verb !== 'UNSUB') this.violations.push(`${verb}`)
        buffered = buffered.subarray(used)
      }
    })
  }

  #publish(socket: Socket, { subject, reply, id, payload, inbox }: Published): void {
    const fault = this.faults.shift()
    if (!/^[^\s.*>]+(\.[^\s.*>]+)*$/.test(subject)) this.violations.push(`subject ${subject}`)
    if (id === undefined) this.violations.push('no id')
    this.#waiting++
    this.waitingMax = Math.max(this.waitingMax, this.#waiting)
    if (fault === 'forbidden') {
      this.#waiting--
      socket.write(`-ERR 'Permissions Violation for Publish to "${subject}"'\r\n`)
      return
    }
    if (fault === 'reset') socket.resetAndDestroy()
    const { head = '', body } = this.#answerTo(fault, subject, id ?? '', payload)
    if (fault === 'reset_after') socket.resetAndDestroy()
    if (fault === 'hang' || fault === 'reset' || fault === 'reset_after') return
    const send = () => {
      this.#waiting--
      const sizes = head === '' ? body.length : `${head.length} ${head.length + body.length}`
      socket.write(`${head === '' ? 'MSG' : 'HMSG'} ${reply} ${inbox} ${sizes}\r\n${head}${body}\r\n`)
    }
    if (this.held === undefined) send()
    else this.held.push(send)
  }

  #answerTo(
    fault: NatsFault | undefined,
    subject: string,
    id: string,
    payload: string,
  ): { head?: string; body: string } {
    if (fault === 'hang' || fault === 'reset') return { body: '' }
    if (fault === 'no_responders') return { head: 'NATS/1.0 503\r\n\r\n', body: '' }
    if (fault === 'stranger') return { body: 'hello' }
    if (typeof fault === 'object') {
      const { status, code, description } = fault
      return { body: JSON.stringify({ error: { code: status, err_code: code, description }, stream: 'S', seq: 0 }) }
    }
    const duplicate = this.#known.has(id)
    if (!duplicate) {
      this.#known.add(id)
      this.ids.push(id)
      this.subjects.push(subject)
      this.stored.push(payload)
    }
    return { body: JSON.stringify({ stream: 'S', seq: this.stored.length, ...(duplicate ? { duplicate } : {}) }) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

export const nats: Vendor<NatsFake> = {
  definition,
  start: () => new NatsFake().listen(),
  options: (fake) => ({ servers: [fake.url], subject: 'logs', format: 'text' }),
}
