import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { metricBlock, type Point, pointsOf } from '#test/support/metrics.ts'
import { cardinalityLimit } from './cardinality_limit.ts'

const DAY_MS = 86_400_000
const T0 = Date.UTC(2026, 0, 1)

function limiter(options: object, shared?: SharedArrayBuffer) {
  const parsed = cardinalityLimit.config.parse({
    max_bytes: 1024 * 1024,
    max_values: 10_000,
    max_labels: 100,
    ...options,
  })
  const state = shared ?? new SharedArrayBuffer(cardinalityLimit.stateBytes!(parsed))
  const processor = cardinalityLimit.create(parsed, { random: () => 0, state, engine: 0 })
  return {
    state,
    report: () => cardinalityLimit.report!(parsed, state),
    run(points: Point[], ms = T0) {
      const block = metricBlock(points, ms)
      processor.process(block)
      return pointsOf(block)
    },
  }
}

const point = (labels: Record<string, string>, more: Partial<Point> = {}): Point => ({
  labels: { __name__: 'm', ...labels },
  value: 1,
  unit: 'ms',
  timeMs: T0,
  ...more,
})
const labelsOf = (points: Point[]) => points.map(({ labels }) => labels)

test('the first values stay, and what has another loses the label and nothing else', () => {
  const { run } = limiter({ limit: 2 })
  const users = ['a', 'b', 'c', 'a', 'd']
  const result = run(users.map((user) => point({ user, host: 'h' })))
  assert.deepEqual(
    result.map(({ labels }) => labels['user']),
    ['a', 'b', undefined, 'a', undefined],
  )
  for (const { labels, value, unit, timeMs, kind } of result) {
    assert.deepEqual([labels['host'], value, unit, timeMs, kind], ['h', 1, 'ms', T0, 'gauge'])
  }
})

test('each metric has limits of its own, unless they are for all', () => {
  const points = [point({ u: '1' }), { ...point({ u: '2' }), labels: { __name__: 'n', u: '2' } }]
  assert.deepEqual(labelsOf(limiter({ limit: 1 }).run(points)), labelsOf(points))
  assert.deepEqual(labelsOf(limiter({ limit: 1, scope: 'all' }).run(points)), [
    { __name__: 'm', u: '1' },
    { __name__: 'n' },
  ])
})

test('a value is replaced, a series dropped, labels are picked, as asked', () => {
  const points = ['1', '2'].map((u) => point({ u, v: u }))
  assert.deepEqual(labelsOf(limiter({ limit: 1, action: 'replace_value', replacement: '*' }).run(points)).at(-1), {
    __name__: 'm',
    u: '*',
    v: '*',
  })
  assert.equal(limiter({ limit: 1, action: 'drop_series' }).run(points).length, 1)
  assert.deepEqual(labelsOf(limiter({ limit: 1, labels: ['u'] }).run(points)).at(-1), { __name__: 'm', v: '2' })
  assert.deepEqual(labelsOf(limiter({ limit: 1, except: ['u'] }).run(points)).at(-1), { __name__: 'm', u: '2' })
})

test('cumulative points never lose a label: they are dropped, or pass as they are', () => {
  const points = ['1', '2'].map((u) => point({ u }, { kind: 'sum', temporality: 'cumulative', monotonic: true }))
  assert.equal(limiter({ limit: 1 }).run(points).length, 1)
  assert.deepEqual(labelsOf(limiter({ limit: 1, when_unsafe: 'pass' }).run(points)), labelsOf(points))
  const deltas = points.map((p): Point => ({ ...p, temporality: 'delta' }))
  assert.deepEqual(labelsOf(limiter({ limit: 1 }).run(deltas)).at(-1), { __name__: 'm' })
})

test('a metric has so many series', () => {
  const { run } = limiter({ series_limit: 3 })
  const points = Array.from({ length: 5 }, (_, i) => point({ a: String(i % 2), b: String(i) }))
  assert.equal(run(points).length, 3)
  assert.equal(run(points.slice(0, 3)).length, 3)
})

test('all is forgotten when the interval ends, and another engine knows what one has seen', () => {
  const first = limiter({ limit: 1, action: 'drop_series' })
  assert.equal(first.run([point({ u: '1' })]).length, 1)
  const second = limiter({ limit: 1, action: 'drop_series' }, first.state)
  assert.equal(second.run([point({ u: '2' })]).length, 0)
  assert.equal(first.run([point({ u: '2' })], T0 + DAY_MS).length, 1)
  assert.equal(second.run([point({ u: '1' })], T0 + DAY_MS).length, 0)
})

test('who stands out is told, and labels beyond what is watched pass', () => {
  const { run, report } = limiter({ limit: 2, max_labels: 16 })
  run(Array.from({ length: 5 }, (_, i) => point({ many: String(i), few: 'x' })))
  assert.deepEqual(report(), {
    labels: 2,
    values: 3,
    untracked: 0,
    top_labels: [
      { name: 'm/many', value: 2 },
      { name: 'm/few', value: 1 },
    ],
    top_over: [{ name: 'm/many', value: 3 }],
  })
  const wide = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`l${i}`, 'v']))
  assert.deepEqual(labelsOf(run([point(wide)])), [{ __name__: 'm', ...wide }])
  assert.ok((report()['untracked'] as number) > 0)
})

test('probabilistic: never fewer values than the limit, and few more', () => {
  fc.assert(
    fc.property(fc.integer({ min: 10, max: 200 }), fc.nat(), (limit, salt) => {
      const { run } = limiter({ limit, mode: 'probabilistic' })
      const points = Array.from({ length: 4 * limit }, (_, i) => point({ u: `${salt}-${i}` }))
      const kept = run(points).filter(({ labels }) => labels['u'] !== undefined).length
      assert.ok(kept >= limit && kept <= limit + 3 * limit * 0.05 + 10, `${kept} of ${limit}`)
    }),
    { seed: 42 },
  )
})

test('exact: as a set for each label would have it', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('m', 'n'), fc.nat(12)), { maxLength: 60 }), (seen) => {
      const { run } = limiter({ limit: 4, action: 'drop_series' })
      const model = new Map<string, Set<number>>()
      const expected = seen.filter(([name, value]) => {
        const values = model.get(name) ?? new Set()
        model.set(name, values)
        if (values.size < 4) values.add(value)
        return values.has(value)
      })
      const result = run(seen.map(([name, value]) => point({ __name__: name, v: String(value) })))
      assert.deepEqual(
        result.map(({ labels }) => [labels['__name__'], Number(labels['v'])]),
        expected,
      )
    }),
  )
})
