/**
 * A seeded corpus of log lines: half text, half JSON, a third DEBUG, some social security numbers and e-mail addresses.
 */
import { randomFrom } from '#std/random.ts'

const services = ['checkout', 'auth', 'cart', 'search', 'billing', 'gateway']
const messages = [
  'user login attempt',
  'payment processed',
  'cache miss for key',
  'db query took',
  'GET /api/v1/items returned',
  'retrying upstream call',
]

/**
 * `syslog`: text behind headers of RFC 5424, which say the same level. `counted`: the same, with their lengths in
 * front.
 */
export type CorpusKind = 'mixed' | 'json' | 'syslog' | 'counted'

const SEVERITIES: Readonly<Record<string, number>> = { DEBUG: 7, INFO: 6, WARN: 4, ERROR: 3 }

/** Lines joined by `\n`, with one at the end. The same seed gives the same bytes. */
export function corpus(lines: number, kind: CorpusKind = 'mixed', seed = 42): Buffer {
  const random = randomFrom(seed)
  const below = (n: number) => Math.floor(random() * n)
  const ssn = () => `${100 + below(900)}-${10 + below(90)}-${1000 + below(9000)}`
  const out: string[] = []
  for (let i = 0; i < lines; i++) {
    const x = random()
    const level = x < 0.35 ? 'DEBUG' : x < 0.85 ? 'INFO' : x < 0.95 ? 'WARN' : 'ERROR'
    const service = services[below(services.length)]
    const message = messages[below(messages.length)]
    const time = new Date(1_732_000_000_000 + i * 3).toISOString()
    if (kind === 'syslog' || kind === 'counted') {
      const header = `<${128 + SEVERITIES[level]!}>1 ${time} web-${below(64)} ${service} ${below(30_000)} - -`
      const line = `${header} ${level} [req-${below(1e9).toString(16)}] ${message} id=${below(1e6)} dur=${below(500)}ms`
      out.push(kind === 'counted' ? `${line.length} ${line}` : line)
    } else if (kind === 'mixed' && i % 2 === 1) {
      const address = `10.${below(256)}.${below(256)}.${below(256)}`
      const extra = `${random() < 0.05 ? ` ssn=${ssn()}` : ''}${random() < 0.05 ? ` email=u${below(9999)}@example.com` : ''}`
      out.push(
        `${time} ${level} ${service} [req-${below(1e9).toString(16)}] ${message} id=${below(1e6)} dur=${below(500)}ms ip=${address}${extra}`,
      )
    } else {
      const record = { timestamp: time, level, service, trace_id: below(1e9).toString(16).padStart(32, '0'), message }
      const secret = random() < 0.05 ? { ssn: ssn() } : {}
      out.push(JSON.stringify({ ...record, user_id: below(1e6), duration_ms: below(500), ...secret }))
    }
  }
  if (kind === 'counted') return Buffer.from(out.join(''))
  out.push('')
  return Buffer.from(out.join('\n'))
}

/** The same lines, each with its number before it. */
export function numbered(lines: Buffer): Buffer {
  let number = 0
  const text = lines.toString('latin1')
  return Buffer.from(
    text.replace(/^(?=.)/gm, () => `${number++} `),
    'latin1',
  )
}
