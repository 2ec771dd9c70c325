/**
 * `statsd` takes metrics of StatsD and DogStatsD clients over UDP, and over TCP and a Unix socket where asked to, adds
 * them up, and gives a point for each series at each flush. DogStatsD's events and service checks are logs.
 *
 * It adds up on the wire thread: that needs no rule, and is right whatever the number of engines. See
 * docs/decisions/0011.
 */
import { z } from 'zod'
import { defineSource, type Source, type SourceContext } from '#component/source.ts'
import { allowOption } from '#listeners/allow.ts'
import { ByteBudget } from '#listeners/byte-budget.ts'
import { listenOption, parseListen } from '#listeners/listen.ts'
import { connectionsMaxOption } from '#listeners/options.ts'
import { TcpListener } from '#listeners/tcp-listener.ts'
import { tlsOption } from '#listeners/tls.ts'
import { DatagramSource, receiveBufferOption } from '../datagram-source.ts'
import { LineFraming, type LineLimits } from '../line-framing.ts'
import { timerShapes } from './aggregator.ts'
import { Lines } from './lines.ts'
import { UnixListener } from './unix-listener.ts'

const MIB = 1024 * 1024
const count = (standard: number, min = 1) => z.number().int().min(min).max(0x7fff_ffff).default(standard)
const LINE_BYTES_MAX = 65_507
const BOUNDS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000]

const config = z
  .strictObject({
    listen: listenOption('0.0.0.0:8125'),
    ...allowOption,
    tcp: z
      .string()
      .refine((text) => parseListen(text) !== null, 'must be host:port, such as 0.0.0.0:8125')
      .optional()
      .describe('Address to listen on for connections as well; lines end with a newline.'),
    ...tlsOption,
    unix: z.string().min(1).max(100).optional().describe('Path of a Unix stream socket to listen on as well.'),
    unix_mode: z
      .string()
      .regex(/^[0-7]{3,4}$/, 'must be octal digits, such as 0660')
      .default('0660')
      .describe('Mode of its file: who may write to it may send.'),
    connections_max: connectionsMaxOption('more are closed at once'),
    idle_timeout_ms: count(600_000).describe('A TCP connection that sends nothing for this long is closed.'),
    receive_buffer_bytes: receiveBufferOption,
    flush_interval_ms: z
      .number()
      .int()
      .min(100)
      .max(3_600_000)
      .default(10_000)
      .describe('How often a point of each series goes out.'),
    gauge_expiry_ms: count(300_000).describe('A gauge that nobody sends is sent again at each flush for so long.'),
    signed_gauges: z
      .enum(['change', 'value'])
      .default('change')
      .describe(
        'What +1 and -1 of a gauge are: a change, as StatsD has it, or the value, as the Datadog Agent has it.',
      ),
    timers_as: z.enum(timerShapes).default('sketch').describe('What timers, histograms and distributions become.'),
    percentiles: z
      .array(z.number().gt(0).lt(1))
      .max(16)
      .default([])
      .describe('Of timers, such as 0.99: gauges NAME.p99 beside a sketch, or the quantiles of a summary.'),
    histogram_bounds: z
      .array(z.number())
      .min(1)
      .max(200)
      .refine((bounds) => bounds.every((bound, i) => i === 0 || bound > bounds[i - 1]!), 'must ascend')
      .default(BOUNDS)
      .describe('Upper bounds of the buckets of histograms.'),
    set_values_max: count(1_000).describe('Values of a set that are counted exactly; above, within about 1.6 %.'),
    origin_labels: z
      .boolean()
      .default(false)
      .describe('Whether the fields c: and e: of DogStatsD become labels container_id and external_data.'),
    series_max: z
      .number()
      .int()
      .min(1)
      .max(4_000_000)
      .default(1_000_000)
      .describe('Series at once; lines of further ones are counted as too_many_series and left out.'),
    memory_bytes_max: z
      .number()
      .int()
      .min(MIB)
      .max(8192 * MIB)
      .default(512 * MIB)
      .describe('Memory for series, their names and values; beyond it they are too many.'),
    unfinished_bytes_max: z
      .number()
      .int()
      .min(1024)
      .default(16 * MIB)
      .describe('Memory for the unfinished lines of all connections together.'),
  })
  .refine(({ tcp, tls }) => tls === undefined || tcp !== undefined, { error: 'goes with tcp only', path: ['tls'] })
export type StatsdOptions = z.output<typeof config>

export const statsd = defineSource({
  name: 'statsd',
  summary: 'Metrics of StatsD and DogStatsD clients, added up by series.',
  config,
  signals: ['metrics', 'logs'],
  create: (options, context) => new StatsdSource(options, context),
})

class StatsdSource implements Source {
  readonly #lines: Lines
  readonly #datagrams: DatagramSource
  readonly #listeners: (TcpListener | UnixListener)[] = []
  #stopped: Promise<void> | undefined

  constructor(options: StatsdOptions, context: SourceContext) {
    const lines = new Lines(options, context)
    this.#lines = lines
    this.#datagrams = new DatagramSource(options, context, lines)
    const limits: LineLimits = {
      lineBytesMax: LINE_BYTES_MAX,
      lineTooLong: 'drop',
      budget: new ByteBudget(options.unfinished_bytes_max),
      dropped: (bytes) => context.reject('line_too_long', 1, bytes, 'metrics'),
    }
    const { tcp, tls, unix, allow, connections_max, idle_timeout_ms } = options
    const frame = () => new LineFraming(lines, 0, limits)
    if (tcp !== undefined) {
      const listener = { listen: tcp, tls, allow, connections_max, idle_timeout_ms }
      this.#listeners.push(new TcpListener(context, listener, frame))
    }
    if (unix !== undefined) {
      const listener = { path: unix, mode: Number.parseInt(options.unix_mode, 8), connectionsMax: connections_max }
      this.#listeners.push(new UnixListener(listener, context, frame))
    }
  }

  async start(): Promise<void> {
    try {
      await this.#datagrams.start()
      for (const listener of this.#listeners) await listener.start()
    } catch (error) {
      await this.#close()
      throw error
    }
    this.#lines.start()
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#close().then(() => this.#lines.stop())
    return this.#stopped
  }

  address(): string {
    return this.#datagrams.address()
  }

  /** Where it listens for connections; for tests that asked for port 0. */
  tcpAddress(): string | undefined {
    return this.#listeners.find((listener) => listener instanceof TcpListener)?.address()
  }

  lostBefore(): number {
    return this.#datagrams.lostBefore()
  }

  async #close(): Promise<void> {
    await Promise.all([this.#datagrams.stop(), ...this.#listeners.map((listener) => listener.stop())])
  }
}
