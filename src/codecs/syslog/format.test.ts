import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { Block } from '#telemetry/block.ts'
import type { FieldValue } from '#telemetry/format.ts'
import { allOf, type BlockOptions, blockOf } from '#test/support/blocks.ts'
import { SyslogFormat, syslogFormat } from './format.ts'
import { SyslogMessage } from './message.ts'
import { Zone } from './zone.ts'

const SEED = 20_260_131
const ARRIVAL = Date.UTC(2026, 0, 31, 8, 15, 31)

function messagesOf(records: readonly (string | Uint8Array)[], options: BlockOptions = {}): Block {
  return blockOf(records, { ...options, context: { arrivalMs: ARRIVAL, format: syslogFormat, ...options.context } })
}

function lookUp(record: string | Uint8Array, name: string): string | undefined {
  return textOf(syslogFormat.lookup(name).find(messagesOf([record]), 0))
}

function textOf(value: FieldValue | undefined): string | undefined {
  return value === undefined ? undefined : Buffer.from(value.text.slice(value.from, value.to), 'latin1').toString()
}

function jsonOf(records: readonly (string | Uint8Array)[], options: BlockOptions = {}): Record<string, unknown>[] {
  const into = new Block()
  const block = messagesOf(records, options)
  block.context.format.toJson(block, into)
  return allOf(into).map((json) => JSON.parse(Buffer.from(json, 'latin1').toString()) as Record<string, unknown>)
}

function linesOf(file: string): Buffer[] {
  const bytes = readFileSync(file)
  const lines: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(0x0a, at)
    lines.push(bytes.subarray(at, end))
    at = end + 1
  }
  return lines
}

test('syslog: what devices write, as JSON (golden/messages.json; UPDATE_GOLDEN=1 writes it)', () => {
  const file = (name: string) => fileURLToPath(new URL(`golden/${name}`, import.meta.url))
  const got = jsonOf(linesOf(file('messages.txt')))
  const golden = file('messages.json')
  if (process.env['UPDATE_GOLDEN'] === '1') {
    writeFileSync(golden, `[\n${got.map((each) => `  ${JSON.stringify(each)}`).join(',\n')}\n]\n`)
  }
  assert.ok(existsSync(golden))
  assert.deepEqual(got, JSON.parse(readFileSync(golden, 'utf8')))
})

const MODERN =
  '<131>1 2026-01-31T08:15:30.1+01:00 web-1 shop 17 ORDER ' +
  '[o@32473 user="ann" path="a\\\\b\\]\\"" x/y="1"][p team="pay"] ' +
  '{"level":"debug","message":"inner","user":"bob","n":{"m":5},"attributes":{"k":true}}'
const MESSAGE = MODERN.slice(MODERN.indexOf('{'))
const OLD = '<34>Oct 11 22:14:15 mymachine su[7]: failed for lonvick'

test('syslog: fields of the header, of structured data, and of a message that is JSON', () => {
  const cases: [record: string, name: string, value: string | undefined][] = [
    [MODERN, 'level', 'error'],
    [MODERN, 'severity', 'err'],
    [MODERN, 'facility', 'local0'],
    [MODERN, 'version', '1'],
    [MODERN, 'timestamp', '2026-01-31T08:15:30.1+01:00'],
    [MODERN, 'host', 'web-1'],
    [MODERN, 'service', 'shop'],
    [MODERN, 'app_name', 'shop'],
    [MODERN, 'app_name/', 'shop'],
    [MODERN, 'proc_id', '17'],
    [MODERN, 'msg_id', 'ORDER'],
    [MODERN, 'message', MESSAGE],
    [MODERN, 'o@32473/user', 'ann'],
    [MODERN, 'structured_data/o@32473/user', 'ann'],
    [MODERN, 'p/user', undefined],
    [MODERN, 'user', 'ann'],
    [MODERN, 'team', 'pay'],
    [MODERN, 'o@32473/path', 'a\\b]"'],
    [MODERN, 'o@32473/x/y', '1'],
    [MODERN, 'message/user', 'bob'],
    [MODERN, 'message/level', 'debug'],
    [MODERN, 'message/n/m', '5'],
    [MODERN, 'n/m', '5'],
    [MODERN, 'n', undefined],
    [MODERN, 'k', 'true'],
    [MODERN, 'constructor', undefined],
    [OLD, 'level', 'crit'],
    [OLD, 'facility', 'auth'],
    [OLD, 'host', 'mymachine'],
    [OLD, 'service', 'su'],
    [OLD, 'proc_id', '7'],
    [OLD, 'message', 'failed for lonvick'],
    [OLD, 'timestamp', 'Oct 11 22:14:15'],
    [OLD, 'version', undefined],
    [OLD, 'msg_id', undefined],
    ['<13>@cee: {"service":"shop"}', 'service', 'shop'],
    ['nothing', 'message', 'nothing'],
    ['nothing', 'level', undefined],
    ['{"level":"warn","host":"h"}', 'level', 'warn'],
    ['{"level":"warn","host":"h"}', 'host', 'h'],
    ['<14>1 - - - - - - \ufeffx', 'message', 'x'],
    ['<14>1 - - - - - -', 'message', ''],
    ['<14>1 - - - - - -', 'host', undefined],
    ['<14>1 broken', 'message', '<14>1 broken'],
    ['<14>1 broken', 'level', 'info'],
  ]
  for (const [record, name, value] of cases) assert.equal(lookUp(record, name), value, `${name} of ${record}`)
})

