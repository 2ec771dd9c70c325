/** `metric_filter` drops metrics by name and labels, or keeps only those. */
import { z } from 'zod'
import { patternOf } from '#component/matcher.ts'
import { defineProcessor } from '#component/processor.ts'
import { truth } from '#component/schema.ts'
import { StreamgateError } from '#contract/error.ts'
import type { Pattern } from '#std/pattern/pattern.ts'
import { type Labels, METRIC_NAME, SeriesRule } from '../series-rule.ts'

const NAMES_MAX = 100_000
const LABELS_MAX = 64

const config = z.strictObject({
  names: z
    .preprocess(asNames, z.array(z.string().min(1).max(1024)).min(1).max(NAMES_MAX).optional())
    .describe('Names of metrics; also one text with a name on each line, such as ${file:/path}; # begins a comment.'),
  pattern: z.string().min(1).optional().describe('A regular expression that names must match as a whole.'),
  labels: z
    .record(z.string().min(1), z.string())
    .refine((labels) => Object.keys(labels).length <= LABELS_MAX, { error: `at most ${LABELS_MAX} labels` })
    .optional()
    .describe(
      'Regular expressions by label, which their values must match as a whole; all of them. A label that is not there is empty.',
    ),
  mode: z.enum(['drop', 'keep']).default('drop').describe('What happens to metrics for which all that holds.'),
  unsafe: truth(z.boolean().default(false)).describe('Take patterns that cannot be matched in linear time.'),
})

export const metricFilter = defineProcessor({
  name: 'metric_filter',
  summary: 'Drops metrics by name and labels, or keeps only those.',
  config,
  signals: ['metrics'],
  mutates: false,
  create: (options) => {
    const holds = conditionOf(options)
    const keeps = options.mode === 'keep'
    return new SeriesRule((labels) => (holds(labels) === keeps ? labels : undefined))
  },
})

function conditionOf({ names, pattern, labels, unsafe }: z.output<typeof config>): (labels: Labels) => boolean {
  if (names === undefined && pattern === undefined && labels === undefined) {
    throw new StreamgateError('SG_CONFIG_INVALID', 'needs names, pattern or labels', { path: 'names' })
  }
  const known = names === undefined ? undefined : new Set(names)
  const whole = pattern === undefined ? undefined : patternOf(`^(?:${pattern})$`, 'pattern', { unsafe })
  const tests = Object.entries(labels ?? {}).map(
    ([label, source]) => [label, patternOf(`^(?:${source})$`, `labels/${label}`, { unsafe })] as const,
  )
  return (series) => {
    const name = series.get(METRIC_NAME)?.value ?? ''
    return (
      known?.has(name) !== false &&
      (whole === undefined || matches(whole, name)) &&
      tests.every(([label, test]) => matches(test, series.get(label)?.value ?? ''))
    )
  }
}

function matches({ regex }: Pattern, text: string): boolean {
  regex.lastIndex = 0
  return regex.test(text)
}

/** One text is a list, as a file or a foreign manifest has it. */
function asNames(value: unknown): unknown {
  if (typeof value !== 'string') return value
  return value
    .split(/[\n,]/)
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
}
