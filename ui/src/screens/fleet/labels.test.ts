import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changedLabels, labelsText, parseLabels } from '#ui/screens/fleet/labels.ts'

test('labels are read as people type them, and written so that they read the same', () => {
  const { labels, problem } = parseLabels(' site=fra,ring = canary ,\n spot, path=a=b ')
  assert.equal(problem, undefined)
  assert.deepEqual(labels, { site: 'fra', ring: 'canary', spot: '', path: 'a=b' })
  assert.deepEqual(parseLabels(labelsText(labels)).labels, labels)
  assert.deepEqual(parseLabels(''), { labels: {}, problem: undefined })
})

test('what is no label says why', () => {
  const problem = (text: string) => parseLabels(text).problem ?? ''
  assert.match(problem('=fra'), /no name/)
  assert.match(problem('my site=fra'), /“my site” is no name/)
  assert.match(problem('site=a, site=b'), /twice/)
  assert.match(problem(`site=${'x'.repeat(256)}`), /longer than 255/)
  assert.match(problem([...Array(33).keys()].map((i) => `l${i}`).join(',')), /32 labels at most/)
})

test('labels of many are changed, and others stay', () => {
  const labels = changedLabels({ site: 'fra', ring: 'canary', rack: '17' }, { ring: 'wide' }, ['rack', ''])
  assert.deepEqual(labels, { site: 'fra', ring: 'wide' })
})
