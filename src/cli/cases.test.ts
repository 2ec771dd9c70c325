import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { loadConfig } from '#config/load.ts'
import { replay } from '#engine/replay.ts'
import { registry } from '#registry.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { checkCase } from './case-check.ts'
import { jsonReport, junitReport, textReport } from './case-report.ts'
import { runCase } from './case-runner.ts'
import { readCases } from './cases.ts'

const CONFIG = `version: 2
sources:
  - { id: tcp, type: tcp, listen: 127.0.0.1:0 }
  - { id: otlp, type: otlp, http: { listen: 127.0.0.1:0 } }
pipelines:
  - id: logs
    sources: [tcp]
    outputs: [out]
    processors:
      - { id: drop_debug, type: filter, params: { value: DEBUG } }
      - { id: drop_info, type: attribute_filter, params: { attribute: level, equals: info } }
      - { id: hide_ssn, type: redact, params: { builtin: ssn } }
      - { id: once, type: dedupe, params: { window_ms: 1000 } }
  - id: traces
    signal: traces
    sources: [otlp]
    outputs: [otlp_out]
    processors: [{ id: hide, type: redact, params: { builtin: email } }]
  - id: metrics
    signal: metrics
    sources: [otlp]
    outputs: [metrics_out]
    processors: [{ id: sum, type: aggregate, params: { without: [pod], interval_ms: 1000 } }]
outputs:
  - { id: out, type: console }
  - { id: otlp_out, type: otlp, url: 'http://127.0.0.1:4318' }
  - { id: metrics_out, type: otlp, url: 'http://127.0.0.1:4318' }
`

let folder = ''
let config = ''
before(() => {
  enableLinearRegex()
  folder = mkdtempSync(join(tmpdir(), 'streamgate-test-cases-'))
  config = join(folder, 'c.yaml')
  writeFileSync(config, CONFIG)
})
after(() => rmSync(folder, { recursive: true, force: true }))

function run(text: string) {
  const tests = join(folder, 'c.test.yaml')
  writeFileSync(tests, text)
  const { plan } = loadConfig({ config }, {}, registry)
  const results = readCases(tests, plan.pipelines).map((entry) => checkCase(entry, registry))
  return { config: 'c.yaml', tests: 'c.test.yaml', results }
}

function differences(text: string): string[][] {
  return run(text).results.map((result) =>
    result.differences.map(({ record, what, expected, got }) => `${record ?? '-'} ${what}: ${expected} | ${got}`),
  )
}

function problems(text: string): string[] {
  try {
    run(text)
  } catch (error) {
    return (error as Error).message.split('\n').map((line) => line.slice(line.indexOf('c.test.yaml') + 12))
  }
  return []
}

test('every form of an expectation holds for what happens', () => {
  const text = `
- { name: text, input: 'INFO ssn 123-45-6789', expect: 'INFO ssn [ssn]' }
- { name: block, input: "WARN a\\n", expect: "WARN a\\n" }
- { name: dropped, input: DEBUG x, expect: dropped }
- { name: by whom, input: DEBUG x, expect: { rule: drop_debug } }
- { name: how, input: DEBUG x, expect: { outcome: dropped, rule: drop_debug } }
- { name: object, input: { level: info, a: 1 }, expect: { rule: drop_info } }
- { name: json, input: { level: warn, a: [1, { b: null }] }, expect: { json: { a: [1, { b: null }], level: warn } } }
- { name: parts, input: a 123-45-6789 b, expect: { contains: [a, b], not_contains: '123', edited_by: [hide_ssn] } }
- { name: list, input: [one, DEBUG, two], expect: [one, dropped, { contains: two, edited_by: [] }] }
- { name: multiline, input: "WARN\\n  at x\\n  at y", expect: { contains: "\\n  at y" } }
`
  assert.deepEqual(
    differences(text).filter((found) => found.length > 0),
    [],
  )
})

