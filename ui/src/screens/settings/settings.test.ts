import assert from 'node:assert/strict'
import { test } from 'node:test'
import { costOf, lossOf } from '#ui/screens/settings/retention-cost.ts'

test('a busy series has a row for each minute and each hour that is kept', () => {
  assert.deepEqual(costOf({ minute_hours: 48, hour_days: 400 }), { minuteRows: 2880, hourRows: 9600, rows: 12_480 })
})

test('keeping less deletes what is older, keeping more deletes nothing', () => {
  const now = { minute_hours: 48, hour_days: 400 }
  assert.equal(lossOf(now, now), undefined)
  assert.equal(lossOf(now, { minute_hours: 49, hour_days: 401 }), undefined)
  assert.equal(lossOf(now, { minute_hours: 6, hour_days: 400 }), 'minutes older than 6 h')
  assert.equal(lossOf(now, { minute_hours: 6, hour_days: 30 }), 'minutes older than 6 h and hours older than 30 days')
})
