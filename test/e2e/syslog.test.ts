/**
 * Syslog in, rules on its level, its structured data and its text, and out again: byte for byte as text, and in a
 * vendor's shape.
 */
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { Program, temporaryFolder } from '#test/support/program.ts'
import { TcpSink } from '#test/support/sinks.ts'
import { DatadogFake } from '#test/support/vendors/datadog.ts'
import { SyslogFake } from '#test/support/vendors/syslog.ts'

const KEPT = [
  '<131>1 2026-01-31T08:15:30.123456+01:00 web-1 shop 17 ORDER ' +
    '[o@32473 user="ann" ssn="123-45-6789"] 987-65-4321 is out of stock',
  '<139>1 2026-01-31T08:15:30Z web-1 shop - - - {"level":"debug","user":"bob"}',
  '<131>Jan 31 08:15:30 switch-1 %LINK-3-UPDOWN: Interface Gi0/1, changed state to down',
  'no syslog at all',
]
const DROPPED = [
  '<135>1 2026-01-31T08:15:30Z web-1 shop - - - debug output',
  '<135>Jan 31 08:15:30 web-1 shop: debug output',
  '<134>1 2026-01-31T08:15:30Z web-1 shop - - [o@32473 user="health-check"] fine',
]
const RULES = [
  { id: 'no_debug', type: 'attribute_filter', params: { attribute: 'level', equals: 'debug' } },
  { id: 'no_checks', type: 'attribute_filter', params: { attribute: 'o@32473/user', equals: 'health-check' } },
  { id: 'secrets', type: 'redact', params: { pattern: '\\d{3}-\\d{2}-\\d{4}', replacement: 'XXX' } },
]
const hidden = (text: string) => text.replace(/\d{3}-\d{2}-\d{4}/g, 'XXX')

test('syslog goes through rules, byte for byte as text, in the shape of a vendor, and as RFC 5424', async () => {
  const folder = temporaryFolder()
  await using sink = await TcpSink.start()
  await using siem = await new SyslogFake({ transport: 'tcp' }).listen()
  await using vendor = await new DatadogFake().listen()
  const outputs = [
    { id: 'text', type: 'tcp', address: `127.0.0.1:${sink.port}` },
    { id: 'siem', type: 'syslog', address: `127.0.0.1:${siem.port}` },
    { id: 'datadog', type: 'datadog', url: vendor.url, api_key: vendor.apiKey },
  ]
  const config = {
    version: 2,
    sources: [{ id: 'syslog', type: 'syslog', listen: '127.0.0.1:0', overflow: 'block', time_zone: 'Europe/Berlin' }],
    pipelines: [
      {
        id: 'all',
        sources: ['syslog'],
        processors: RULES,
        outputs: outputs.map(({ id }) => id),
        batch: { max_wait_ms: 20 },
      },
    ],
    outputs,
  }
  writeFileSync(join(folder, 'node.json'), JSON.stringify(config))
  try {
    await using program = await Program.start('node', { flags: ['--config', join(folder, 'node.json')] })
    const socket = connect(Number(new URL(program.address('syslog')).port), '127.0.0.1')
    const [counted, ...lines] = [KEPT[0]!, ...DROPPED, ...KEPT.slice(1)]
    socket.end(`${counted.length} ${counted}${lines.map((line) => `${line}\n`).join('')}`)
    await program.until(
      () =>
        [sink.text.split('\n').length - 1, siem.messages.length, vendor.entries.length].every((n) => n === KEPT.length),
      'all messages everywhere',
    )
    assert.equal(sink.text, KEPT.map((message) => `${hidden(message)}\n`).join(''))
    assert.deepEqual([siem.violations, vendor.violations], [[], []])
    assert.deepEqual(
      siem.messages.map(({ facility, severity, timestamp, hostname, appName, structuredData, message }, i) =>
        [facility, severity, i === 3 ? '' : timestamp, hostname, appName, structuredData, message].join('|'),
      ),
      [
        '16|3|2026-01-31T08:15:30.123456+01:00|web-1|shop|[o@32473 user="ann" ssn="XXX"]|XXX is out of stock',
        '17|3|2026-01-31T08:15:30Z|web-1|shop|-|{"level":"debug","user":"bob"}',
        `16|3|${OLD_TIME}|switch-1|%LINK-3-UPDOWN|-|Interface Gi0/1, changed state to down`,
        '1|6||-|-|-|no syslog at all',
      ],
    )
    const [first, second, third, last] = vendor.entries
    assert.deepEqual(
      [first!['message'], first!['status'] ?? first!['level'], first!['hostname'], first!['service']],
      ['XXX is out of stock', 'error', 'web-1', 'shop'],
    )
    assert.deepEqual(first!['structured_data'], { 'o@32473': { user: 'ann', ssn: 'XXX' } })
    assert.equal(second!['message'], '{"level":"debug","user":"bob"}')
    assert.equal(third!['timestamp'], OLD_TIME)
    assert.deepEqual([last!['message'], last!['syslog_parse_error']], ['no syslog at all', true])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

/** What stands in the old message as local time of Berlin, in winter, this year or last. */
const OLD_TIME = (() => {
  const year = new Date().getUTCFullYear()
  const ofYear = (each: number) => new Date(Date.UTC(each, 0, 31, 7, 15, 30))
  return (ofYear(year).getTime() <= Date.now() + 7 * 86_400_000 ? ofYear(year) : ofYear(year - 1)).toISOString()
})()