test('syslog: a piece of a message that was cut says so', () => {
  assert.deepEqual(jsonOf(['<13>half'], { context: { truncated: true } }), [
    { message: 'half', level: 'notice', facility: 'user', truncated: true },
  ])
})

test('syslog: the levels of all severities', () => {
  assert.deepEqual(
    Array.from({ length: 8 }, (_, severity) => [
      lookUp(`<${severity}>x`, 'level'),
      lookUp(`<${severity}>x`, 'severity'),
    ]),
    [
      ['emerg', 'emerg'],
      ['alert', 'alert'],
      ['crit', 'crit'],
      ['error', 'err'],
      ['warn', 'warning'],
      ['notice', 'notice'],
      ['info', 'info'],
      ['debug', 'debug'],
    ],
  )
})

test('syslog: a time without a year is the latest that is not of the future', () => {
  const timestampOf = (text: string, arrivalMs: number) =>
    jsonOf([`<13>${text} h a: m`], { context: { arrivalMs } })[0]!['timestamp']
  const newYear = Date.UTC(2026, 0, 1, 0, 0, 5)
  const cases: [text: string, arrival: number, timestamp: string | undefined][] = [
    ['Dec 31 23:59:59', newYear, '2025-12-31T23:59:59.000Z'],
    ['Jan  1 00:00:01', newYear, '2026-01-01T00:00:01.000Z'],
    ['Jan  1 00:00:01', newYear - 10_000, '2026-01-01T00:00:01.000Z'],
    ['Jan 8 00:00:01', newYear, '2026-01-08T00:00:01.000Z'],
    ['Jan 09 00:00:01', newYear, '2025-01-09T00:00:01.000Z'],
    ['Feb 29 12:00:00', newYear, '2024-02-29T12:00:00.000Z'],
    ['Feb 30 12:00:00', newYear, undefined],
    ['Jan  1 2019 00:00:01.123456', newYear, '2019-01-01T00:00:01.123456Z'],
    ['Jan  1 00:00:01.5', newYear, '2026-01-01T00:00:01.500Z'],
    ['2026-01-01T01:00:00', newYear, '2026-01-01T01:00:00.000Z'],
  ]
  for (const [text, arrival, timestamp] of cases) assert.equal(timestampOf(text, arrival), timestamp, text)
})

test('syslog: a time without a zone is of the zone that was set, in summer and in winter', () => {
  const context = { format: new SyslogFormat(new Zone('Europe/Berlin')), arrivalMs: Date.UTC(2026, 7, 1) }
  const times = ['Jan 31 08:15:30', 'Jul 31 08:15:30', '2026-07-01T08:00:00', '2026-07-01T08:00:00+05:00']
  const got = jsonOf(
    times.map((time) => `<13>${time} h a: m`),
    { context },
  )
  assert.deepEqual(
    got.map(({ timestamp }) => timestamp),
    ['2026-01-31T07:15:30.000Z', '2026-07-31T06:15:30.000Z', '2026-07-01T06:00:00.000Z', '2026-07-01T03:00:00.000Z'],
  )
  const zone = new Zone('+05:30')
  assert.equal(zone.utcOf(Date.UTC(2026, 0, 1, 5, 30)), Date.UTC(2026, 0, 1))
  assert.throws(() => new Zone('Nowhere/None'), RangeError)
})

