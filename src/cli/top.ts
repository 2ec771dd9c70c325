import { z } from 'zod'
import { StreamgateError } from '#contract/error.ts'
import { type NodeStats, nodeStats } from '#contract/stats.ts'
import { systemClock } from '#std/clock.ts'
import { type ApiClient, apiFrom, apiOptions } from './api-client.ts'
import { ApiError } from './api-error.ts'
import type { Command } from './command.ts'
import { adminOption, ask } from './node-admin.ts'
import { paint } from './terminal.ts'
import { LiveTable } from './top-live.ts'
import { type Reading, type View, viewOf } from './top-rates.ts'
import {
  bytesText,
  countText,
  headLines,
  type Layout,
  percent,
  type Sorting,
  sortings,
  tableLines,
} from './top-table.ts'

type Flags = Record<string, string | boolean | undefined>

/** Where nobody looks, lines are not cut. */
const WIDTH_UNLIMITED = 10_000

export const top: Command = {
  name: 'top',
  summary: 'Show what pipelines, rules and outputs are doing, live',
  usage: '',
  positionals: { min: 0, max: 0 },
  options: {
    ...adminOption,
    ...apiOptions,
    interval: { type: 'string', value: 'SECONDS', about: 'Between two readings, 0.1 to 3600 (1).' },
    sort: { type: 'string', value: 'BY', about: `${sortings.join(', ')}. Key s changes it.` },
    once: { type: 'boolean', about: 'One table, from two readings, and the end.' },
    json: { type: 'boolean', about: 'JSON instead of a table, a line for each reading.' },
  },
  examples: [
    'streamgate top',
    'streamgate top --url https://controller.internal --sort bytes',
    'streamgate top --once --json',
  ],
  async run(flags) {
    const options = { intervalMs: intervalOf(flags), sorting: sortingOf(flags) }
    const read = readerFor(flags)
    const first = await read()
    const isLive = flags['once'] !== true && flags['json'] !== true && process.stdout.isTTY
    if (isLive) await live({ read, first, ...options })
    else await print(flags, read, first, options)
    return 0
  },
}

/** A controller where one is named, otherwise the node. */
function readerFor(flags: Flags): () => Promise<Reading> {
  const isController = flags['url'] !== undefined || (process.env['STREAMGATE_URL'] && flags['admin'] === undefined)
  const api = isController ? apiFrom(flags, process.env) : undefined
  return async () => {
    const nodes = api === undefined ? nodesOf(await ask<unknown>(flags, '/stats')) : await gateways(api)
    return { now: performance.now(), at: Date.now(), nodes }
  }
}

/** What gateways have told last, which is some seconds old; of a node in the controller's own process, what is now. */
async function gateways(api: ApiClient): Promise<NodeStats[]> {
  const nodes: NodeStats[] = []
  for await (const entry of api.list('/api/v1/stats/live'))
    nodes.push(...nodesOf((Object(entry) as { stats?: unknown }).stats))
  try {
    const [own] = nodesOf((await api.call('GET', '/api/v1/stats')).body)
    return own === undefined ? nodes : [own, ...nodes.filter(({ id }) => id !== own.id)]
  } catch (error) {
    if (error instanceof ApiError && error.status === 503) return nodes
    throw error
  }
}

const anyStats = z.union([nodeStats, z.array(nodeStats), z.object({ items: z.array(nodeStats) })])

/** Of one node, or of several. Throws `StreamgateError` when it is neither. */
export function nodesOf(answer: unknown): NodeStats[] {
  const { data } = anyStats.safeParse(answer)
  if (data === undefined) throw new StreamgateError('SG_USAGE', 'the answer is no statistics that this version knows')
  return Array.isArray(data) ? data : 'items' in data ? data.items : [data]
}

interface Options {
  intervalMs: number
  sorting: Sorting
}