test('what rules remember lasts for a case and no longer, on the clock of the case', () => {
  const text = `
- { name: repeats, input: [x, x, x], expect: [x, { outcome: deduplicated, rule: once }, dropped] }
- { name: a new case, input: [x], expect: [x] }
- { name: later, every_ms: 1000, input: [x, x], expect: [x, x] }
- { name: soon, every_ms: 400, input: [x, x, x, x], expect: [x, dropped, dropped, { contains: repeated 2 times }] }
`
  assert.deepEqual(differences(text), [[], [], [], []])
})

test('what differs is told with the record that it is about', () => {
  const text = `
- { name: text, input: a, expect: b }
- { name: end, input: [a, DEBUG], expect: [dropped, a] }
- { name: rule, input: DEBUG, expect: { rule: drop_info } }
- { name: parts, input: a, expect: { contains: b, not_contains: a, json: 1, edited_by: hide_ssn } }
`
  assert.deepEqual(differences(text), [
    ['0 text: b | a'],
    ['0 outcome: dropped | forwarded: a', '1 outcome: forwarded: a | dropped by drop_debug'],
    ['0 outcome: dropped by drop_info | dropped by drop_debug'],
    ['0 edited_by: hide_ssn | no rule', '0 json: 1 | a', '0 contains: b | a', '0 not_contains: a | a'],
  ])
})

test('syslog messages, spans and metrics go through their own formats', () => {
  const span = (mail: string) =>
    JSON.stringify({
      resourceSpans: [
        { scopeSpans: [{ spans: [{ name: mail, traceId: '0'.repeat(31).concat('1'), spanId: '0000000000000001' }] }] },
      ],
    })
  const points = [1, 2].map((value) => ({
    asInt: value,
    timeUnixNano: '1767225600000000000',
    attributes: [{ key: 'pod', value: { stringValue: `pod-${value}` } }],
  }))
  const sum = { name: 'requests', sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: points } }
  const metrics = JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics: [sum] }] }] })
  const text = `
- name: syslog
  format: syslog
  input: '<14>1 2026-01-01T00:00:00Z h app - - - ssn 123-45-6789'
  expect: { rule: drop_info }
- name: span
  pipeline: traces
  input: '${span('jane@example.com')}'
  expect: { contains: '[email]', not_contains: jane, edited_by: [hide] }
- name: metric
  pipeline: metrics
  input: '${metrics}'
  expect: { outcome: aggregated, rule: sum }
  emitted: [{ contains: ['requests', '3'], not_contains: pod }]
- name: no request
  pipeline: traces
  input: no json
  expect: dropped
- name: another number
  pipeline: metrics
  input: '${metrics}'
  expect: [dropped]
  emitted: []
`
  assert.deepEqual(differences(text), [
    [],
    [],
    [],
    ['- the input: records in the format otlp | it is no OTLP/JSON of traces: The body is not a JSON object.'],
    ['- how many records come in: 1 | 2', '- how many records are emitted: 0 | 1'],
  ])
})

test('a bad file is refused, with everything that is wrong and where', () => {
  const text = `
- { name: a, input: 17, expct: x }
- { name: b, input: 17, expect: { rule: hide_sn } }
- { name: b, pipeline: lgs, input: x }
- { name: c, input: [a, b], expect: [a] }
- { name: d, input: a, expect: { outcome: dropped, text: x } }
- { name: e, input: a, expect: { outcome: forwarded, rule: once, contains: 1 } }
- { name: f, input: a, expect: {} }
- { name: g, input: a, expect: { outcome: forwarded, rule: once } }
- { name: h, pipeline: metrics, format: text, input: a, expect: a }
- 17
`
  assert.deepEqual(
    problems(text).map((line) => line.replace(/ \[SG_CONFIG_\w+\]$/, '')),
    [
      '2:25: 0/expct: there is no key "expct"; did you mean "expect"?',
      '3:14: 1/input: must be text, or an object; numbers go in quotes',
      '3:25: 1/expect: pipeline "logs" has no rule "hide_sn"; did you mean "hide_ssn"?',
      '4:5: 2/name: another case has this name',
      '4:14: 2/pipeline: there is no pipeline "lgs"; did you mean "logs"?',
      '5:29: 3/expect: must have one entry for each of the 2 records, and has 1',
      '6:52: 4/expect/text: is asked of a record that goes on, and this one is to end',
      '7:66: 5/expect/contains: must be text, or a list of texts',
      '8:24: 6/expect: expects nothing: say what',
      '9:54: 7/expect/rule: names the rule that ends the record, and this one is to go on',
      '10:33: 8/format: must be otlp: pipeline "metrics" carries metrics',
      '11:3: 9: invalid input: expected object, received number',
    ],
  )
  assert.match(problems('{}')[0]!, /must be a list of 1 to 10000 cases/)
})

