import { z } from 'zod'
import { StreamgateError } from '#contract/error.ts'
import { fates, observedRecord } from '#contract/observation.ts'
import { type ApiClient, apiFrom, type Query } from './api-client.ts'
import { plain } from './api-error.ts'
import type { Command } from './command.ts'
import { configurationOptions, type Flags, numberFrom } from './configuration-api.ts'
import type { ServerEvent } from './sse.ts'
import { recordLine, shownText } from './tap-text.ts'
import { paint } from './terminal.ts'

const PATH = '/api/v1/tap'
const RATE_MAX = 1000
const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

export const tap: Command = {
  name: 'tap',
  summary: 'Show records as they go through the rules of gateways, before and after, redacted by these rules',
  usage: '',
  positionals: { min: 0, max: 0 },
  options: {
    ...configurationOptions,
    pipeline: { type: 'string', value: 'ID', about: 'Only of this pipeline.' },
    rule: { type: 'string', value: 'ID', about: 'Only what this rule ended or edited.' },
    when: {
      type: 'string',
      value: 'JSON',
      about: 'Only what fulfils this condition, as it came in; written as in rules.',
    },
    fate: { type: 'string', value: 'FATE', about: `Only what ended so: ${fates.join(', ')}.` },
    gateway: { type: 'string', value: 'ID', about: 'Only of this gateway.' },
    rate: { type: 'string', value: 'N', about: `Records a second and gateway, 1 to ${RATE_MAX} (20).` },
    limit: { type: 'string', value: 'N', about: 'Ends after so many records.' },
    for: { type: 'string', value: 'DURATION', about: 'Ends after this time, such as 30s or 5m.' },
    raw: { type: 'boolean', about: 'As they came, unredacted. Needs the permission tap:raw and --reason.' },
    reason: { type: 'string', value: 'TEXT', about: 'Why unredacted; stands in the audit log.' },
  },
  examples: [
    'streamgate tap --pipeline default_pipeline --limit 20',
    'streamgate tap --rule drop_debug --for 30s',
    `streamgate tap --when '{"field":"service","equals":"checkout"}' --fate dropped --json`,
  ],
  async run(flags) {
    const query = queryOf(flags)
    const limit =
      flags['limit'] === undefined ? Number.POSITIVE_INFINITY : numberFrom(String(flags['limit']), '--limit')
    const forMs = flags['for'] === undefined ? undefined : durationFrom(String(flags['for']))
    const stop = new AbortController()
    const end = () => stop.abort()
    // A second one ends the program as usual.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end)
    process.stdout.on('error', end)
    const timer = forMs === undefined ? undefined : setTimeout(end, forMs)
    try {
      const write = (text: string) => void process.stdout.write(text)
      const options = { query, limit, isJson: flags['json'] === true, signal: stop.signal }
      const note = (text: string) => void process.stderr.write(text)
      const { shown, skipped, reason } = await watch(apiFrom(flags, process.env), options, write, note)
      const why = reason === undefined ? '' : `; it was ended: ${plain(reason)}`
      process.stderr.write(`${shownText(shown, skipped)}${why}\n`)
    } finally {
      clearTimeout(timer)
    }
    return 0
  },
}

const batch = z.object({ gateway: z.string(), records: z.array(observedRecord), skipped: z.number() })
/** Without a gateway: of the whole tap. */
const ending = z.object({ gateway: z.string().nullish(), reason: z.string() })

export interface Watched {
  shown: number
  /** Records that fitted and were not shown. */
  skipped: number
  /** Why the tap was ended; undefined when it was us. */
  reason: string | undefined
}

/**
 * Until `limit` records are shown, the tap is ended, or `signal` aborts. A gateway that ends its part is only noted, unless
 * it is the one that was asked for: others may have more to show. Rejects with `StreamgateError`.
 */
export async function watch(
  client: ApiClient,
  { query, limit, isJson, signal }: { query: Query; limit: number; isJson: boolean; signal: AbortSignal },
  write: (text: string) => void,
  note: (text: string) => void,
): Promise<Watched> {
  const watched: Watched = { shown: 0, skipped: 0, reason: undefined }
  for await (const event of client.events(PATH, { query, signal })) {
    if (event.event === 'end') {
      const { gateway, reason } = dataOf(event, ending)
      if (gateway == null || query['gateway'] !== undefined) return { ...watched, reason }
      note(`gateway ${plain(gateway)} shows no more: ${plain(reason)}\n`)
    }
    // Of other kinds there may be more one day.
    if (event.event !== 'records') continue
    const { gateway, records, skipped } = dataOf(event, batch)
    watched.skipped += skipped
    for (const record of records) {
      if (watched.shown === limit) watched.skipped++
      else {
        watched.shown++
        write(isJson ? `${JSON.stringify({ gateway, ...record })}\n` : `${recordLine(gateway, record, paintOut)}\n`)
      }
    }
    if (watched.shown === limit) return watched
  }
  if (signal.aborted) return watched
  throw new StreamgateError('SG_USAGE', `the controller at ${client.url} went away; start the tap again`)
}

function dataOf<Schema extends z.ZodType>({ event, data }: ServerEvent, schema: Schema): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(data))
  } catch {
    throw new StreamgateError('SG_USAGE', `the controller sends "${event}" in a form that this version does not know`)
  }
}

/** What the API is asked. Throws `StreamgateError`. */
export function queryOf(flags: Flags): Query {
  const { pipeline, rule, when, fate, gateway, rate, raw, reason, configuration = 'default' } = flags
  if (fate !== undefined && !fates.some((known) => known === fate))
    throw new StreamgateError('SG_USAGE', `--fate knows ${fates.join(', ')}, not "${String(fate)}"`)
  if (raw === true && !String(reason ?? '').trim())
    throw new StreamgateError('SG_USAGE', '--raw needs a --reason: it stands in the audit log')
  if (raw !== true && reason !== undefined) throw new StreamgateError('SG_USAGE', '--reason goes with --raw')
  return {
    configuration,
    pipeline,
    rule,
    when: when === undefined ? undefined : conditionFrom(String(when)),
    fate,
    gateway,
    per_second_max: rate === undefined ? undefined : numberFrom(String(rate), '--rate', RATE_MAX),
    raw,
    reason,
  }
}

/** As JSON without spaces. The gateway knows which fields there are. */
function conditionFrom(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text))
  } catch (error) {
    throw new StreamgateError('SG_USAGE', `--when is not JSON: ${(error as Error).message}`)
  }
}

/** In milliseconds. Throws `StreamgateError`. */
export function durationFrom(text: string): number {
  const [, number, unit] = /^(\d{1,6}(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? []
  const duration = unit === undefined ? 0 : Number(number) * UNITS_MS[unit]!
  if (duration >= 1 && duration <= 24 * UNITS_MS['h']!) return duration
  throw new StreamgateError('SG_USAGE', `--for takes a time of at most a day, such as 30s, 5m or 1h, not "${text}"`)
}

function paintOut(format: Parameters<typeof paint>[0], text: string): string {
  return paint(format, text, process.stdout)
}
