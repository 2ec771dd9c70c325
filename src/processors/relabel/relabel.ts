/**
 * `relabel` changes and picks metrics by their labels, as Prometheus' `metric_relabel_configs` do
 * (prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config): the documented actions, and no others.
 */
import { z } from 'zod'
import { patternOf } from '#component/matcher.ts'
import { defineProcessor } from '#component/processor.ts'
import { StreamgateError } from '#contract/error.ts'
import { fromText } from '#std/bytes.ts'
import { md5 } from '#std/md5.ts'
import type { Pattern } from '#std/pattern/pattern.ts'
import { expand } from '../expand.ts'
import { type Labels, SeriesRule } from '../series-rule.ts'

const CONFIGS_MAX = 256
const actions = [
  'replace',
  'keep',
  'drop',
  'keepequal',
  'dropequal',
  'hashmod',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'lowercase',
  'uppercase',
] as const

const relabelConfig = z.strictObject({
  source_labels: z.array(z.string().min(1)).max(64).default([]).describe('Labels whose values are joined.'),
  separator: z.string().max(64).default(';').describe('What stands between them.'),
  regex: z.string().default('(.*)').describe('What the joined values, or names of labels, must match as a whole.'),
  modulus: z.int().min(1).max(Number.MAX_SAFE_INTEGER).optional().describe('With hashmod.'),
  target_label: z.string().optional().describe('The label that is written, or compared.'),
  replacement: z.string().max(4096).default('$1').describe('What is written, with groups of the regex.'),
  action: z.preprocess(lower, z.enum(actions).default('replace')).describe('What is done.'),
})
type RelabelConfig = z.output<typeof relabelConfig>

const config = z.strictObject({
  configs: z.array(relabelConfig).min(1).max(CONFIGS_MAX).describe('One step after the other, as in Prometheus.'),
})

export const relabel = defineProcessor({
  name: 'relabel',
  summary: "Changes and picks metrics by their labels, as Prometheus' metric_relabel_configs do.",
  config,
  signals: ['metrics'],
  mutates: true,
  create: ({ configs }) => {
    const steps = configs.map(stepOf)
    return new SeriesRule((labels) => (steps.every((step) => step(labels)) ? labels : undefined))
  },
})

/** Changes the labels. False: the series is dropped. */
type Step = (labels: Labels) => boolean

function stepOf(options: RelabelConfig, i: number): Step {
  const path = `configs/${i}`
  checkFields(options, path)
  const pattern = patternOf(`^(?s:${options.regex})$`, `${path}/regex`)
  const { action, target_label: target = '', modulus = 1 } = options
  const joined = (labels: Labels) =>
    options.source_labels.map((name) => labels.get(name)?.value ?? '').join(options.separator)
  switch (action) {
    case 'replace':
      return (labels) => replace(labels, joined(labels), pattern, target, options.replacement)
    case 'keep':
      return (labels) => matchOf(pattern, joined(labels)) !== null
    case 'drop':
      return (labels) => matchOf(pattern, joined(labels)) === null
    case 'keepequal':
      return (labels) => joined(labels) === (labels.get(target)?.value ?? '')
    case 'dropequal':
      return (labels) => joined(labels) !== (labels.get(target)?.value ?? '')
    case 'hashmod':
      return (labels) => set(labels, target, String(hashOf(joined(labels)) % BigInt(modulus)))
    case 'labelmap':
      return (labels) => mapNames(labels, pattern, options.replacement)
    case 'labeldrop':
      return (labels) => keepNames(labels, (name) => matchOf(pattern, name) === null)
    case 'labelkeep':
      return (labels) => keepNames(labels, (name) => matchOf(pattern, name) !== null)
    case 'lowercase':
      return (labels) => set(labels, target, joined(labels).toLowerCase())
    case 'uppercase':
      return (labels) => set(labels, target, joined(labels).toUpperCase())
    default:
      return action satisfies never
  }
}

const NEEDS_TARGET = new Set(['replace', 'hashmod', 'lowercase', 'uppercase', 'keepequal', 'dropequal'])

function checkFields({ action, modulus, target_label: target }: RelabelConfig, path: string): void {
  if (NEEDS_TARGET.has(action) && (target === undefined || target === '')) {
    throw new StreamgateError('SG_CONFIG_INVALID', `${action} needs target_label`, { path: `${path}/target_label` })
  }
  if (action === 'hashmod' && modulus === undefined) {
    throw new StreamgateError('SG_CONFIG_INVALID', 'hashmod needs modulus', { path: `${path}/modulus` })
  }
}

function replace(labels: Labels, value: string, pattern: Pattern, target: string, replacement: string): boolean {
  const match = matchOf(pattern, value)
  if (match === null) return true
  const name = expand(target, match)
  if (name === '') return true
  return set(labels, name, expand(replacement, match))
}

/** An empty value takes the label away. */
function set(labels: Labels, name: string, value: string): boolean {
  if (value === '') labels.delete(name)
  else if (labels.get(name)?.value !== value) labels.set(name, { value, type: 0 })
  return true
}

function mapNames(labels: Labels, pattern: Pattern, replacement: string): boolean {
  for (const [name, { value }] of [...labels]) {
    const match = matchOf(pattern, name)
    if (match !== null) set(labels, expand(replacement, match), value)
  }
  return true
}

function keepNames(labels: Labels, keeps: (name: string) => boolean): boolean {
  for (const name of [...labels.keys()]) if (!keeps(name)) labels.delete(name)
  return true
}

function matchOf({ regex }: Pattern, text: string): RegExpExecArray | null {
  regex.lastIndex = 0
  return regex.exec(text)
}

/** The last eight bytes of the MD5, big-endian: what Prometheus takes. */
function hashOf(text: string): bigint {
  return md5(fromText(text)).readBigUInt64BE(8)
}

function lower(value: unknown): unknown {
  return typeof value === 'string' ? value.toLowerCase() : value
}
