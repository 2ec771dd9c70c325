import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasRules, isPublished, runRules, stepsOf, takenIn, tookOff } from '#ui/screens/first-run/steps.ts'

test('whoever has published rules has made them', () => {
  const done = (isDone: boolean) =>
    stepsOf({ hasRecords: true, hasRules: false, isPublished: isDone, hasSaved: false }).map((step) => step.done)
  assert.deepEqual(done(false), [true, false, false, false])
  assert.deepEqual(done(true), [true, true, true, false])
})

test('published is what a live version has of rules, whatever the draft has since', () => {
  const nothing = { hasRules: false, runsRules: false, hasSaved: false }
  const live = { live_version: 2, has_changes: true }
  assert.equal(isPublished(undefined, nothing), false)
  assert.equal(isPublished({ live_version: null, has_changes: true }, { ...nothing, runsRules: true }), false)
  assert.equal(isPublished({ ...live, has_changes: false }, nothing), false, 'a publication without a rule')
  assert.equal(isPublished({ ...live, has_changes: false }, { ...nothing, hasRules: true }), true)
  assert.equal(isPublished(live, { ...nothing, hasRules: true }), false)
  assert.equal(isPublished(live, { ...nothing, runsRules: true }), true)
  assert.equal(isPublished(live, { ...nothing, hasSaved: true }), true)
  assert.equal(runRules([{ pipelines: [{ rules: [] }] }] as never), false)
  assert.equal(runRules([{ pipelines: [{ rules: [{}] }] }] as never), true)
})

test('what is there is read off the draft, the configuration and the books', () => {
  assert.equal(hasRules(undefined), false)
  assert.equal(hasRules({ pipelines: [{ processors: [] }] } as never), false)
  assert.equal(hasRules({ pipelines: [{ processors: [] }, { processors: [{}] }] } as never), true)
  const books = (bytes: number, edited: number) => {
    const none = { records: 0, bytes: 0 }
    const pipeline = { in: { records: 2, bytes: 9 }, dropped: { records: 1, bytes }, sampled: none, deduplicated: none }
    return { pipelines: [{ ...pipeline, aggregated: none, edited: { records: 0, bytes: edited } }] } as never
  }
  assert.deepEqual(takenIn([books(0, 0), books(1, 0)]), { records: 4, bytes: 18 })
  assert.equal(tookOff([books(0, 0), books(0, 5)]), false)
  assert.equal(tookOff([books(0, -5)]), true)
  assert.equal(tookOff([books(3, 0)]), true)
})
