import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { secretInfo } from '#contract/configuration.ts'
import { StreamgateError } from '#contract/error.ts'
import { Secret } from '#std/secret.ts'
import { type ApiClient, apiFrom, apiOptions } from './api-client.ts'
import { columns, timeText } from './columns.ts'
import type { Command } from './command.ts'
import { itemOf } from './configuration-api.ts'

const SECRETS = '/api/v1/secrets'
/** What the API takes. */
const VALUE_LENGTH_MAX = 16_384
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/

export const secret: Command = {
  name: 'secret',
  summary: 'Set, list and delete secrets, which configurations name as ${secret:NAME}',
  usage: 'set NAME | list | delete NAME',
  positionals: { min: 1, max: 2 },
  options: { ...apiOptions, json: { type: 'boolean', about: 'JSON instead of text.' } },
  examples: [
    'streamgate secret set datadog_key < key.txt',
    'streamgate secret list',
    'streamgate secret delete old_key',
  ],
  async run(flags, [verb, name]) {
    const client = apiFrom(flags, process.env)
    if (verb === 'list' && name === undefined) await list(client, flags['json'] === true)
    else if (verb === 'set' && name !== undefined) await set(client, name, flags['json'] === true)
    else if (verb === 'delete' && name !== undefined) {
      await client.call('DELETE', pathOf(name))
      process.stdout.write(flags['json'] === true ? `${JSON.stringify({ deleted: name })}\n` : `${name} is deleted\n`)
    } else throw new StreamgateError('SG_USAGE', 'secret takes "set NAME", "list" or "delete NAME"')
    return 0
  },
}

async function set(client: ApiClient, name: string, isJson: boolean): Promise<void> {
  const path = pathOf(name)
  const value = await readValue(process.stdin, name)
  const { body } = await client.call('PUT', path, { body: { value: value.reveal() }, schema: secretInfo })
  const users = body.used_by.length === 0 ? '' : `; used by ${body.used_by.join(', ')}`
  process.stdout.write(isJson ? `${JSON.stringify(body)}\n` : `${name} is set${users}\n`)
}

async function list(client: ApiClient, isJson: boolean): Promise<void> {
  const found = []
  for await (const item of client.list(SECRETS)) found.push(itemOf(item, secretInfo))
  if (isJson) process.stdout.write(`${JSON.stringify(found)}\n`)
  else if (found.length === 0) process.stdout.write('there are no secrets\n')
  else {
    const rows = found.map(({ name, updated_at: at, updated_by: by, used_by: users }) => {
      return [name, timeText(at), by, users.join(', ')]
    })
    process.stdout.write(columns([['NAME', 'SET (UTC)', 'BY', 'USED BY'], ...rows]))
  }
}

/** The name goes into the path; the server has the same rule. */
function pathOf(name: string): string {
  if (NAME.test(name)) return `${SECRETS}/${name}`
  throw new StreamgateError('SG_USAGE', 'the name of a secret has 1 to 128 letters, digits or _ . -')
}

/** Everything on standard input but one line end; what is typed does not show. Throws `StreamgateError`. */
async function readValue(input: NodeJS.ReadStream, name: string): Promise<Secret> {
  const text = input.isTTY ? await typed(input, name) : await piped(input)
  if (text === '') throw new StreamgateError('SG_USAGE', 'there is no value on standard input')
  return new Secret(text)
}

async function piped(input: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  try {
    for await (const chunk of input) {
      text += decoder.decode(chunk, { stream: true })
      if (text.length > VALUE_LENGTH_MAX + 2) break
    }
    text += decoder.decode()
  } catch {
    throw new StreamgateError('SG_USAGE', 'the value on standard input is not UTF-8: encode it, such as with base64')
  }
  const value = text.replace(/\r?\n$/, '')
  if (value.length <= VALUE_LENGTH_MAX) return value
  throw new StreamgateError('SG_USAGE', `the value is longer than ${VALUE_LENGTH_MAX} characters`)
}

async function typed(input: NodeJS.ReadStream, name: string): Promise<string> {
  process.stderr.write(`Value of ${name} (it does not show): `)
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input, output: nowhere, terminal: true })
  const interrupted = new AbortController()
  lines.on('SIGINT', () => interrupted.abort())
  try {
    return await lines.question('', { signal: interrupted.signal })
  } catch {
    throw new StreamgateError('SG_USAGE', 'nothing was set')
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}
