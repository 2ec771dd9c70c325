/**
 * Log lines of a made-up shop, the same for the same seed: services of very different size, all severities, personal
 * data.
 */
import { randomFrom } from '#std/random.ts'

export const shopServices = ['web', 'cart', 'checkout', 'payments', 'search', 'mail', 'audit', 'batch'] as const

export interface TrafficOptions {
  seed: number
  records: number
}

const WORDS = 'order item cache user session basket page retry queue index shard token price stock route'.split(' ')

export function shopTraffic({ seed, records }: TrafficOptions): string[] {
  const random = randomFrom(seed)
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!
  const number = (below: number) => Math.floor(random() * below)
  return Array.from({ length: records }, (_, i) => {
    // Squared: the first services get the most.
    const service = shopServices[Math.floor(random() ** 2 * shopServices.length)]!
    const roll = random()
    const level = roll < 0.3 ? 'debug' : roll < 0.85 ? 'info' : roll < 0.95 ? 'warn' : roll < 0.995 ? 'error' : 'fatal'
    const time = new Date(1_760_000_000_000 + i * 7).toISOString()
    if (service === 'batch') return `${time} ${level.toUpperCase()} batch job ${number(1000)} took ${number(90_000)} ms`
    const message =
      service === 'web' && random() < 0.4
        ? `GET /healthz HTTP/1.1 200 ${number(9)}ms`
        : `${pick(WORDS)} ${number(100_000)} ${Array.from({ length: 1 + number(12) }, () => pick(WORDS)).join(' ')}`
    const record: Record<string, unknown> = { time, level, service, message, http: { status: pick([200, 404, 500]) } }
    if (random() < 0.06) record['customer'] = { mail: `user${number(5000)}@example.com`, tier: pick(['a', 'b']) }
    if (service === 'payments' && random() < 0.2) record['card'] = '4111 1111 1111 1111'
    if (service === 'search' && random() < 0.1) record['trace'] = 'x'.repeat(number(2000))
    return JSON.stringify(record)
  })
}