test('syslog: a mark goes into JSON, or into structured data of our own, or nowhere', () => {
  const cases: [before: string, after: string][] = [
    ['<14>1 - h a - - - text', '<14>1 - h a - - [streamgate@32473 rate="10"] text'],
    ['<14>1 - h a - - -', '<14>1 - h a - - [streamgate@32473 rate="10"]'],
    ['<14>1 - h a - - [x y="1"] text', '<14>1 - h a - - [x y="1"][streamgate@32473 rate="10"] text'],
    [
      '<14>1 - h a - - [streamgate@32473 n="1"][x y="\\]"] t',
      '<14>1 - h a - - [streamgate@32473 n="1" rate="10"][x y="\\]"] t',
    ],
    ['<14>1 - h a - - [x][streamgate@32473 n="1"]', '<14>1 - h a - - [x][streamgate@32473 n="1" rate="10"]'],
    ['<14>1 - h a - - [streamgate@32473 rate="2"] t', '<14>1 - h a - - [streamgate@32473 rate="2"] t'],
    ['<14>1 - h a - - no data', '<14>1 - h a - - [streamgate@32473 rate="10"] no data'],
    ['<14>1 - h a - - - {"a":1}', '<14>1 - h a - - - {"rate":10,"a":1}'],
    ['<14>1 - h a - - [x a="{"] {}', '<14>1 - h a - - [x a="{"] {"rate":10}'],
    ['<14>Jan 31 08:15:30 h a: {"rate":1}', '<14>Jan 31 08:15:30 h a: {"rate":1}'],
    ['<14>Jan 31 08:15:30 h a: text', '<14>Jan 31 08:15:30 h a: text'],
    ['text', 'text'],
  ]
  const block = messagesOf(cases.map(([before]) => before))
  for (let i = 0; i < block.count; i++) syslogFormat.annotate(block, i, 'rate', 10)
  block.commitEdits()
  assert.deepEqual(
    allOf(block),
    cases.map(([, after]) => after),
  )
  const odd = messagesOf(['<14>1 - h a - - - text'])
  syslogFormat.annotate(odd, 0, 'a name', 1)
  assert.equal(odd.hasEdits, false)
})

test(`syslog: what is written as RFC 5424 is read as that, whatever its parts (seed ${SEED})`, () => {
  const name = (max: number) => fc.stringMatching(/^[!-~]+$/, { maxLength: max }).filter((text) => text !== '-')
  const sdName = fc.stringMatching(/^[!#-<>-\\^-~]{1,32}$/)
  const part = (max: number) => fc.option(name(max), { nil: undefined })
  const content = fc.string({ unit: 'binary', maxLength: 40 })
  const message = fc.record({
    priority: fc.integer({ min: 0, max: 191 }),
    host: part(255),
    app: part(48),
    proc: part(128),
    id: part(32),
    data: fc.dictionary(sdName, fc.dictionary(sdName, content, { maxKeys: 3 }), { maxKeys: 3 }),
    text: content.filter((text) => !text.startsWith('\ufeff')),
  })
  fc.assert(
    fc.property(message, ({ priority, host, app, proc, id, data, text }) => {
      const escaped = (value: string) => value.replace(/["\\\]]/g, '\\$&')
      const elements = Object.entries(data).map(([element, parameters]) => {
        const written = Object.entries(parameters).map(([key, value]) => ` ${key}="${escaped(value)}"`)
        return `[${element}${written.join('')}]`
      })
      const header = [host, app, proc, id].map((each) => each ?? '-').join(' ')
      const structure = elements.length === 0 ? '-' : elements.join('')
      const record = Buffer.from(`<${priority}>1 2026-01-31T08:15:30.123456Z ${header} ${structure} ${text}`)
      const parsed = new SyslogMessage()
      parsed.read(record, 0, record.length)
      assert.equal(parsed.form, 'rfc5424')
      assert.equal(parsed.isStrict, true)
      const [json] = jsonOf([record])
      assert.deepEqual(json, {
        message: record.subarray(record.length - Buffer.byteLength(text)).toString(),
        timestamp: '2026-01-31T08:15:30.123456Z',
        level: json!['level'],
        facility: json!['facility'],
        ...(host === undefined ? {} : { host }),
        ...(app === undefined ? {} : { service: app }),
        ...(proc === undefined ? {} : { proc_id: proc }),
        ...(id === undefined ? {} : { msg_id: id }),
        ...(elements.length === 0
          ? {}
          : {
              structured_data: JSON.parse(
                JSON.stringify(data, (_, value) => (typeof value === 'string' ? Buffer.from(value).toString() : value)),
              ),
            }),
      })
      for (const [element, parameters] of Object.entries(data))
        for (const [key, value] of Object.entries(parameters))
          assert.equal(lookUp(record, `structured_data/${element}/${key}`), Buffer.from(value).toString())
    }),
    { seed: SEED, numRuns: 300 },
  )
})

test('syslog: hostile structured data and names take linear time', () => {
  const many = Array.from({ length: 20_000 }, (_, i) => `[e${i % 7} p${i}="${i}"]`).join('')
  const open = '[a b="'.repeat(20_000)
  const records = [
    `<1>1 - - - - - ${many} x`,
    `<1>1 - - - - - ${open}`,
    `<1>${'x['.repeat(50_000)}`,
    '<'.repeat(100_000),
  ]
  const started = process.cpuUsage()
  jsonOf(records)
  for (const record of records) for (const name of ['p19999', 'e3/p17', 'host', 'message']) lookUp(record, name)
  const { user } = process.cpuUsage(started)
  assert.ok(user < 2e6, `${user} µs`)
})
