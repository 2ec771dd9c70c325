import { type GatewaySummary, gatewaySummary } from '#contract/fleet.ts'
import { apiFrom, apiOptions } from './api-client.ts'
import { columns, timeText } from './columns.ts'
import type { Command } from './command.ts'

export const gateways: Command = {
  name: 'gateways',
  summary: 'List the gateways of a controller: what they should run, what they run, and why that differs',
  usage: '',
  positionals: { min: 0, max: 0 },
  options: {
    ...apiOptions,
    configuration: { type: 'string', value: 'NAME', about: 'Only those that follow this configuration.' },
    state: { type: 'string', value: 'STATE', about: 'Only online, offline, in_sync, drift, failed or unhealthy ones.' },
    json: { type: 'boolean', about: 'JSON instead of text.' },
  },
  examples: ['streamgate gateways', 'streamgate gateways --state drift --json'],
  async run(flags) {
    const found: GatewaySummary[] = []
    const { configuration, state } = flags as Record<string, string | undefined>
    for await (const item of apiFrom(flags, process.env).list('/api/v1/gateways', { configuration, state }))
      found.push(gatewaySummary.parse(item))
    process.stdout.write(flags['json'] === true ? `${JSON.stringify(found)}\n` : gatewaysText(found))
    return 0
  },
}

export function gatewaysText(found: readonly GatewaySummary[]): string {
  if (found.length === 0) return 'there are no gateways\n'
  const rows = found.map((gateway) => [
    gateway.id,
    gateway.name,
    gateway.version,
    gateway.configuration,
    stateText(gateway),
    timeText(gateway.last_seen_at),
  ])
  return columns([['ID', 'NAME', 'VERSION', 'CONFIGURATION', 'STATE', 'LAST SEEN (UTC)'], ...rows])
}

function stateText({ online, in_sync, drift }: GatewaySummary): string {
  if (in_sync) return 'in sync'
  if (!online) return 'offline'
  return drift === null ? 'settling' : `drifted: ${drift.replace('_', ' ')}`
}
