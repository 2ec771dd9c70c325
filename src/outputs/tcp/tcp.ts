/**
 * `tcp` sends records as lines over one connection, opened when there is something to send and opened again when it breaks.
 *
 * TCP without an application protocol tells when the kernel has taken the bytes, not when the other side has: what lies
 * in the kernel's buffers when a connection breaks is counted as delivered and may be lost.
 */

import { z } from 'zod'
import { type Batch, defineOutput, type Output, type SendResult } from '#component/output.ts'
import { signals } from '#telemetry/signal.ts'
import { addressOption, splitAddress } from '../address.ts'
import { connectionOptions, SocketConnection } from '../socket-connection.ts'

const config = z.strictObject({
  address: addressOption('Where to connect, as HOST:PORT.'),
  format: z.enum(['text', 'ndjson']).default('text').describe('Records as they are, or one JSON object a line.'),
  ...connectionOptions,
})

export const tcp = defineOutput({
  name: 'tcp',
  summary: 'Sends records as lines over a TCP connection.',
  // What is no text comes as JSON.
  signals,
  shape: 'stream',
  config,
  encoder: ({ format }) => ({ name: format }),
  create: (options) => new TcpOutput(options),
})

class TcpOutput implements Output {
  readonly #connection: SocketConnection

  constructor(options: z.output<typeof config>) {
    this.#connection = new SocketConnection({
      ...splitAddress(options.address),
      connectTimeoutMs: options.connect_timeout_ms,
      writeTimeoutMs: options.write_timeout_ms,
      keepAliveMs: options.keep_alive_ms,
    })
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    await this.#connection.stop()
  }

  async send(batch: Batch, signal: AbortSignal): Promise<SendResult> {
    return await this.#connection.send(batch.bytes, signal)
  }
}
