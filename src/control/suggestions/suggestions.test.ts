/** Each suggested rule goes through the real registry and must act on just the records that the suggestion counts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventTexts } from '#codecs/event/event-of.ts'
import { rule as ruleSchema } from '#contract/api.ts'
import type { Fate, SampleWindow } from '#contract/observation.ts'
import { type Suggestion, suggestions as suggestionsSchema } from '#contract/suggestion.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { randomFrom } from '#std/random.ts'
import { shopTraffic } from '#test/support/log-traffic.ts'
import { runChain } from '#test/support/replayed.ts'
import { suggest } from './suggestions.ts'

enableLinearRegex()

function windowOf(texts: readonly string[], fate: Fate = 'forwarded'): SampleWindow {
  return {
    pipeline: 'logs',
    from: 0,
    to: 60_000,
    seen: { records: texts.length * 10, bytes: 0 },
    records: texts.map((text) => ({
      ...{ pipeline: 'logs', source: 's', at: 0, fate, rule: null, edited_by: [], before: { text } },
      after: fate === 'forwarded' ? { text } : null,
      bytes_in: Buffer.byteLength(text),
      bytes_out: fate === 'forwarded' ? Buffer.byteLength(text) : 0,
    })),
  }
}

/** Numbers of the records that the rule acts on; a sampling one as if it kept nothing. */
function actedOn({ rule }: Suggestion, texts: readonly string[]): number[] {
  const params = rule.type === 'sample' ? { ...rule.params, keep_ratio: 0 } : rule.params
  const { records } = runChain([{ ...rule, params }], texts, { random: randomFrom(1) })
  return records.flatMap(({ fate, edited_by: edited }, i) => (fate !== 'forwarded' || edited.length > 0 ? [i] : []))
}

function checkAll(texts: readonly string[]) {
  const result = suggest([windowOf(texts)])
  assert.deepEqual(suggestionsSchema.parse(result), result)
  const reader = new EventTexts()
  assert.equal(new Set(result.suggestions.map(({ rule }) => rule.id)).size, result.suggestions.length)
  for (const suggestion of result.suggestions) {
    ruleSchema.parse(suggestion.rule)
    const numbers = actedOn(suggestion, texts)
    const bytes = numbers.reduce((sum, i) => sum + Buffer.byteLength(texts[i]!), 0)
    assert.deepEqual([numbers.length, bytes], [suggestion.affects.records, suggestion.affects.bytes], suggestion.title)
    const { share, low, high, n } = suggestion.savings
    assert.ok(0 <= low && low <= share + 1e-9 && share <= high + 1e-9 && high <= 1 && n === texts.length)
    if (suggestion.kind === 'sensitive') continue
    for (const i of numbers) assert.ok(reader.read(texts[i]!).severity < 17, `${suggestion.title}: ${texts[i]}`)
  }
  return result
}

test('a shop: the health checks, the chatty service, mails and cards', () => {
  const texts = shopTraffic({ seed: 7, records: 5000 })
  const { suggestions, patterns } = checkAll(texts)
  const titles = suggestions.map(({ title }) => title)
  assert.deepEqual(titles.slice(0, 3), [
    'Redact what looks like email',
    'Redact what looks like credit_card',
    'Keep 10 % of what web says at debug, info',
  ])
  const probes = suggestions.find(({ title }) => title.startsWith('Drop web: GET /healthz'))!
  assert.deepEqual(probes.services, ['web'])
  assert.deepEqual(Object.keys(probes.severities), ['info'])
  assert.ok(titles.includes('Drop <time> INFO batch job <num> took <num> ms'))
  assert.ok(!titles.some((title) => title.includes('batch') && title.includes('ERROR')))
  assert.ok(patterns.some(({ severities }) => severities['error'] !== undefined))
  const [mails, cards] = suggestions
  assert.deepEqual([mails!.sensitive!.fields[0]!.path, cards!.sensitive!.fields[0]!.path], ['customer/mail', 'card'])
  assert.ok(!JSON.stringify(suggestions).includes('@example.com'))
  assert.ok(!JSON.stringify(patterns).includes('@example.com'), 'examples are censored')
  assert.deepEqual(suggest([windowOf(texts)]), suggest([windowOf(texts)]))
})

