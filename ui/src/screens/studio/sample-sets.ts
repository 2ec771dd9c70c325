/**
 * Samples to begin with, written for this page. Names, addresses and numbers are those that standards set apart for examples:
 * example.com, 192.0.2.0/24, 198.51.100.0/24 and 2001:db8::/32, card and social security numbers that were never given out.
 */
import type { Splitting } from '#ui/screens/studio/samples.ts'

export interface SampleSet {
  id: string
  label: string
  splitting: Splitting
  make: () => string
}

export const sampleSets: readonly SampleSet[] = [
  { id: 'json', label: 'JSON of a shop', splitting: 'lines', make: () => lines(120, shopLine) },
  { id: 'syslog', label: 'Syslog of a server', splitting: 'lines', make: () => lines(120, syslogLine) },
  { id: 'nginx', label: 'Access log of nginx', splitting: 'lines', make: () => lines(120, nginxLine) },
  { id: 'java', label: 'Java with stack traces', splitting: 'indented', make: () => lines(60, javaLine) },
  { id: 'kubernetes', label: 'Containers of Kubernetes', splitting: 'lines', make: () => lines(120, kubernetesLine) },
  { id: 'logfmt', label: 'logfmt of a service', splitting: 'lines', make: () => lines(120, logfmtLine) },
]

const START = Date.UTC(2026, 0, 31, 8, 15)
const STEP_MS = 1370

const people = ['ann', 'bob', 'eve', 'joan', 'omar', 'yuki'] as const
const cards = ['4111 1111 1111 1111', '5555 5555 5555 4444', '4242 4242 4242 4242'] as const
const paths = ['/', '/cart', '/products/17', '/products/23', '/login', '/healthz'] as const

/** Always the same: what differs hangs on the line's number only. */
function lines(count: number, line: (number: number, time: Date) => string): string {
  return Array.from({ length: count }, (_, number) => line(number, new Date(START + number * STEP_MS))).join('\n')
}

function pick<Value>(values: readonly Value[], number: number, by: number): Value {
  return values[(number * by + Math.floor(number / values.length)) % values.length]!
}

function shopLine(number: number, time: Date): string {
  const service = pick(['checkout', 'cart', 'search', 'search', 'search'], number, 3)
  const user = pick(people, number, 5)
  const base = { time: time.toISOString(), service, trace_id: hex(number, 32) }
  if (number % 17 === 4) {
    const error = 'the card was declined'
    return JSON.stringify({ ...base, level: 'error', msg: `payment of order ${9000 + number} failed`, error, user })
  }
  if (service === 'search') {
    return JSON.stringify({
      ...base,
      level: 'debug',
      msg: `cache miss for key products:${number % 9}`,
      took_ms: number % 40,
    })
  }
  if (service === 'cart') {
    return JSON.stringify({ ...base, level: 'info', msg: 'item added', user, ip: address(number), amount: number % 4 })
  }
  const msg = `order ${9000 + number} paid by card ${pick(cards, number, 1)}`
  return JSON.stringify({ ...base, level: 'info', msg, email: `${user}@example.com`, took_ms: 100 + (number % 80) })
}

function syslogLine(number: number, time: Date): string {
  const stamp = `Jan 31 ${time.toISOString().slice(11, 19)} web-${1 + (number % 3)}`
  const user = pick(people, number, 5)
  const port = 40_000 + number * 7
  if (number % 4 === 0)
    return `${stamp} CRON[${2000 + number}]: (root) CMD (test -x /usr/sbin/anacron || run-parts /etc/cron.hourly)`
  if (number % 7 === 1)
    return `${stamp} sshd[${3000 + number}]: Failed password for invalid user ${user} from ${address(number)} port ${port} ssh2`
  if (number % 5 === 2)
    return `${stamp} sshd[${3000 + number}]: Accepted publickey for ${user} from ${address(number)} port ${port} ssh2`
  if (number % 23 === 3)
    return `${stamp} kernel: [${number * 91}.4417] Out of memory: Killed process ${4000 + number} (java)`
  if (number % 6 === 5) return `${stamp} hr-sync[812]: record of ${user} updated, ssn 078-05-1120`
  return `${stamp} systemd[1]: session-${number}.scope: Deactivated successfully.`
}