async function live(options: Options & { read(): Promise<Reading>; first: Reading }): Promise<void> {
  const table = new LiveTable({ ...options, clock: systemClock, output: process.stdout, input: process.stdin })
  const stop = () => table.stop()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  // Whatever ends the program: the terminal is to be as it was.
  process.on('exit', stop)
  await table.run()
}

async function print(
  flags: Flags,
  read: () => Promise<Reading>,
  first: Reading,
  { intervalMs, sorting }: Options,
): Promise<void> {
  const isOnce = flags['once'] === true
  // Who reads has had enough.
  let isOpen = true
  process.stdout.on('error', () => {
    isOpen = false
  })
  for (let before = first; isOpen; ) {
    await new Promise((resolve) => setTimeout(resolve, intervalMs))
    const after = await read()
    const view = viewOf(before, after)
    before = after
    if (flags['json'] === true) process.stdout.write(`${JSON.stringify(view)}\n`)
    else process.stdout.write(isOnce ? tableText(view, sorting) : plainLines(view))
    if (isOnce) return
  }
}

function tableText(view: View, sorting: Sorting): string {
  const layout: Layout = {
    width: process.stdout.columns || WIDTH_UNLIMITED,
    sorting,
    reversed: false,
    now: view.at,
    paint: (format, text) => paint(format, text, process.stdout),
  }
  return `${[...headLines(view, layout), '', ...tableLines(view, layout)].join('\n')}\n`
}

/** A line for each pipeline, rule and output, for `grep` and files. */
export function plainLines({ at, nodes, pipelines, rules, outputs }: View): string {
  const time = new Date(at).toISOString()
  const of = (node: string) => (nodes.length > 1 ? ` node=${word(node)}` : '')
  const flow = (name: string, { records_per_s: records, bytes_per_s: bytes }: View['pipelines'][number]['in']) =>
    `${name}=${countText(records)}/s ${name}_bytes=${bytesText(bytes).replace(' ', '')}/s`
  const lines = [
    ...pipelines.map(({ node, id, state, in: taken, out, reduction, bypassed }) => {
      const less = reduction === null ? '–' : percent(reduction)
      const past = `bypassed=${countText(bypassed.records_per_s)}/s`
      return `pipeline ${word(id)}${of(node)} state=${state} ${flow('in', taken)} ${flow('out', out)} less=${less} ${past}`
    }),
    ...rules.map(({ node, pipeline, id, ended, edited, errors }) => {
      const did = `${flow('ended', ended)} edited=${countText(edited.records_per_s)}/s errors=${errors}`
      return `rule ${word(id)}${of(node)} pipeline=${word(pipeline)} ${did}`
    }),
    ...outputs.map(({ node, id, delivered, queue, spool, retries, dead_letters: dead, last_error: error }) => {
      const waits = `queue=${queue.bytes} spool=${spool?.bytes ?? '–'} retries=${retries} dead=${dead ?? '–'}`
      const failure = spool?.failure ?? error
      return `output ${word(id)}${of(node)} ${flow('sent', delivered)} ${waits} error=${failure === null ? '–' : word(failure.code)}`
    }),
  ]
  return lines.map((line) => `${time} ${line}\n`).join('')
}

/** Ids have no spaces, but names of nodes may. */
function word(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, '_')
}

function intervalOf(flags: Flags): number {
  const text = String(flags['interval'] ?? '1')
  const seconds = Number(text)
  if (/^\d{1,4}(\.\d+)?$/.test(text) && seconds >= 0.1 && seconds <= 3600) return seconds * 1000
  throw new StreamgateError('SG_USAGE', `--interval takes seconds, 0.1 to 3600, not "${text}"`)
}

function sortingOf(flags: Flags): Sorting {
  const asked = flags['sort'] ?? sortings[0]
  const found = sortings.find((sorting) => sorting === asked)
  if (found !== undefined) return found
  throw new StreamgateError('SG_USAGE', `--sort knows ${sortings.join(', ')}, not "${String(asked)}"`)
}
