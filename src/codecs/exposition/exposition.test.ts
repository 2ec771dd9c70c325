import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds } from '#codecs/metric/record.ts'
import { type ExpositionFormat, parseExposition } from './parser.ts'

function parsed(text: string, format: ExpositionFormat = 'text') {
  const samples: string[] = []
  const problem = parseExposition(Buffer.from(text), format, ({ name, labels, value, timeMs, exemplar, meaning }) => {
    const pairs = labels.map((label) => `${label.name}=${label.value}`).join()
    const more = `${timeMs === undefined ? '' : ` @${timeMs}`}${exemplar === undefined ? '' : ' *'}`
    samples.push(`${kinds[meaning.kind]} ${name}{${pairs}} ${value}${more}`)
    return true
  })
  return { samples, problem }
}

test('the text format, as exporters write it and as they should not', () => {
  const { samples, problem } = parsed(`# HELP http_requests_total The total.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400",}    3\t1395066363000
# a comment

msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find file:\\n\\"FILE.TXT\\""} 1.458255915e9\r
metric_without_timestamp_and_labels 12.47
something_weird{problem="division by zero"} +Inf -3982045
# TYPE rt histogram
rt_bucket{le="0.05"} 24054
rt_sum 53423
rt_count 144320
# TYPE rpc summary
rpc{quantile="0.01"} NaN
{"http.status",host="a"} 1
x{ a = "b" , c="" } -Inf`)
  assert.equal(problem, undefined)
  assert.deepEqual(samples, [
    'sum http_requests_total{method=post,code=200} 1027 @1395066363000',
    'sum http_requests_total{method=post,code=400} 3 @1395066363000',
    'unknown msdos_file_access_time_seconds{path=C:\\DIR\\FILE.TXT,error=Cannot find file:\n"FILE.TXT"} 1458255915',
    'unknown metric_without_timestamp_and_labels{} 12.47',
    'unknown something_weird{problem=division by zero} Infinity @-3982045',
    'sum rt_bucket{le=0.05} 24054',
    'sum rt_sum{} 53423',
    'sum rt_count{} 144320',
    'gauge rpc{quantile=0.01} NaN',
    'unknown http.status{host=a} 1',
    'unknown x{a=b,c=} -Infinity',
  ])
})

test('OpenMetrics, with exemplars, times in seconds, and an end', () => {
  const { samples, problem } = parsed(
    `# TYPE foo counter
# UNIT foo_seconds seconds
foo_total 17.0 1520879607.789 # {trace_id="KOO5S4vxi0o"} 0.67 1520879607.789
foo_created 1520430000.123
# TYPE h histogram
h_bucket{le="+Inf"} 3 # {} 1
# EOF
`,
    'openmetrics',
  )
  assert.equal(problem, undefined)
  assert.deepEqual(samples, [
    'sum foo_total{} 17 @1520879607789 *',
    'gauge foo_created{} 1520430000.123',
    'sum h_bucket{le=+Inf} 3 *',
  ])
})

test('what is none is told with its line', () => {
  for (const [text, format, problem] of [
    ['a 1\nb', 'text', /^line 2 has no value/],
    ['a{b="c" 1', 'text', /^line 1 has labels/],
    ['a{b=c} 1', 'text', /^line 1 has labels/],
    ['a{b="c\n"} 1', 'text', /^line 1 has labels/],
    ['a{="c"} 1', 'text', /^line 1 has labels/],
    ['{a="c"} 1', 'text', /^line 1 has no name/],
    ['a 0x1p', 'text', /^line 1 has no value/],
    ['a 1 x', 'text', /^line 1 has a time/],
    ['a 1 2 3', 'text', /^line 1 goes on/],
    ['<html>', 'text', /^line 1/],
    ['a 1\n', 'openmetrics', /breaks off/],
    ['# EOF\na 1\n', 'openmetrics', /^line 2 stands behind/],
    ['a 1 # {x="y"\n# EOF\n', 'openmetrics', /^line 1/],
  ] as const)
    assert.match(parsed(text, format).problem ?? '', problem, text)
})