function nginxLine(number: number, time: Date): string {
  const path = pick(paths, number, 1)
  const status = number % 19 === 7 ? 500 : path === '/login' && number % 3 === 0 ? 401 : 200
  const agent = path === '/healthz' ? 'kube-probe/1.31' : 'Mozilla/5.0 (X11; Linux x86_64)'
  const user = path === '/cart' ? `${pick(people, number, 5)}@example.com` : '-'
  const stamp = `31/Jan/2026:${time.toISOString().slice(11, 19)} +0000`
  return `${address(number)} - ${user} [${stamp}] "GET ${path} HTTP/1.1" ${status} ${200 + number * 13} "-" "${agent}"`
}

function javaLine(number: number, time: Date): string {
  const stamp = time.toISOString().replace('T', ' ').slice(0, 23).replace('.', ',')
  const thread = `[http-nio-8080-exec-${1 + (number % 8)}]`
  if (number % 12 === 5) {
    return [
      `${stamp} ERROR ${thread} c.e.shop.OrderService - order ${9000 + number} could not be stored`,
      'java.lang.IllegalStateException: the connection pool is exhausted',
      '\tat com.example.shop.Pool.take(Pool.java:118)',
      '\tat com.example.shop.OrderService.store(OrderService.java:74)',
      '\tat com.example.shop.OrderController.post(OrderController.java:41)',
      'Caused by: java.util.concurrent.TimeoutException: waited 5000 ms',
      '\tat com.example.shop.Pool.await(Pool.java:203)',
      '\t... 21 more',
    ].join('\n')
  }
  if (number % 3 === 0)
    return `${stamp} DEBUG ${thread} o.h.SQL - select o.id, o.total from orders o where o.id=${9000 + number}`
  const user = pick(people, number, 5)
  return `${stamp} INFO  ${thread} c.e.shop.OrderService - order ${9000 + number} of ${user}@example.com stored in ${number % 90} ms`
}

function kubernetesLine(number: number, time: Date): string {
  const stamp = `${time.toISOString().slice(0, 23)}000000Z`
  const pod = `checkout-${hex(number % 3, 10)}-${hex(number % 5, 5)}`
  const stream = number % 13 === 6 ? 'stderr' : 'stdout'
  const log =
    stream === 'stderr'
      ? 'panic recovered: runtime error: index out of range [3] with length 3'
      : number % 3 === 0
        ? 'GET /healthz 200 1ms'
        : `level=info msg="request done" path=${pick(paths, number, 1)} client=${address(number)} took=${number % 300}ms`
  const kubernetes = { namespace: 'shop', pod, container: 'checkout' }
  return JSON.stringify({ time: stamp, stream, kubernetes, log })
}

function logfmtLine(number: number, time: Date): string {
  const stamp = `time=${time.toISOString()}`
  const user = pick(people, number, 5)
  if (number % 5 === 0) return `${stamp} level=debug msg="heartbeat" seq=${number}`
  if (number % 14 === 3)
    return `${stamp} level=warn msg="token is about to expire" user=${user} token=AKIAIOSFODNN7EXAMPLE`
  return `${stamp} level=info msg="signed in" user=${user} email=${user}@example.com ip=${address(number)} session=${hex(number, 16)}`
}

/** Of the nets for documentation, RFC 5737. */
function address(number: number): string {
  return number % 2 === 0 ? `192.0.2.${1 + (number % 250)}` : `198.51.100.${1 + ((number * 7) % 250)}`
}

function hex(number: number, digits: number): string {
  let text = ''
  for (let place = 0; text.length < digits; place++) {
    text += (Math.imul(number + 17, 2_654_435_761 ^ (place * 40_503)) >>> 0).toString(16).padStart(8, '0')
  }
  return text.slice(0, digits)
}
