import { StreamgateError } from '#contract/error.ts'
import { registrationTokenCreated } from '#contract/fleet.ts'
import { type ApiClient, apiFrom, apiOptions } from './api-client.ts'
import type { Command } from './command.ts'

const VERBS = ['retry', 'restart', 'revoke'] as const

export const gateway: Command = {
  name: 'gateway',
  summary: 'Add a gateway by a registration token, offer it a failed version again, restart it, or lock it out',
  usage: 'token NAME | retry ID | restart ID | revoke ID',
  positionals: { min: 2, max: 2 },
  options: {
    ...apiOptions,
    configuration: { type: 'string', value: 'NAME', about: 'Of a token: which configuration its gateways follow.' },
    uses: { type: 'string', value: 'N', about: 'Of a token: how many gateways may register with it.' },
    json: { type: 'boolean', about: 'JSON instead of text.' },
  },
  examples: [
    'streamgate gateway token eu-west --uses 10',
    'streamgate gateway retry 019a2f6e-8c4b-7d15-9a0c-2b8f4e6d1a37',
  ],
  async run(flags, [verb, subject]) {
    const client = apiFrom(flags, process.env)
    if (verb === 'token') await addToken(client, String(subject), flags)
    else if ((VERBS as readonly unknown[]).includes(verb)) {
      await client.call('POST', `/api/v1/gateways/${encodeURIComponent(String(subject))}/${verb}`, { body: {} })
      process.stdout.write(flags['json'] === true ? '{}\n' : `${verb}: asked for\n`)
    } else throw new StreamgateError('SG_USAGE', 'gateway takes "token NAME", "retry ID", "restart ID" or "revoke ID"')
    return 0
  },
}

async function addToken(
  client: ApiClient,
  name: string,
  flags: Record<string, string | boolean | undefined>,
): Promise<void> {
  const uses = flags['uses'] === undefined ? null : Number(flags['uses'])
  const body = { name, configuration: flags['configuration'] ?? null, uses_max: uses }
  const { body: created } = await client.call('POST', '/api/v1/registration-tokens', {
    body,
    schema: registrationTokenCreated,
  })
  if (flags['json'] === true) {
    process.stdout.write(`${JSON.stringify(created)}\n`)
    return
  }
  process.stdout.write(`${created.token}\n`)
  process.stderr.write('Shown this once. On the gateway: OPAMP_TOKEN=… streamgate node --opamp-endpoint URL\n')
}
