/** How outputs of Prometheus' formats name what they send. To be spread into their schemas. */
import { z } from 'zod'

const LABELS_MAX = 64
const labelName = z
  .string()
  .max(256)
  .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'is not a label name: letters, digits and underscores, no digit first')
  .refine((name) => !name.startsWith('__'), 'begins with two underscores, which are for Prometheus itself')

export const seriesNames = {
  add_suffixes: z
    .boolean()
    .default(true)
    .describe('Whether names of metrics that do not come from Prometheus get their unit and _total behind them.'),
  utf8_names: z
    .boolean()
    .default(false)
    .describe(
      'Leaves names as they are, which Prometheus 3 can; otherwise underscores stand for what has no place in one.',
    ),
  external_labels: z
    .record(labelName, z.string().min(1).max(1024))
    .default({})
    .refine((labels) => Object.keys(labels).length <= LABELS_MAX, `has more than ${LABELS_MAX} names`)
    .describe('Labels that all series get that do not have them.'),
  resource_labels: z
    .array(z.string().min(1).max(256))
    .max(LABELS_MAX)
    .default([])
    .describe('Attributes of the resource that become labels, beside job and instance.'),
}
