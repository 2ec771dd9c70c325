/** Lays out what `streamgate top` shows, as lines of a given width. */
import { lineOf } from './node-admin.ts'
import type { paint } from './terminal.ts'
import type { Flow, NodeRow, OutputRow, PipelineRow, RuleRow, View } from './top-rates.ts'

export const sortings = ['configured', 'records', 'bytes', 'name'] as const
export type Sorting = (typeof sortings)[number]

export interface Layout {
  width: number
  sorting: Sorting
  reversed: boolean
  /** Unix milliseconds, for ages. */
  now: number
  /** Colours, or not. */
  paint(format: Parameters<typeof paint>[0], text: string): string
}

type Colour = Parameters<typeof paint>[0]

/** Text with its colour; without colours, and to measure, the text alone. */
interface Cell {
  text: string
  colour?: Colour
  /** Numbers stand to the right. */
  isNumber?: boolean
}

const NAME_WIDTH_MAX = 40
const GAP = '  '

/** The last one is a warning where something is wrong with a node as a whole. */
export function headLines({ nodes }: View, { width, now, paint }: Layout): string[] {
  return nodes.flatMap((node) => {
    const { engines, engines_running: running, engine_restarts: restarts } = node
    const parts = [
      paint('bold', cut(node.node, NAME_WIDTH_MAX)),
      node.version,
      `up ${ageText(now - node.started_at)}`,
      `configuration ${node.config.slice(0, 12)}`,
      colouredIf(running < engines, `engines ${running}/${engines}`, paint),
      ...(restarts === 0 ? [] : [colouredIf(true, `restarts ${restarts}`, paint)]),
      colouredIf(node.intake >= 0.8, `intake ${percent(node.intake)}`, paint),
    ]
    return [parts.join(GAP), ...complaintOf(node, width, paint)]
  })
}

function complaintOf({ last_error: error }: NodeRow, width: number, paint: Layout['paint']): string[] {
  return error === null ? [] : [paint('red', cut(`last reload failed: ${error}`, width))]
}

function colouredIf(isBad: boolean, text: string, paint: Layout['paint']): string {
  return isBad ? paint('red', text) : text
}

/** Tables of pipelines, rules and outputs, each with a head. */
export function tableLines(view: View, layout: Layout): string[] {
  const isFleet = view.nodes.length > 1
  const tables = [
    tableOf(
      PIPELINES,
      sorted(view.pipelines, ({ in: taken }) => taken, layout),
      isFleet,
      layout,
    ),
    tableOf(
      RULES,
      sorted(view.rules, ({ ended }) => ended, layout),
      isFleet,
      layout,
    ),
    tableOf(
      OUTPUTS,
      sorted(view.outputs, ({ delivered }) => delivered, layout),
      isFleet,
      layout,
    ),
  ]
  return tables.flatMap((lines, i) => (i === 0 ? lines : ['', ...lines]))
}

