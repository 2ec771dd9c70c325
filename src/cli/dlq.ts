import { StreamgateError } from '#contract/error.ts'
import type { ListedDeadLetter, Replayed } from '#contract/kept.ts'
import type { Command } from './command.ts'
import { adminOption, ask, jsonOption, lineOf, queryOf, table, timeText } from './node-admin.ts'

const VERBS = ['list', 'show', 'replay', 'drop'] as const
const MESSAGE_WIDTH = 80

type Flags = Record<string, string | boolean | undefined>

export const dlq: Command = {
  name: 'dlq',
  summary: 'Look at what outputs refused for good, send it again, or drop it',
  usage: 'list | show ID | replay [ID…] | drop [ID…]',
  positionals: { min: 1, max: 1000 },
  options: {
    output: { type: 'string', value: 'ID', about: 'Only of this output.' },
    code: { type: 'string', value: 'CODE', about: 'Only with this reason, such as http_400.' },
    all: { type: 'boolean', about: 'Replay or drop all there are.' },
    limit: { type: 'string', value: 'N', about: 'How many to list (100).' },
    ...jsonOption,
    ...adminOption,
  },
  examples: [
    'streamgate dlq list',
    'streamgate dlq list --output dd --code http_400',
    'streamgate dlq show 17',
    'streamgate dlq replay --output dd',
    'streamgate dlq drop --all',
  ],
  async run(flags, [verb, ...rest]) {
    const ids = rest.map(idOf)
    switch (verb as (typeof VERBS)[number]) {
      case 'list':
        return await list(flags)
      case 'show':
        return await show(flags, ids)
      case 'replay':
        return await replay(flags, ids)
      case 'drop':
        return await drop(flags, ids)
      default:
        throw new StreamgateError('SG_USAGE', `dlq knows ${VERBS.join(', ')}, not "${verb}"`)
    }
  },
}

async function list(flags: Flags): Promise<number> {
  if (flags['output'] === undefined && flags['code'] === undefined) return await summary(flags)
  const letters = await ask<ListedDeadLetter[]>(flags, `/dead-letters?${queryOf(flags, ['output', 'code', 'limit'])}`)
  if (flags['json'] === true) return print(`${JSON.stringify(letters)}\n`)
  const rows = letters.map(({ id, at, output, code, bytes, message }) => [
    id,
    timeText(at),
    output,
    code,
    bytes,
    lineOf({ text: message }, MESSAGE_WIDTH),
  ])
  return print(rows.length === 0 ? NONE : table(['ID', 'WHEN', 'OUTPUT', 'REASON', 'BYTES', 'MESSAGE'], rows))
}

async function summary(flags: Flags): Promise<number> {
  const groups = await ask<
    { output: string; code: string; records: number; bytes: number; oldest: number; newest: number }[]
  >(flags, '/dead-letters/summary')
  if (flags['json'] === true) return print(`${JSON.stringify(groups)}\n`)
  const rows = groups.map(({ output, code, records, bytes, oldest, newest }) => [
    output,
    code,
    records,
    bytes,
    timeText(oldest),
    timeText(newest),
  ])
  return print(rows.length === 0 ? NONE : table(['OUTPUT', 'REASON', 'RECORDS', 'BYTES', 'OLDEST', 'NEWEST'], rows))
}

async function show(flags: Flags, ids: number[]): Promise<number> {
  const [id] = ids
  if (id === undefined || ids.length > 1)
    throw new StreamgateError('SG_USAGE', 'show takes one ID; `dlq list --output …` tells them')
  const [letter] = await ask<ListedDeadLetter[]>(flags, `/dead-letters?id=${id}`)
  if (letter === undefined) throw new StreamgateError('SG_USAGE', `there is no dead letter ${id}`)
  if (flags['json'] === true) return print(`${JSON.stringify(letter)}\n`)
  const { output, kind, at, code, message, text, base64 } = letter
  return print(
    `${output} (${kind}) refused it at ${timeText(at)}\n${code}: ${lineOf({ text: message }, 500)}\n\n${text ?? base64}\n`,
  )
}

async function replay(flags: Flags, ids: number[]): Promise<number> {
  const { replayed, skipped, reason } = await ask<Replayed>(flags, '/dead-letters/replay', selection(flags, ids))
  const left = skipped === 0 ? '' : `; ${skipped} stay where they are: ${reason}`
  print(`${replayed} sent again${left}\n`)
  return skipped === 0 ? 0 : 1
}

async function drop(flags: Flags, ids: number[]): Promise<number> {
  const { dropped } = await ask<{ dropped: number }>(flags, '/dead-letters/drop', selection(flags, ids))
  return print(`${dropped} dropped\n`)
}

function selection(flags: Flags, ids: number[]) {
  const { output, code, all } = flags
  if (output === undefined && code === undefined && all !== true && ids.length === 0)
    throw new StreamgateError('SG_USAGE', 'say which: IDs, --output, --code, or --all')
  return {
    ...(output === undefined ? {} : { output }),
    ...(code === undefined ? {} : { code }),
    ...(ids.length === 0 ? {} : { ids }),
    ...(all === true ? { all } : {}),
  }
}

const NONE = 'There are no dead letters.\n'

function idOf(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new StreamgateError('SG_USAGE', `"${text}" is not the ID of a dead letter`)
  return Number(text)
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}
