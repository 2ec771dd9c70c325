import { StreamgateError } from '#contract/error.ts'
import type { ListedDroppedRecord, Replayed } from '#contract/kept.ts'
import type { Command } from './command.ts'
import { adminOption, ask, jsonOption, lineOf, queryOf, table, timeText } from './node-admin.ts'

const VERBS = ['list', 'replay'] as const
const LINE_WIDTH = 200
const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

type Flags = Record<string, string | boolean | undefined>

export const dropped: Command = {
  name: 'dropped',
  summary: 'Look at what rules dropped, and send it after all (needs keep_dropped on the pipeline)',
  usage: 'list | replay --rule ID',
  positionals: { min: 1, max: 1 },
  options: {
    rule: { type: 'string', value: 'ID', about: 'Only what this rule dropped.' },
    pipeline: { type: 'string', value: 'ID', about: 'Only of this pipeline.' },
    since: { type: 'string', value: 'AGE', about: 'Replay what was dropped in the last 90s, 15m, 2h or 1d.' },
    limit: { type: 'string', value: 'N', about: 'How many to list (100).' },
    ...jsonOption,
    ...adminOption,
  },
  examples: [
    'streamgate dropped list',
    'streamgate dropped list --rule drop_debug',
    'streamgate dropped replay --rule drop_debug --since 15m',
  ],
  async run(flags, [verb]) {
    if (verb === 'list') return await (flags['rule'] === undefined ? summary(flags) : list(flags))
    if (verb === 'replay') return await replay(flags)
    throw new StreamgateError('SG_USAGE', `dropped knows ${VERBS.join(', ')}, not "${verb}"`)
  },
}

async function summary(flags: Flags): Promise<number> {
  const rules = await ask<
    { pipeline: string; rule: string; records: number; bytes: number; oldest: number; newest: number }[]
  >(flags, '/dropped/summary')
  if (flags['json'] === true) return print(`${JSON.stringify(rules)}\n`)
  const rows = rules.map(({ pipeline, rule, records, bytes, oldest, newest }) => [
    pipeline,
    rule,
    records,
    bytes,
    timeText(oldest),
    timeText(newest),
  ])
  const none = 'Nothing is kept of what rules dropped; see keep_dropped of a pipeline.\n'
  return print(rows.length === 0 ? none : table(['PIPELINE', 'RULE', 'RECORDS', 'BYTES', 'OLDEST', 'NEWEST'], rows))
}

async function list(flags: Flags): Promise<number> {
  const query = queryOf(flags, ['pipeline', 'rule', 'limit'])
  const records = await ask<ListedDroppedRecord[]>(flags, `/dropped?${query}`)
  if (flags['json'] === true) return print(records.map((record) => `${JSON.stringify(record)}\n`).join(''))
  if (records.length === 0) return print(`Nothing is kept that rule "${flags['rule']}" dropped.\n`)
  return print(records.map((record) => `${timeText(record.at)}  ${lineOf(record, LINE_WIDTH)}\n`).join(''))
}

async function replay(flags: Flags): Promise<number> {
  const { rule, pipeline, since } = flags
  if (rule === undefined) throw new StreamgateError('SG_USAGE', 'say which rule: --rule ID')
  const selection = {
    rule,
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(since === undefined ? {} : { since: Date.now() - ageOf(String(since)) }),
  }
  const { replayed, skipped, reason } = await ask<Replayed>(flags, '/dropped/replay', selection)
  const left = reason === undefined ? '' : `; ${skipped} or more stay where they are: ${reason}`
  print(`${replayed} sent after all${left}\n`)
  return reason === undefined ? 0 : 1
}

function ageOf(text: string): number {
  const match = /^(\d{1,9})([smhd])$/.exec(text)
  if (match === null) throw new StreamgateError('SG_USAGE', `"${text}" is no age: 90s, 15m, 2h, 1d`)
  return Number(match[1]) * UNITS[match[2]!]!
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}