function sorted<Row extends { id: string }>(rows: readonly Row[], flow: (row: Row) => Flow, layout: Layout): Row[] {
  const keys: Record<Sorting, (a: Row, b: Row) => number> = {
    configured: () => 0,
    records: (a, b) => (flow(b).records_per_s ?? -1) - (flow(a).records_per_s ?? -1),
    bytes: (a, b) => (flow(b).bytes_per_s ?? -1) - (flow(a).bytes_per_s ?? -1),
    name: (a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
  }
  const list = rows.toSorted(keys[layout.sorting])
  return layout.reversed ? list.reverse() : list
}

type Column<Row> = readonly [head: string, cell: (row: Row, now: number) => Cell]

const PIPELINES: readonly Column<PipelineRow>[] = [
  ['PIPELINE', ({ id }) => ({ text: cut(id, NAME_WIDTH_MAX) })],
  ['STATE', ({ state }) => stateCell(state)],
  ['FOR', ({ since }, now) => number(ageText(now - since))],
  ['IN/S', ({ in: taken }) => number(countText(taken.records_per_s))],
  ['BYTES/S', ({ in: taken }) => number(bytesText(taken.bytes_per_s))],
  ['OUT/S', ({ out }) => number(countText(out.records_per_s))],
  ['BYTES/S', ({ out }) => number(bytesText(out.bytes_per_s))],
  ['LESS', ({ reduction }) => number(reduction === null ? NOTHING : percent(reduction))],
  [
    'BYPASSED/S',
    ({ bypassed: { records_per_s: rate } }) => ({ ...number(countText(rate)), ...redIf((rate ?? 0) > 0) }),
  ],
  ['IN FLIGHT', ({ in_flight_records: records }) => number(countText(records))],
]

const RULES: readonly Column<RuleRow>[] = [
  ['RULE', ({ id }) => ({ text: cut(id, NAME_WIDTH_MAX) })],
  ['TYPE', ({ type }) => ({ text: type })],
  ['PIPELINE', ({ pipeline }) => ({ text: cut(pipeline, NAME_WIDTH_MAX) })],
  ['ENDED/S', ({ ended }) => number(countText(ended.records_per_s))],
  ['BYTES/S', ({ ended }) => number(bytesText(ended.bytes_per_s))],
  ['EDITED/S', ({ edited }) => number(countText(edited.records_per_s))],
  ['ERRORS', ({ errors, errors_per_s: rate }) => ({ ...number(countText(errors)), ...redIf((rate ?? 0) > 0) })],
]

const OUTPUTS: readonly Column<OutputRow>[] = [
  ['OUTPUT', ({ id }) => ({ text: cut(id, NAME_WIDTH_MAX) })],
  ['TYPE', ({ type }) => ({ text: type })],
  ['SENT/S', ({ delivered }) => number(countText(delivered.records_per_s))],
  ['BYTES/S', ({ delivered }) => number(bytesText(delivered.bytes_per_s))],
  ['REFUSED/S', ({ rejected_records_per_s: rate }) => ({ ...number(countText(rate)), ...redIf((rate ?? 0) > 0) })],
  ['QUEUE', ({ queue }) => fillCell(queue)],
  ['SPOOL', ({ spool }) => (spool === null ? number(NOTHING) : spool.failure ? broken : fillCell(spool))],
  ['RETRIES', ({ retries, retries_per_s: rate }) => ({ ...number(countText(retries)), ...redIf((rate ?? 0) > 0) })],
  ['DEAD', ({ dead_letters: records }) => number(countText(records))],
  ['LAST ERROR', ({ last_error: error, spool }, now) => errorCell(spool?.failure ?? null, error, now)],
]

const NOTHING = '–'
const broken: Cell = { text: 'broken', colour: 'red', isNumber: true }

function number(text: string): Cell {
  return { text, isNumber: true }
}

function redIf(isBad: boolean): { colour?: Colour } {
  return isBad ? { colour: 'red' } : {}
}

/** Red: records go past rules, or wait because they may not. */
function stateCell(state: PipelineRow['state']): Cell {
  if (state === 'normal') return { text: state, colour: 'green' }
  return { text: state, colour: state === 'bypass' || state === 'hold' ? 'red' : 'yellow' }
}

function fillCell({ bytes, bytes_max: most }: { bytes: number; bytes_max: number }): Cell {
  const share = most > 0 ? bytes / most : 0
  const colour: { colour?: Colour } = share >= 0.8 ? { colour: 'red' } : share >= 0.5 ? { colour: 'yellow' } : {}
  return { ...number(bytes === 0 ? '0' : `${bytesText(bytes)} ${percent(share)}`), ...colour }
}

function errorCell(
  failure: { code: string; message: string } | null,
  error: OutputRow['last_error'],
  now: number,
): Cell {
  if (failure !== null) return { text: `disk: ${failure.code} ${failure.message}`, colour: 'red' }
  if (error === null) return { text: '' }
  return { text: `${error.code} ${ageText(now - error.at)} ago: ${error.message}`, colour: 'red' }
}

function tableOf<Row extends { node: string }>(
  own: readonly Column<Row>[],
  rows: readonly Row[],
  isFleet: boolean,
  { width, now, paint }: Layout,
): string[] {
  const node: Column<Row> = ['NODE', (row) => ({ text: cut(row.node, NAME_WIDTH_MAX) })]
  const columns = isFleet ? [node, ...own] : own
  const cells = rows.map((row) => columns.map(([, cell]) => cell(row, now)))
  const widths = columns.map(([head], i) => Math.max(head.length, ...cells.map((row) => row[i]!.text.length)))
  const isNumber = columns.map((_, i) => cells[0]?.[i]?.isNumber === true)
  const line = (row: readonly Cell[]) => {
    let room = width
    let text = ''
    for (const [i, { text: content, colour }] of row.entries()) {
      if (room <= 0) break
      const isLast = i === row.length - 1
      const padded = isNumber[i] ? content.padStart(widths[i]!) : isLast ? content : content.padEnd(widths[i]!)
      const shown = cut(padded, room)
      text += colour === undefined ? shown : paint(colour, shown)
      room -= shown.length + GAP.length
      if (!isLast && room > 0) text += GAP
    }
    return text.trimEnd()
  }
  const head = line(columns.map(([text]) => ({ text, colour: 'bold' as const })))
  return rows.length === 0 ? [head, paint('dim', 'none')] : [head, ...cells.map(line)]
}

/** One line, not longer than `width`. */
function cut(text: string, width: number): string {
  return lineOf({ text }, width)
}

/** `0`, `0.3`, `12`, `1.2k`, `3.4M` */
export function countText(value: number | null): string {
  if (value === null) return NOTHING
  return scaled(value, 1000, ['', 'k', 'M', 'G', 'T'])
}

/** `0`, `12 B`, `3.4 KiB` */
export function bytesText(value: number | null): string {
  if (value === null) return NOTHING
  return value === 0 ? '0' : scaled(value, 1024, [' B', ' KiB', ' MiB', ' GiB', ' TiB'])
}

function scaled(value: number, step: number, units: readonly string[]): string {
  let rest = Math.abs(value)
  let unit = 0
  // What would be shown as 1000 of one unit is one of the next.
  while (rest >= step - 0.5 && unit < units.length - 1) {
    rest /= step
    unit++
  }
  const digits = rest === 0 || rest >= 9.95 ? 0 : 1
  return `${value < 0 ? '-' : ''}${rest.toFixed(digits).replace(/\.0$/, '')}${units[unit]}`
}

export function percent(share: number): string {
  const value = share * 100
  return `${Math.abs(value) >= 9.95 || value === 0 ? value.toFixed(0) : value.toFixed(1)}%`
}

/** `5s`, `12m`, `3h`, `4d` */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 120) return `${seconds}s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`
}
