import { receiptText } from '#contract/receipt-text.ts'
import { ApiError } from './api-error.ts'
import { changeCounts, changeText } from './change-text.ts'
import type { Command } from './command.ts'
import {
  type ConfigurationApi,
  configurationFrom,
  configurationOptions,
  type StoredReceipt,
} from './configuration-api.ts'
import { fileOption, givenBy, located } from './given-document.ts'

/** With `--exit-code`. */
const CHANGES = 2

export const exitCodeOption = {
  'exit-code': { type: 'boolean', about: `Exit code ${CHANGES} when there are changes, 0 when there are none.` },
} as const

export const plan: Command = {
  name: 'plan',
  summary: 'Tell what a file would change if it were applied and published, and what that would do to the traffic',
  usage: '',
  positionals: { min: 0, max: 0 },
  options: {
    ...configurationOptions,
    ...fileOption,
    'no-receipt': { type: 'boolean', about: 'Asks no gateway for records.' },
    ...exitCodeOption,
  },
  examples: ['streamgate plan -f streamgate.yaml', 'streamgate plan -f configuration/ --json --exit-code'],
  async run(flags) {
    const configuration = configurationFrom(flags)
    const given = await givenBy(flags)
    const { draft, live } = await located(given, '/document', () => configuration.plan(given.value))
    const isAsked = live.length > 0 && flags['no-receipt'] !== true
    const { receipt, reason } = isAsked ? await receiptOf(configuration, given.value) : {}
    if (flags['json'] === true) {
      process.stdout.write(`${JSON.stringify({ live, draft, receipt: receipt ?? null, no_receipt: reason })}\n`)
    } else {
      const { body: state } = await configuration.read()
      const beside = state.live_version === null ? 'nothing live' : `live version ${state.live_version}`
      process.stdout.write(`${changeText(live)}Beside ${beside} of ${configuration.name}: ${changeCounts(live)}\n`)
      process.stdout.write(`Beside its draft: ${changeCounts(draft)}\n`)
      if (receipt !== undefined) process.stdout.write(`\n${receiptText(receipt.receipt)}`)
      else if (reason !== undefined) process.stdout.write(`No impact receipt: ${reason}\n`)
    }
    return exitCodeOf(live, flags)
  },
}

export function exitCodeOf(entries: readonly unknown[], flags: Record<string, unknown>): number {
  return flags['exit-code'] === true && entries.length > 0 ? CHANGES : 0
}

/** A plan is good without a receipt, too: then it says why there is none. */
async function receiptOf(
  configuration: ConfigurationApi,
  document: unknown,
): Promise<{ receipt?: StoredReceipt; reason?: string }> {
  try {
    const receipt = await configuration.receipt({ document })
    return receipt.receipt.sample.gateways.answered === 0 ? { reason: 'no gateway has answered' } : { receipt }
  } catch (error) {
    if (error instanceof ApiError) return { reason: error.detail }
    throw error
  }
}
