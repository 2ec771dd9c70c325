import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ago, bytes, count, duration, percent, share, utcTime } from '#ui/kit/format.ts'

test('bytes are written in powers of 1024, with three digits that count', () => {
  const cases: [number, string][] = [
    [0, '0 B'],
    [1023, '1,023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [1024 * 1024 - 1, '1 MiB'],
    [157_286_400, '150 MiB'],
    [-2048, '-2 KiB'],
    [2 ** 60, '1,024 PiB'],
  ]
  for (const [value, text] of cases) assert.equal(bytes(value), text)
})

test('counts are whole below ten thousand', () => {
  const cases: [number, string][] = [
    [0, '0'],
    [9999, '9,999'],
    [12_345, '12.3 k'],
    [999_999, '1 M'],
    [1_500_000, '1.5 M'],
    [0.25, '0.25'],
  ]
  for (const [value, text] of cases) assert.equal(count(value), text)
})

test('a share is never rounded to none or all', () => {
  const cases: [number, string][] = [
    [0, '0 %'],
    [0.0004, '< 0.1 %'],
    [0.0512, '5.12 %'],
    [0.4567, '45.7 %'],
    [0.99999, '> 99.9 %'],
    [1, '100 %'],
    [Number.NaN, '–'],
  ]
  for (const [value, text] of cases) assert.equal(percent(value), text)
})

test('durations name their two largest units', () => {
  const cases: [number, string][] = [
    [0, '0 ms'],
    [250, '250 ms'],
    [61_000, '1 min 1 s'],
    [3_600_000, '1 h'],
    [90_061_000, '1 d 1 h'],
  ]
  for (const [value, text] of cases) assert.equal(duration(value), text)
})

test('times say how long ago they were, and when in UTC', () => {
  const now = Date.UTC(2026, 0, 2, 3, 4, 5)
  assert.equal(ago(now - 1000, now), 'now')
  assert.equal(ago(now - 125_000, now), '2 min ago')
  assert.equal(ago(now + 7_200_000, now), 'in 2 h')
  assert.equal(utcTime(now), '2026-01-02 03:04:05 UTC')
})

test('a share of nothing is none, and never more than all', () => {
  assert.deepEqual([share(1, 0), share(1, 2), share(3, 2)], [0, 0.5, 1])
})