test('reports: text, JSON, and JUnit that is well-formed whatever the records hold', () => {
  const report = run(`
- { name: 'good & <fine>', input: a, expect: a }
- { name: bad, input: "a\\u0007\\"<b>", expect: "a<c>" }
`)
  const text = textReport(report)
  assert.match(text, /^✓ good & <fine>\n✗ bad {2}c\.test\.yaml:3:5\n/)
  assert.match(text, /c\.yaml: 2 cases, 1 not as expected/)
  assert.ok(!text.includes('\u0007') && text.includes('a\\u0007'))
  const json = JSON.parse(jsonReport(report))
  assert.deepEqual([json.passed, json.failed], [1, 1])
  assert.deepEqual(json.cases[1].records, [
    { before: 'a\u0007"<b>', after: 'a\u0007"<b>', outcome: 'forwarded', rule: null, edited_by: [], failed: [] },
  ])
  const junit = junitReport(report)
  assert.match(junit, /<testsuite name="logs" tests="2" failures="1" errors="0" time="[\d.]+">/)
  assert.match(junit, /<testcase name="good &amp; &lt;fine&gt;" classname="logs" file="c\.test\.yaml" line="2"/)
  assert.match(junit, /<failure message="record 1, text: expected a&lt;c&gt;, got a\ufffd&quot;&lt;b&gt;">/)
})

test('records of text end as a replay of them says, chance and memory included', () => {
  writeFileSync(
    join(folder, 'sampled.yaml'),
    CONFIG.replace(
      '      - { id: once,',
      `      - { id: some, type: sample, params: { keep_ratio: 0.5 } }\n      - { id: once,`,
    ),
  )
  const { plan } = loadConfig({ config: join(folder, 'sampled.yaml') }, {}, registry)
  const pipeline = plan.pipelines[0]!
  const inputs = Array.from({ length: 600 }, (_, i) => `${['INFO', 'DEBUG', 'WARN ssn 123-45-6789'][i % 3]} ${i % 50}`)
  const result = runCase({ pipeline, format: 'text', inputs, everyMs: 3 }, registry)
  assert.ok(result.ok)
  const at = (i: number) => Date.UTC(2026, 0, 1) + 3 * i
  const records = inputs.map((text, i) => ({ text, at: at(i) }))
  const replayed = replay(pipeline.processors, registry, records).records
  assert.deepEqual(
    result.ran.records.map(({ fate, rule, editedBy, after }) => [fate, rule, editedBy, after]),
    replayed.map(({ fate, rule, edited_by: editedBy, after }) => [fate, rule, editedBy, after?.text ?? null]),
  )
  assert.deepEqual(
    new Set(replayed.map(({ fate }) => fate)),
    new Set(['forwarded', 'dropped', 'sampled', 'deduplicated']),
  )
})

test('the cases of the guide hold', () => {
  const guide = readFileSync(new URL('../../docs/guides/testing-rules.md', import.meta.url), 'utf8')
  const [configuration, cases] = [...guide.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1]!)
  const file = join(folder, 'guide.yaml')
  writeFileSync(file, configuration!)
  writeFileSync(join(folder, 'guide.test.yaml'), cases!)
  const { plan } = loadConfig({ config: file }, {}, registry)
  const results = readCases(join(folder, 'guide.test.yaml'), plan.pipelines).map((entry) => checkCase(entry, registry))
  assert.equal(results.length, 4)
  assert.deepEqual(
    results.flatMap((result) => result.differences),
    [],
  )
})
