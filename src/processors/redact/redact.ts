/**
 * `redact` replaces what must not leave: matches of a pattern, or what a built-in detector finds. It is `required` unless
 * told otherwise: under pressure records wait rather than go out unredacted.
 */
import { z } from 'zod'
import { detectorNames, detectors } from '#codecs/sensitive/detectors.ts'
import { patternOf } from '#component/matcher.ts'
import { defineProcessor, type Processor } from '#component/processor.ts'
import { list, truth } from '#component/schema.ts'
import { StreamgateError } from '#contract/error.ts'
import type { Block } from '#telemetry/block.ts'
import { type Candidates, stringsOf } from '#telemetry/strings.ts'
import { DetectorRedactor } from './detector-redactor.ts'
import { PatternRedactor } from './pattern-redactor.ts'

const config = z.strictObject({
  pattern: z.string().min(1).optional().describe('A regular expression; what it matches is replaced.'),
  builtin: z.enum(detectorNames).optional().describe('A built-in detector.'),
  builtins: list(z.array(z.enum(detectorNames)).min(1).optional()).describe('Several built-in detectors.'),
  replacement: z
    .string()
    .optional()
    .describe('What stands there instead. With a pattern, $1 and $<name> are its groups, $$ is a dollar sign.'),
  ignore_case: truth(z.boolean().default(false)).describe('Whether upper and lower case are the same to the pattern.'),
  unsafe: truth(z.boolean().default(false)).describe('Take a pattern that cannot be matched in linear time.'),
})

export const redact = defineProcessor({
  name: 'redact',
  summary: 'Replaces what must not leave: matches of a pattern, or what a built-in detector finds.',
  config,
  signals: ['logs', 'traces'],
  mutates: true,
  required: true,
  onError: 'quarantine',
  create: (options) => new Redact(options),
})

class Redact implements Processor {
  readonly #parts: Processor[] = []
  /** Undefined: something may be found anywhere. */
  readonly #candidates: Candidates | undefined

  constructor(options: z.output<typeof config>) {
    const { pattern, replacement, unsafe, ignore_case: ignoreCase } = options
    const builtins = [...(options.builtin === undefined ? [] : [options.builtin]), ...(options.builtins ?? [])]
    if (pattern === undefined && builtins.length === 0) {
      throw new StreamgateError('SG_CONFIG_INVALID', 'needs pattern, builtin or builtins', { path: 'pattern' })
    }
    if (pattern !== undefined) {
      const part = new PatternRedactor(
        patternOf(pattern, 'pattern', { unsafe, ignoreCase }),
        replacement ?? '[redacted]',
      )
      this.#parts.push(part)
      // What detectors find hangs on what stands around it.
      if (builtins.length === 0) this.#candidates = part.candidates
    }
    for (const name of builtins) {
      this.#parts.push(new DetectorRedactor(detectors[name], replacement ?? `[${name}]`))
    }
  }

  process(block: Block): void {
    if (block.context.format.isText) {
      for (const part of this.#parts) part.process(block)
      return
    }
    const strings = stringsOf(block, this.#candidates)
    for (const part of this.#parts) part.process(strings.lines)
    strings.giveBack(block)
  }
}
