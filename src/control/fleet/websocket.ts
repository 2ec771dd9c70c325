/** One WebSocket of an agent, or of a proxy with several behind it. */
import type { WebSocket } from 'ws'
import { decodeAgentToServer } from '#codecs/opamp/agent-to-server.ts'
import { framed, unframed } from '#codecs/opamp/frame.ts'
import type { ServerToAgent } from '#codecs/opamp/messages.ts'
import { encodeServerToAgent } from '#codecs/opamp/server-to-agent.ts'
import type { Logger } from '#observe/log.ts'
import type { AgentPrincipal } from './credentials.ts'
import type { Fleet } from './fleet.ts'
import type { AgentConnection } from './live.ts'
import { refusal } from './session.ts'

/** What waits in the socket; beyond it only the newest message of each kind is kept. */
const BUFFERED_BYTES_MAX = 4 * 1024 * 1024
const WAITING_MAX = 128
/** Messages of one socket that are under way; then it is not read from until they are answered. */
const UNDER_WAY_MAX = 64
const PROBE_MS = 5_000
const REASON_CHARACTERS_MAX = 100
const GOING_AWAY = 1001

export interface WebSocketOptions {
  fleet: Fleet
  principal: AgentPrincipal
  endpoint: string | undefined
  messageBytesMax: number
  log: Logger
}

export class AgentSocket implements AgentConnection {
  readonly transport = 'websocket' as const
  readonly principal: AgentPrincipal
  readonly endpoint: string | undefined
  readonly #socket: WebSocket
  readonly #fleet: Fleet
  readonly #log: Logger
  readonly #messageBytesMax: number
  /** By kind, in order. */
  readonly #waiting = new Map<string, ServerToAgent>()
  #underWay = 0
  #ponged = true
  #isClosing = false
  #probes: ((isAlive: boolean) => void)[] = []

  constructor(socket: WebSocket, { fleet, principal, endpoint, messageBytesMax, log }: WebSocketOptions) {
    this.principal = principal
    this.endpoint = endpoint
    this.#socket = socket
    this.#fleet = fleet
    this.#log = log
    this.#messageBytesMax = messageBytesMax
    socket.binaryType = 'nodebuffer'
    socket.on('message', (data: Buffer, isBinary) => this.#heard(data, isBinary))
    socket.on('pong', () => this.#pong())
    socket.on('error', (error) => log.debug({ error: error.message }, 'a socket of an agent failed'))
    socket.on('close', () => {
      this.#isClosing = true
      this.#settleProbes(false)
      fleet.disconnected(this)
    })
  }

  send(message: ServerToAgent): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    if (this.#socket.bufferedAmount > BUFFERED_BYTES_MAX) {
      this.#postpone(message)
      return
    }
    const bytes = encodeServerToAgent(message)
    if (bytes.length <= this.#messageBytesMax) {
      this.#socket.send(framed(bytes), { binary: true }, () => this.#sendWaiting())
      return
    }
    // The agent would close the connection, come again and get it again.
    this.#log.error({ bytes: bytes.length }, 'a message to an agent is longer than agents take; it was not sent')
  }

  probe(): Promise<boolean> {
    if (this.#socket.readyState !== this.#socket.OPEN) return Promise.resolve(false)
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(false), PROBE_MS)
      const settle = (isAlive: boolean) => {
        clearTimeout(timer)
        resolve(isAlive)
      }
      this.#probes.push(settle)
      this.#socket.ping()
    })
  }

  /** Called now and then: who has not answered the ping before is gone. */
  ping(): void {
    if (this.#ponged) this.#socket.ping()
    else this.#socket.terminate()
    this.#ponged = false
  }

  get isOpen(): boolean {
    return !this.#isClosing
  }

  close(reason: string): void {
    this.#isClosing = true
    this.#socket.close(GOING_AWAY, reason.slice(0, REASON_CHARACTERS_MAX))
  }

  terminate(): void {
    this.#socket.terminate()
  }

  #heard(data: Buffer, isBinary: boolean): void {
    const bytes = isBinary ? unframed(data) : undefined
    const decoded = bytes === undefined ? undefined : decodeAgentToServer(bytes)
    if (decoded?.ok !== true) {
      const error = decoded?.error
      const wrong = error === undefined ? 'begins with an unknown header' : `is ${error.code} at byte ${error.at}`
      this.send(refusal(new Uint8Array(0), `the message ${wrong}`))
      return
    }
    if (++this.#underWay >= UNDER_WAY_MAX) this.#socket.pause()
    const { instanceUid } = decoded.message
    this.#fleet
      .receive(this, decoded.message)
      .then((reply) => this.send(reply))
      .catch((error) => {
        this.#log.error({ error: String(error) }, 'a message of an agent could not be answered')
        this.send(refusal(instanceUid, 'the controller cannot answer at the moment', 30_000))
      })
      .finally(() => {
        if (this.#underWay-- >= UNDER_WAY_MAX) this.#socket.resume()
      })
  }

  #pong(): void {
    this.#ponged = true
    this.#settleProbes(true)
    this.#fleet.alive(this)
  }

  #settleProbes(isAlive: boolean): void {
    for (const settle of this.#probes.splice(0)) settle(isAlive)
  }

  #postpone(message: ServerToAgent): void {
    const kind = kindOf(message)
    this.#waiting.delete(kind)
    this.#waiting.set(kind, message)
    if (this.#waiting.size > WAITING_MAX) this.#waiting.delete(this.#waiting.keys().next().value!)
  }

  #sendWaiting(): void {
    for (const [kind, message] of this.#waiting) {
      if (this.#socket.bufferedAmount > BUFFERED_BYTES_MAX) return
      this.#waiting.delete(kind)
      this.send(message)
    }
  }
}

/** Messages of one kind and for one agent say the same thing, the newer one better. */
function kindOf({ instanceUid, flags: _, capabilities: __, customMessage, ...parts }: ServerToAgent): string {
  const names = Object.entries(parts).filter(([, part]) => part !== undefined)
  const custom =
    customMessage === undefined ? '' : `${customMessage.type} ${Buffer.from(customMessage.data).toString('latin1')}`
  return `${Buffer.from(instanceUid).toString('hex')} ${names.map(([name]) => name).join(' ')} ${custom}`
}
