/** `tcp` takes newline-delimited records over TCP, plain or with TLS. How connections wait when the intake is full: `TcpListener`. */
import { z } from 'zod'
import { defineSource, type SourceContext } from '#component/source.ts'
import { ByteBudget } from '#listeners/byte-budget.ts'
import { TcpListener, tcpListenerOptions } from '#listeners/tcp-listener.ts'
import { LineFraming, type LineLimits, lineTooLongPolicies } from '../line-framing.ts'

const config = z.strictObject({
  ...tcpListenerOptions('0.0.0.0:8081'),
  line_bytes_max: z
    .number()
    .int()
    .min(1)
    .default(1024 * 1024)
    .describe('Longest line in bytes, without its newline.'),
  line_too_long: z
    .enum(lineTooLongPolicies)
    .default('cut')
    .describe('What becomes of longer lines: cut into records marked truncated, or dropped and counted.'),
  unfinished_bytes_max: z
    .number()
    .int()
    .min(1024)
    .default(64 * 1024 * 1024)
    .describe('Memory for the unfinished lines of all connections together; beyond it, lines count as too long.'),
})
type Options = z.output<typeof config>

export const tcp = defineSource({
  name: 'tcp',
  summary: 'Newline-delimited records over TCP.',
  config,
  create(options, context) {
    const limits = limitsOf(options, context)
    return new TcpListener(context, options, ({ origin }) => new LineFraming(context.intake, origin, limits))
  },
})

function limitsOf(options: Options, context: SourceContext): LineLimits {
  const lineBytesMax = Math.min(options.line_bytes_max, context.intake.entryBytesMax - 1)
  if (lineBytesMax < options.line_bytes_max) {
    context.log.warn({ source: context.id, line_bytes_max: lineBytesMax }, 'lines are limited by the intake')
  }
  return {
    lineBytesMax,
    lineTooLong: options.line_too_long,
    budget: new ByteBudget(options.unfinished_bytes_max),
    dropped: (bytes) => context.reject('line_too_long', 1, bytes),
  }
}
