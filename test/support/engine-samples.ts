/** Rules and records on which engines are compared: those of a node and of a page. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ReplayInput } from '#engine/replay.ts'
import { yaml } from '#std/yaml.ts'
import type { RuleEntry } from '#ui/engine/messages.ts'
import { processorRegistry } from '../../src/processor-registry.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Rules whose results hang on all that differs between Node and browsers: text, bytes, patterns, chance, shared state. */
export const RULES: RuleEntry[] = [
  { id: 'value', type: 'filter', params: { value: 'DEBUG' } },
  { id: 'detectors', type: 'redact', params: { builtins: ['email', 'credit_card', 'ipv4', 'ipv6', 'jwt', 'iban'] } },
  { id: 'caseless', type: 'filter', params: { values: ['größe', 'ERROR'], ignore_case: true } },
  { id: 'kept', type: 'filter', params: { pattern: '[a-z]{3}=\\d+|🙂', mode: 'keep' } },
  { id: 'groups', type: 'redact', params: { pattern: 'user=(?<first>\\w)\\w*', replacement: '<$<first>|$1|$$>' } },
  { id: 'unicode', type: 'redact', params: { pattern: 'ö|日.|[^\\x00-\\x7f]$', replacement: '✂' } },
  { id: 'caseless_pattern', type: 'redact', params: { pattern: '(?i)straße|timeout', replacement: '' } },
  { id: 'longer', type: 'redact', params: { pattern: 'a', replacement: '$$aaaa日' } },
  { id: 'unsafe', type: 'filter', params: { pattern: '(?<!x)DEBUG(?= [a-z])', unsafe: true } },
  { id: 'field', type: 'attribute_filter', params: { attribute: 'service', equals: 'api' } },
  { id: 'field_pattern', type: 'attribute_filter', params: { path: 'http/route', regex: '^/a', mode: 'keep' } },
  { id: 'chance', type: 'sample', params: { keep_ratio: 0.4 } },
  { id: 'traces', type: 'sample', params: { keep_ratio: 0.3, key: 'trace_id', missing_key: 'keep' } },
  { id: 'repeats', type: 'dedupe', params: { window_ms: 2000 } },
  { id: 'repeated_fields', type: 'dedupe', params: { window_ms: 5000, fields: ['service', 'level'], max_keys: 64 } },
  {
    id: 'when',
    type: 'redact',
    params: { pattern: '\\d+', replacement: '#' },
    when: { any: [{ field: 'level', equals: 'ERROR' }, { not: { field: 'service', exists: true } }] },
  },
]

/** The examples that stand in the processors' descriptions and in `examples/`. */
export function documentedRules(): RuleEntry[][] {
  const inReadmes = globSync('src/processors/*/README.md', { cwd: ROOT }).flatMap((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8')
    return [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, code]) => yaml().parse(code!)?.processors)
  })
  const inExamples = globSync('examples/*.yaml', { cwd: ROOT }).flatMap((file) =>
    (yaml().parse(readFileSync(join(ROOT, file), 'utf8')).pipelines ?? []).map(
      (pipeline: { processors?: RuleEntry[] }) => pipeline.processors,
    ),
  )
  const forLogs = ({ type }: RuleEntry) =>
    processorRegistry.processors.find(({ name }) => name === type)?.signals.includes('logs')
  const lists = [...inReadmes, ...inExamples].filter((rules) => Array.isArray(rules) && rules.every(forLogs))
  assert.ok(lists.length >= 5, `${lists.length} examples`)
  return lists
}

const WORDS = [
  'DEBUG',
  'error',
  'ERROR',
  'größe',
  'GRÖSSE',
  'Straße',
  'timeout',
  '🙂',
  '👩‍👩‍👧',
  '日本語',
  'user=alice',
  'abc=42',
  'jo@example.org',
  '4111 1111 1111 1111',
  '10.1.2.3',
  '2001:db8::1',
  'DE89370400440532013000',
  '\ufeff',
  '\u0000',
  '\t',
  'a\r',
  'x\ny',
  '\ud83d',
]
const SERVICES = ['api', 'web', 'größe']
const ODD_BYTES = [[0xff], [0xc0, 0x80], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x99]]

export function recordsFrom(random: () => number, count: number): ReplayInput[] {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!
  const words = (most: number) =>
    Array.from({ length: 1 + random() * most }, () => pick(WORDS)).join(pick([' ', '', ', ']))
  const json = () =>
    JSON.stringify({
      service: pick(SERVICES),
      level: pick(['ERROR', 'INFO', 'error']),
      trace_id: Math.floor(random() * 40).toString(16),
      http: { route: pick(['/a/b', '/b']) },
      message: words(4),
    })
  let at = Date.UTC(2026, 0, 1)
  return Array.from({ length: count }, (): ReplayInput => {
    if (random() < 0.02) at += Math.floor(random() * 3000)
    const kind = random()
    if (kind < 0.1) return { at, base64: oddBytes(words(3), pick(ODD_BYTES)) }
    if (kind < 0.12) return { at, text: words(4).repeat(500) }
    return { at, text: kind < 0.45 ? json() : words(6) }
  })
}

function oddBytes(text: string, odd: readonly number[]): string {
  return Buffer.concat([Buffer.from(text), Buffer.from(odd), Buffer.from(text)]).toString('base64')
}

/** As the lines of a program are. */
export function short(record: ReplayInput): ReplayInput {
  return record.text === undefined ? record : { ...record, text: record.text.slice(0, 300) }
}
