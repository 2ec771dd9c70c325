import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StreamgateError } from '#contract/error.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { metricBlock, pointsOf } from '#test/support/metrics.ts'
import { relabel } from './relabel.ts'

enableLinearRegex()

type Labels = Record<string, string>

function make(configs: object[]) {
  const context = { random: () => 0, engine: 0, state: new SharedArrayBuffer(0) }
  return relabel.create(relabel.config.parse({ configs }), context)
}

/** Undefined: dropped. Twice, so that what is remembered is tried as well. */
function relabelled(labels: Labels, ...configs: object[]): Labels | undefined {
  const processor = make(configs)
  const results = [0, 1].map(() => {
    const block = metricBlock([{ labels, value: 5, unit: 's', timeMs: 7 }])
    processor.process(block)
    return pointsOf(block)[0]
  })
  assert.deepEqual(results[0], results[1])
  if (results[0] !== undefined) assert.deepEqual([results[0].value, results[0].unit, results[0].timeMs], [5, 's', 7])
  return results[0]?.labels
}

const before = { __name__: 'm', a: 'foo', b: 'bar', c: 'baz' }

/** The cases are those that Prometheus documents and tests (prometheus/prometheus: model/relabel/relabel_test.go). */
const cases: [name: string, configs: object[], after: Labels | undefined][] = [
  [
    'replace with a group',
    [{ source_labels: ['a'], regex: 'f(.*)', target_label: 'd', replacement: 'ch${1}-ch${1}' }],
    { ...before, d: 'choo-choo' },
  ],
  [
    'joined values and a name that is a group',
    [
      { source_labels: ['a', 'b'], regex: 'f(.*);(.*)r', target_label: 'a', replacement: 'b${1}${2}m' },
      { source_labels: ['c', 'a'], regex: '(b).*b(.*)ba(.*)', target_label: 'd', replacement: '$1$2$2$3' },
    ],
    { ...before, a: 'boobam', d: 'boooom' },
  ],
  ['drop', [{ source_labels: ['a'], regex: '.*o.*', action: 'drop' }], undefined],
  ['drop asks for the whole value', [{ source_labels: ['a'], regex: 'o', action: 'drop' }], before],
  ['keep', [{ source_labels: ['a'], regex: 'no-match', action: 'Keep' }], undefined],
  ['no match leaves all as it is', [{ source_labels: ['a'], regex: 'x', target_label: 'b', replacement: 'z' }], before],
  [
    'an empty value takes the label away',
    [{ source_labels: ['a'], regex: 'f.*', target_label: 'b', replacement: '' }],
    { __name__: 'm', a: 'foo', c: 'baz' },
  ],
  ['an empty name of a target is no target', [{ source_labels: ['a'], target_label: '${9}' }], before],
  [
    'hashmod is Prometheus’ own',
    [{ source_labels: ['c'], target_label: 'd', action: 'hashmod', modulus: 1000 }],
    { ...before, d: '976' },
  ],
  ['labelmap', [{ regex: '([ab])', replacement: 'x_$1', action: 'labelmap' }], { ...before, x_a: 'foo', x_b: 'bar' }],
  ['labeldrop', [{ regex: '[ab]', action: 'labeldrop' }], { __name__: 'm', c: 'baz' }],
  ['labelkeep', [{ regex: '__name__|c', action: 'labelkeep' }], { __name__: 'm', c: 'baz' }],
  [
    'upper and lower case',
    [
      { source_labels: ['a'], target_label: 'u', action: 'uppercase' },
      { source_labels: ['u'], target_label: 'l', action: 'lowercase' },
    ],
    { ...before, u: 'FOO', l: 'foo' },
  ],
  ['keepequal', [{ source_labels: ['a'], target_label: 'b', action: 'keepequal' }], undefined],
  ['dropequal', [{ source_labels: ['a'], target_label: 'b', action: 'dropequal' }], before],
  ['a group goes as far as its name does', [{ source_labels: ['a'], target_label: 'd', replacement: '$1x' }], before],
  ['the name is a label', [{ target_label: '__name__', replacement: 'n' }], { ...before, __name__: 'n' }],
]

for (const [name, configs, after] of cases) {
  test(name, () => assert.deepEqual(relabelled(before, ...configs), after))
}

test('a step that says too little is refused with its place', () => {
  for (const [config, path] of [
    [{ action: 'replace' }, 'configs/0/target_label'],
    [{ action: 'hashmod', target_label: 'x' }, 'configs/0/modulus'],
    [{ action: 'labeldrop', regex: '(' }, 'configs/0/regex'],
  ] as const) {
    assert.throws(
      () => make([config]),
      (error) => error instanceof StreamgateError && error.path === path,
    )
  }
  assert.equal(relabel.config.safeParse({ configs: [{ action: 'labelfoo' }] }).success, false)
})
