/**
 * Makes the impact receipt of a candidate: a pure function of a sample, of what replays of both chains did to it, and
 * of what is known of rules and prices. Work and memory grow with the records of the sample, which who calls bounds.
 */
import type { Receipt } from '#contract/receipt.ts'
import { amountOf } from './comparison.ts'
import { bySeverity } from './groups.ts'
import type { ReceiptInput, ReceiptPipeline } from './input.ts'
import { CONFIDENCE } from './interval.ts'
import { notCoveredOf } from './not-covered.ts'
import { PipelineAccount } from './pipeline-account.ts'
import { unsampledRedactions } from './redactions.ts'
import { MINUTE_MS, MONTH_DAYS, spannedMs, strataOf } from './strata.ts'
import { Totals } from './totals.ts'

const STATEMENT =
  'Uniform sample without replacement, one stratum per window. Records: share of the sample scaled to what was seen, ' +
  'Wilson interval. Bytes and money: ratio estimate to bytes in, normal interval with finite ' +
  'population correction; below 30 hits widened by the Wilson interval; windows of different ' +
  'weight are combined by MOVER. A month is the traffic of the windows, extrapolated: ' +
  'that traffic changes over a month is in no interval. Bytes out are counted before compression.'

/** Fields with a row in the receipt, the most frequent first. */
const VANISHED_MAX = 100

export function impactReceipt(input: ReceiptInput): Receipt {
  const compared = input.pipelines.filter(isSampled)
  const strata = compared.flatMap(({ samples }) => strataOf(samples))
  const totals = new Totals(compared, strata)
  let first = 0
  const accounts = compared.map((pipeline) => {
    const account = new PipelineAccount({ pipeline, traits: input.traits, strata, first, totals })
    first += pipeline.samples.reduce((sum, { windows }) => sum + windows.length, 0)
    return account
  })
  const windows = compared.flatMap(({ samples }) => samples.flatMap((sample) => sample.windows))
  const notReproduced = accounts.reduce((sum, account) => sum + account.notReproduced, 0)
  const clipped = accounts.reduce((sum, account) => sum + account.clipped, 0)
  const ownRules = accounts.flatMap(({ id, ownRules: rules }) =>
    rules.size === 0 ? [] : [{ pipeline: id, rules: [...rules].sort() }],
  )
  const byPipelineAndFrequency = accounts.flatMap((account) => account.vanished())
  byPipelineAndFrequency.sort((a, b) => b.records.value - a.records.value)
  return {
    version: 1,
    made_at: input.now,
    live: input.live,
    candidate: input.candidate,
    sample: {
      records: windows.reduce((sum, { records }) => sum + records.length, 0),
      seen: {
        records: windows.reduce((sum, { seen }) => sum + seen.records, 0),
        bytes: windows.reduce((sum, { seen }) => sum + seen.bytes, 0),
      },
      from: windows.reduce((least, { from }) => Math.min(least, from), input.now),
      to: windows.reduce((most, { to }) => Math.max(most, to), 0),
      windows: windows.length,
      minutes:
        compared.flatMap(({ samples }) => samples).reduce((most, of) => Math.max(most, spannedMs(of)), 0) / MINUTE_MS,
      gateways: input.gateways,
      not_reproduced: notReproduced,
    },
    method: { confidence: CONFIDENCE, month_days: MONTH_DAYS, statement: STATEMENT },
    in: amountOf(totals.in),
    out: totals.out.compared(),
    month: { in: amountOf(totals.in, true), out: totals.out.compared(true) },
    money: totals.money.perMonth(input.prices, input.now),
    rules: accounts.flatMap((account) => account.rules()),
    services: totals.services.rows(),
    severities: bySeverity(totals.severities.rows()),
    lost_errors: totals.lostErrors(),
    vanished_fields: byPipelineAndFrequency.slice(0, VANISHED_MAX),
    redactions: [
      ...accounts.flatMap((account) => account.redactions()),
      ...unsampledRedactions(input.pipelines, isSampled),
    ],
    cpu: compared.map(({ id, replayed }) => ({
      pipeline: id,
      live_ns_per_record: replayed!.live.cpu_ns_per_record,
      candidate_ns_per_record: replayed!.candidate.cpu_ns_per_record,
    })),
    not_covered: notCoveredOf(input, { notReproduced, clipped, ownRules }),
  }
}

/** It runs on both sides, and there is a sample of it. */
function isSampled({ signal, live, candidate, replayed }: ReceiptPipeline): boolean {
  return signal === 'logs' && live !== undefined && candidate !== undefined && replayed !== undefined
}
