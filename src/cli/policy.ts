import { type PublishPolicy, publishPolicy } from '#contract/configuration.ts'
import { StreamgateError } from '#contract/error.ts'
import { columns } from './columns.ts'
import type { Command } from './command.ts'
import { configurationFrom, configurationOptions } from './configuration-api.ts'

const NAMES = Object.keys(publishPolicy.shape) as (keyof PublishPolicy)[]

export const policy: Command = {
  name: 'policy',
  summary: 'Show or change what must hold for a version of a configuration to be published',
  usage: '[NAME=VALUE]...',
  positionals: { min: 0, max: NAMES.length },
  options: configurationOptions,
  examples: ['streamgate policy', 'streamgate policy require_receipt=true refuse_lost_errors=true max_age_minutes=30'],
  async run(flags, settings) {
    const configuration = configurationFrom(flags)
    const { body, etag } = await configuration.read()
    const changes = settings.map(changeFrom)
    const policy = { ...body.policy, ...Object.fromEntries(changes) }
    if (changes.length > 0) await configuration.setPolicy(policy, etag)
    process.stdout.write(flags['json'] === true ? `${JSON.stringify(policy)}\n` : policyText(policy))
    return 0
  },
}

/** `require_receipt=true`. Throws `StreamgateError`. */
export function changeFrom(setting: string): [string, unknown] {
  const [, name, text] = /^([a-z_]+)=(.*)$/.exec(setting) ?? []
  const known = NAMES.find((candidate) => candidate === name)
  if (known === undefined)
    throw new StreamgateError('SG_USAGE', `"${setting}" is no setting; known: ${NAMES.map((n) => `${n}=`).join(', ')}`)
  const value = text === 'true' ? true : text === 'false' ? false : /^\d+$/.test(text!) ? Number(text) : text
  const { success, error } = publishPolicy.shape[known].safeParse(value)
  if (success) return [known, value]
  throw new StreamgateError('SG_USAGE', `${known}: ${error.issues[0]!.message}`)
}

function policyText(policy: PublishPolicy): string {
  const rows = NAMES.map((name) => [name, String(policy[name]), publishPolicy.shape[name].description ?? ''])
  return columns([['SETTING', 'VALUE', 'MEANING'], ...rows])
}
