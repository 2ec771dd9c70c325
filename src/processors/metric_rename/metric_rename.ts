/** `metric_rename` gives metrics and labels other names. */
import { z } from 'zod'
import { patternOf } from '#component/matcher.ts'
import { defineProcessor } from '#component/processor.ts'
import { truth } from '#component/schema.ts'
import { StreamgateError } from '#contract/error.ts'
import { expand } from '../expand.ts'
import { type Decide, type Labels, METRIC_NAME, SeriesRule } from '../series-rule.ts'

const NAMES_MAX = 10_000
const nameMap = z
  .record(z.string().min(1).max(1024), z.string().min(1).max(1024))
  .refine((names) => Object.keys(names).length <= NAMES_MAX, { error: `at most ${NAMES_MAX} names` })
  .optional()

const config = z.strictObject({
  names: nameMap.describe('New names of metrics by their old ones.'),
  pattern: z.string().min(1).optional().describe('A regular expression that names must match as a whole.'),
  replacement: z
    .string()
    .max(1024)
    .optional()
    .describe('The name instead, with pattern; $1 and ${name} are its groups, $$ is a dollar sign.'),
  labels: nameMap.describe(
    'New names of labels by their old ones. A label that has the new name already is overwritten.',
  ),
  unsafe: truth(z.boolean().default(false)).describe('Take a pattern that cannot be matched in linear time.'),
})

export const metricRename = defineProcessor({
  name: 'metric_rename',
  summary: 'Gives metrics and labels other names.',
  config,
  signals: ['metrics'],
  mutates: true,
  create: (options) => new SeriesRule(renamer(options)),
})

function renamer({ names, pattern, replacement, labels, unsafe }: z.output<typeof config>): Decide {
  if (names === undefined && pattern === undefined && labels === undefined) {
    throw new StreamgateError('SG_CONFIG_INVALID', 'needs names, pattern or labels', { path: 'names' })
  }
  if ((pattern === undefined) !== (replacement === undefined)) {
    throw new StreamgateError('SG_CONFIG_INVALID', 'needs pattern and replacement together', { path: 'replacement' })
  }
  const newNames = new Map(Object.entries(names ?? {}))
  const whole = pattern === undefined ? undefined : patternOf(`^(?:${pattern})$`, 'pattern', { unsafe })
  const newLabels = Object.entries(labels ?? {})
  return (series) => {
    const name = series.get(METRIC_NAME)?.value ?? ''
    let renamed = newNames.get(name)
    if (renamed === undefined && whole !== undefined) {
      whole.regex.lastIndex = 0
      const match = whole.regex.exec(name)
      if (match !== null) renamed = expand(replacement!, match)
    }
    // A metric without a name would be none.
    if (renamed !== undefined && renamed !== '') series.set(METRIC_NAME, { value: renamed, type: 0 })
    for (const [from, to] of newLabels) move(series, from, to)
    return series
  }
}

function move(series: Labels, from: string, to: string): void {
  const value = series.get(from)
  if (value === undefined) return
  series.delete(from)
  series.set(to, value)
}
