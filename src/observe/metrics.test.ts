import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeStats } from '#contract/stats.ts'
import { exampleStats } from '#test/support/stats-fixture.ts'
import { renderMetrics } from './metrics.ts'

const SAMPLE = /^([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\\\|\\"|\\n)*",?)+)\})? (-?\d+(?:\.\d+)?(?:e[+-]\d+)?)$/

/** Value of each sample by its name and labels; fails on what is not the text format 0.0.4. */
function parse(text: string): Map<string, number> {
  assert.ok(text.endsWith('\n'))
  const samples = new Map<string, number>()
  const described = new Set<string>()
  let name = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const help = /^# HELP ([a-z_]+) \S.*\.$/.exec(line)
    const type = /^# TYPE ([a-z_]+) (counter|gauge)$/.exec(line)
    if (help !== null) {
      name = help[1]!
      assert.ok(!described.has(name), `${name} stands twice`)
      described.add(name)
    } else if (type !== null) {
      assert.equal(type[1], name)
      assert.equal(name.endsWith('_total'), type[2] === 'counter', `${name} is a ${type[2]}`)
    } else {
      const sample = SAMPLE.exec(line)
      assert.ok(sample, line)
      assert.equal(sample[1], name)
      const key = `${name}{${sample[2] ?? ''}}`
      assert.ok(!samples.has(key), `${key} stands twice`)
      samples.set(key, Number(sample[3]))
    }
  }
  return samples
}

test('the fixture is what a node answers', () => {
  nodeStats.parse(exampleStats())
})

test('every sample is well-formed, described, and stands once', () => {
  const samples = parse(renderMetrics(exampleStats()))
  assert.ok(samples.size > 60)
})

const TARGET = 'upstream="collectors",shared="true",target="http://a.example:4318/"'

const expected: [sample: string, value: number][] = [
  ['streamgate_pipeline_in_records_total{pipeline="main"}', 100],
  ['streamgate_pipeline_out_records_total{pipeline="main",outcome="dropped"}', 30],
  ['streamgate_pipeline_out_bytes_total{pipeline="main",outcome="forwarded"}', 6000],
  ['streamgate_pipeline_state{pipeline="main",state="pressed"}', 1],
  ['streamgate_pipeline_state{pipeline="main",state="normal"}', 0],
  ['streamgate_rule_ended_records_total{pipeline="main",rule="drop_debug",type="filter"}', 30],
  ['streamgate_rule_quarantined_records_total{pipeline="main",rule="drop_debug",type="filter"}', 2],
  ['streamgate_rule_errors_total{pipeline="main",rule="drop_debug",type="filter"}', 3],
  ['streamgate_output_done_records_total{output="out",type="http",outcome="delivered"}', 55],
  ['streamgate_output_in_flight_records{output="out",type="http"}', 5],
  ['streamgate_source_entries_total{source="tcp",type="tcp"}', 7],
  ['streamgate_source_rejected_records_total{source="tcp",type="tcp",reason="line_too_long"}', 4],
  ['streamgate_source_lost_before_total{source="tcp",type="tcp"}', 9],
  ['streamgate_intake_bytes{}', 2048],
  ['streamgate_upstream_requests_total{upstream="collectors",shared="true",result="breaker_open"}', 16],
  ['streamgate_upstream_retries_total{upstream="out",shared="false"}', 0],
  ['streamgate_upstream_retries_total{upstream="collectors",shared="true"}', 18],
  ['streamgate_upstream_active{upstream="collectors",shared="true"}', 13],
  ['streamgate_upstream_panic{upstream="collectors",shared="true"}', 1],
  ['streamgate_upstream_concurrency_limit{upstream="collectors",shared="true"}', 21],
  ['streamgate_upstream_waiting{upstream="collectors",shared="true"}', 12],
  ['streamgate_upstream_breaker_state{upstream="collectors",shared="true",state="half_open"}', 1],
  ['streamgate_upstream_breaker_state{upstream="collectors",shared="true",state="closed"}', 0],
  ['streamgate_upstream_breaker_opened_total{upstream="collectors",shared="true"}', 8],
  [`streamgate_upstream_target_state{${TARGET},state="ejected"}`, 1],
  [`streamgate_upstream_target_state{${TARGET},state="healthy"}`, 0],
  [`streamgate_upstream_target_requests_total{${TARGET}}`, 124],
  [`streamgate_upstream_target_failures_total{${TARGET}}`, 25],
  [`streamgate_upstream_target_ejections_total{${TARGET}}`, 19],
  [`streamgate_upstream_target_active{${TARGET}}`, 20],
  [`streamgate_upstream_target_waiting{${TARGET}}`, 22],
  [`streamgate_upstream_target_latency_seconds{${TARGET}}`, 0.0235],
  ['streamgate_engine_restarts_total{engine="0"}', 1],
  ['streamgate_engine_state{engine="0",state="stalled"}', 1],
  ['streamgate_reloads_total{}', 5],
  ['streamgate_reloads_failed_total{}', 2],
  ['streamgate_info{node="node-1",version="0.1.0",config="abc"}', 1],
]
test('the books stand under their names', () => {
  const samples = parse(renderMetrics(exampleStats()))
  for (const [sample, value] of expected) assert.equal(samples.get(sample), value, sample)
  assert.ok(samples.get('process_cpu_seconds_total{}')! > 0)
  assert.ok(samples.get('process_resident_memory_bytes{}')! > 1e6)
})

test('quotes, backslashes and newlines in names are escaped', () => {
  const stats = exampleStats()
  stats.pipelines[0]!.id = 'a"b\\c\nd'
  const samples = parse(renderMetrics(stats))
  assert.equal(samples.get('streamgate_pipeline_in_records_total{pipeline="a\\"b\\\\c\\nd"}'), 100)
})
