/**
 * `statsd` sends points as lines of StatsD or DogStatsD over UDP, TCP or a Unix stream socket. Nothing is answered:
 * what the kernel has taken counts as delivered.
 */
import { z } from 'zod'
import { Envelope, refusals, Task } from '#codecs/metric/envelope.ts'
import { withValue } from '#codecs/statsd/encoder.ts'
import { type Batch, defineOutput, type Output, type Refusal, type SendResult } from '#component/output.ts'
import { concat } from '#std/bytes.ts'
import { addressOption, splitAddress } from '../address.ts'
import { DatagramSender } from '../datagram-sender.ts'
import { RunningSums, seriesMaxOption } from '../running-sums.ts'
import { connectionOptions, SocketConnection } from '../socket-connection.ts'
import { failed, notRunning } from '../socket-writer.ts'
import { datagramsOf, type Lines } from './datagrams.ts'

const DATAGRAM_BYTES_MAX = 65_507

const config = z
  .strictObject({
    address: addressOption('').optional().describe('Where to send, as HOST:PORT.'),
    path: z.string().min(1).max(100).optional().describe('Path of a Unix stream socket, instead of an address.'),
    transport: z.enum(['udp', 'tcp']).default('udp').describe('What carries the lines to an address.'),
    dialect: z
      .enum(['dogstatsd', 'statsd'])
      .default('dogstatsd')
      .describe('With statsd, labels are left out: series that differ in nothing else become one.'),
    tags: z
      .array(z.string().regex(/^[^,|\n]+$/, 'must hold no comma, no | and no line end'))
      .max(100)
      .default([])
      .describe('Tags for all lines, such as env:prod.'),
    datagram_bytes_max: z
      .int()
      .min(64)
      .max(DATAGRAM_BYTES_MAX)
      .default(1432)
      .describe('Lines go into one datagram up to here; a longer line goes alone. 1432 fits into an Ethernet frame.'),
    ...seriesMaxOption,
    ...connectionOptions,
  })
  .refine(({ address, path }) => (address === undefined) !== (path === undefined), {
    error: 'takes either an address or a path',
    path: ['address'],
  })
type Options = z.output<typeof config>

export const statsd = defineOutput({
  name: 'statsd',
  summary: 'Sends metrics to a StatsD server.',
  shape: 'request',
  config,
  signals: ['metrics'],
  encoder: ({ dialect, tags }) => ({ name: 'statsd_lines', options: { dogstatsd: dialect === 'dogstatsd', tags } }),
  batch: { maxRecords: 2_000, maxBytes: 512 * 1024, maxWaitMs: 500 },
  create: (options) => new StatsdOutput(options),
})

class StatsdOutput implements Output {
  readonly #options: Options
  readonly #sums: RunningSums
  #way: SocketConnection | DatagramSender | undefined

  constructor(options: Options) {
    this.#options = options
    this.#sums = new RunningSums(options.series_max)
  }

  async start(): Promise<void> {
    const { address, path, transport, connect_timeout_ms, write_timeout_ms, keep_alive_ms } = this.#options
    const { host, port } = address === undefined ? { host: '', port: 0 } : splitAddress(address)
    if (path === undefined && transport === 'udp') this.#way = new DatagramSender(host, port, connect_timeout_ms)
    else {
      this.#way = new SocketConnection({
        host,
        port,
        ...(path === undefined ? {} : { path }),
        connectTimeoutMs: connect_timeout_ms,
        writeTimeoutMs: write_timeout_ms,
        keepAliveMs: keep_alive_ms,
      })
    }
  }

  async stop(): Promise<void> {
    const way = this.#way
    this.#way = undefined
    await way?.stop()
  }

  async send(batch: Batch, signal: AbortSignal): Promise<SendResult> {
    const way = this.#way
    if (way === undefined) return notRunning
    if (signal.aborted) return failed('aborted', 'stopped before sending')
    const refused: Refusal[] = []
    const lines = this.#linesOf(batch, refused)
    const result = await (way instanceof SocketConnection
      ? way.send(concat(lines.map(({ bytes }) => bytes)), signal)
      : this.#sendDatagrams(way, lines, signal))
    return this.#settled(batch, result, refused)
  }

  /** Lines by record; what is refused has none. */
  #linesOf(batch: Batch, refused: Refusal[]): Lines[] {
    const lines: Lines[] = []
    const point = new Envelope()
    for (let record = 0; record < batch.records; record++) {
      if (!point.read(batch.bytes, record === 0 ? 0 : batch.ends[record - 1]!, batch.ends[record]!)) {
        refused.push({ record, code: 'malformed', message: 'the record is no point' })
      } else if (point.task === Task.REFUSE) {
        refused.push({ record, ...refusals[point.detail]! })
      } else if (point.task === Task.SEND) {
        lines.push({ record, bytes: point.bytes.subarray(point.bodyFrom, point.bodyTo) })
      } else if (point.task === Task.TO_DELTA) {
        const told = this.#sums.deltaOf(point)
        if (told.kind === 'refused') refused.push({ record, code: told.code, message: told.message })
        else if (told.kind === 'value') lines.push({ record, bytes: withValue(point, told.value) })
      }
    }
    return lines
  }

  /** A record whose datagrams did not all go through is sent again. */
  async #sendDatagrams(way: DatagramSender, lines: readonly Lines[], signal: AbortSignal): Promise<SendResult> {
    const { batch, recordsOf } = datagramsOf(lines, this.#options.datagram_bytes_max)
    if (batch.records === 0) return { ok: true }
    const result = await way.send(batch, signal)
    if (result.ok !== 'partly') return result
    const retry = [...new Set(result.retry.flatMap((datagram) => recordsOf[datagram]!))].sort((a, b) => a - b)
    return { ...result, retry }
  }

  #settled(batch: Batch, result: SendResult, refused: Refusal[]): SendResult {
    // What is refused stays so when it comes again with the others.
    if (result.ok === false) return result
    const retry = result.ok === 'partly' ? result.retry : []
    const again = new Set(retry)
    const point = new Envelope()
    for (let record = 0; record < batch.records; record++) {
      if (again.has(record)) continue
      if (point.read(batch.bytes, record === 0 ? 0 : batch.ends[record - 1]!, batch.ends[record]!)) {
        this.#sums.settle(point)
      }
    }
    if (retry.length === 0 && refused.length === 0) return { ok: true }
    const first = refused[0]
    const { code, message } = result.ok === 'partly' ? result : { code: first!.code, message: first!.message }
    return { ok: 'partly', retry, refused, code, message }
  }
}