test('rules match whatever stands in messages: escapes, letters beyond ASCII, what patterns are made of', () => {
  const many = (make: (i: number) => string) => Array.from({ length: 40 }, (_, i) => make(i))
  const json = (message: string, more: object) => JSON.stringify({ ...more, message })
  const texts = [
    ...many((i) => json(`cost [${i}] is $${i}.00 (a+b)*c? {x} | ^y\\z /w "q ${i}"`, { level: 'info', service: 'a"b' })),
    ...many((i) => json(`größer als ${i} → “ja”`, { level: 30, service: 'ümlaut' })),
    ...many((i) => json(`line ${i}\n\tat frame ${i}`, { severity: 'DEBUG', resource: { 'service.name': 'deep' } })),
    ...many((i) => json(`line ${i}\n\tat frame ${i}`, { severity: 'ERROR', resource: { 'service.name': 'deep' } })),
    ...many((i) => json(`plain job ${i}`, {})),
    ...many((i) => `<14>1 2026-01-01T00:00:00Z host app ${i} - - all well with ${i}`),
    ...many((i) => `<11>1 2026-01-01T00:00:00Z host app ${i} - - all bad with ${i}`),
    ...many((i) => `  INFO   spaced\tout ${i}  `),
    ...many((i) => `nobody knows how bad ${i} is`),
    ...many((i) => `nobody failed ${i} times`),
    ...many((i) => `INFO ${Array.from({ length: 100 }, (_, w) => `word${w === 90 ? i : ''}`).join(' ')}`),
    '{"message": "not json',
    '{}',
    ' ',
  ]
  const { suggestions } = checkAll(texts)
  const has = (part: string) => suggestions.filter(({ title }) => title.includes(part)).map(({ rule }) => rule.type)
  assert.deepEqual(has('cost ['), ['attribute_filter'])
  assert.deepEqual(has('größer'), ['attribute_filter'])
  assert.deepEqual(has('deep: line'), ['attribute_filter'])
  assert.deepEqual(has('plain job'), ['sample'])
  assert.deepEqual(has('all well'), ['filter'])
  assert.deepEqual(has('all bad'), [])
  assert.deepEqual(has('spaced'), ['filter'])
  assert.deepEqual(has('nobody knows'), ['sample'])
  assert.deepEqual(has('nobody failed'), [])
  assert.deepEqual(has('word word'), ['filter'])
})

test('tokens of well-known services are found by their prefix, and numbers that pass by chance are doubted', () => {
  const secret = `${'a1B2'.repeat(10)}`
  const texts = [
    `token ghp_${secret.slice(0, 36)} used`,
    `slack xoxb-${secret}`,
    `key sk_live_${secret}`.replace('sk_live_', `sk_${'live'}_`),
    JSON.stringify({ 'a@b.co': { jwt: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.' } }),
    JSON.stringify({ owner: 'a@b.co' }),
  ]
  const { suggestions } = checkAll(texts)
  const found = suggestions.map(({ sensitive }) => sensitive!.what).sort()
  assert.deepEqual(found, ['email', 'github_token', 'jwt', 'slack_token', 'stripe_key'])
  const jwt = suggestions.find(({ sensitive }) => sensitive!.what === 'jwt')!
  assert.deepEqual(jwt.sensitive!.fields, [{ path: '[email]/jwt', records: 1 }])

  const random = randomFrom(5)
  const ids = Array.from(
    { length: 500 },
    () =>
      `block blk_4${Math.floor(random() * 1e15)
        .toString()
        .padStart(15, '0')}`,
  )
  const [cards] = checkAll(ids).suggestions.filter(({ kind }) => kind === 'sensitive')
  assert.match(cards!.why, /Maybe by chance: \d+ of 500 long numbers/)
})

test('what does not go on, or is no text, is not looked at; no records make no suggestions', () => {
  const dropped = windowOf(shopTraffic({ seed: 1, records: 100 }), 'dropped')
  const nothing = { sampled: 0, seen: 0, unclustered: 0, patterns: [], suggestions: [] }
  assert.deepEqual(suggest([dropped]), nothing)
  assert.deepEqual(suggest([]), nothing)
})
