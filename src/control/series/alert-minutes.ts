/** What alert rules watch, minute by minute, out of the series. */
import type { AlertScope } from '#contract/alert.ts'
import { type MinuteObservation, matches } from '../alerts/source.ts'
import type { Db } from '../store/database.ts'
import { configurationsIn, type Range, type SumRow, sourceOf, sumsBy } from './reading.ts'
import { MINUTE_MS, minuteOf } from './spread.ts'

/**
 * The minutes in which some gateway of the scope was heard, oldest first. `uids`: of the gateways that the scope's pattern of
 * names fits; undefined where it has none.
 */
export async function alertMinutes(
  db: Db,
  org: string,
  scope: AlertScope,
  uids: readonly string[] | undefined,
  from: number,
  to: number,
): Promise<MinuteObservation[]> {
  const found = new Map<number, MinuteObservation>()
  for (const configuration of await configurationsIn(db, org, 'series_gateways')) {
    if (!matches(scope.configuration, configuration)) continue
    const range = { org, configuration, from: minuteOf(from), to, stepMs: MINUTE_MS }
    if (uids !== undefined) await addGateways(db, range, uids, found)
    else await addAll(db, range, scope, found)
  }
  return [...found.values()].sort((a, b) => a.at - b.at)
}

async function addGateways(
  db: Db,
  range: Range,
  uids: readonly string[],
  found: Map<number, MinuteObservation>,
): Promise<void> {
  const columns = ['in_records', 'in_bytes', 'out_records', 'out_bytes', 'bypassed_bytes', 'spool_bytes']
  const source = await sourceOf(db, range, 'series_gateways')
  const values = [...columns, 'refused_records', 'lost_records', 'held']
  const wanted = new Set(uids)
  for (const row of await sumsBy(db, source, ['at', 'gateway'], values, MINUTE_MS)) {
    if (!wanted.has(String(row['gateway']))) continue
    const minute = minuteIn(found, row)
    addTraffic(minute, row, 'out')
    addDelivery(minute, row, number(row, 'refused_records'), number(row, 'lost_records'))
  }
}

async function addAll(
  db: Db,
  range: Range,
  { pipeline, output }: AlertScope,
  found: Map<number, MinuteObservation>,
): Promise<void> {
  const heard = await sumsBy(db, await sourceOf(db, range, 'series_gateways'), ['at'], ['held'], MINUTE_MS)
  // A gateway was heard, so where there is no row there was nothing.
  for (const row of heard) {
    const minute = minuteIn(found, row)
    if (output === undefined) addTraffic(minute, {}, 'forwarded')
    if (pipeline === undefined) addDelivery(minute, {}, 0, 0)
  }
  if (output === undefined) {
    const columns = ['in_records', 'in_bytes', 'forwarded_records', 'forwarded_bytes', 'bypassed_bytes', 'held']
    const source = await sourceOf(db, range, 'series_pipelines')
    for (const row of await sumsBy(db, source, ['at', 'pipeline'], columns, MINUTE_MS))
      if (matches(pipeline, String(row['pipeline']))) addTraffic(minuteIn(found, row), row, 'forwarded')
  }
  if (pipeline !== undefined) return
  const columns = ['rejected_records', 'overwritten_records', 'expired_records', 'lost_records', 'spool_bytes']
  const source = await sourceOf(db, range, 'series_outputs')
  for (const row of await sumsBy(db, source, ['at', 'output'], columns, MINUTE_MS)) {
    if (!matches(output, String(row['output']))) continue
    const lost = number(row, 'overwritten_records') + number(row, 'expired_records') + number(row, 'lost_records')
    addDelivery(minuteIn(found, row), row, number(row, 'rejected_records'), lost)
  }
}

function minuteIn(found: Map<number, MinuteObservation>, row: SumRow): MinuteObservation {
  const at = number(row, 'at')
  let minute = found.get(at)
  if (minute === undefined) {
    minute = {
      at,
      in: null,
      out: null,
      bypassedBytes: null,
      held: false,
      spoolBytes: null,
      deadLetters: null,
      lost: null,
    }
    found.set(at, minute)
  }
  return minute
}

function addTraffic(minute: MinuteObservation, row: SumRow, out: 'out' | 'forwarded'): void {
  minute.in = sum(minute.in, number(row, 'in_records'), number(row, 'in_bytes'))
  minute.out = sum(minute.out, number(row, `${out}_records`), number(row, `${out}_bytes`))
  minute.bypassedBytes = (minute.bypassedBytes ?? 0) + number(row, 'bypassed_bytes')
  minute.held ||= number(row, 'held') > 0
}

function addDelivery(minute: MinuteObservation, row: SumRow, deadLetters: number, lost: number): void {
  minute.spoolBytes = (minute.spoolBytes ?? 0) + number(row, 'spool_bytes')
  minute.deadLetters = (minute.deadLetters ?? 0) + deadLetters
  minute.lost = (minute.lost ?? 0) + lost
}

const number = (row: SumRow, name: string): number => (row[name] as number | undefined) ?? 0

function sum(before: { records: number; bytes: number } | null, records: number, bytes: number) {
  return { records: (before?.records ?? 0) + records, bytes: (before?.bytes ?? 0) + bytes }
}
