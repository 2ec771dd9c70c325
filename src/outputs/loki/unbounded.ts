/** Fields that have another value in nearly each record. As a label each value would open a stream of its own. */

const ENDINGS = [
  'traceid',
  'spanid',
  'parentid',
  'requestid',
  'correlationid',
  'sessionid',
  'transactionid',
  'messageid',
  'eventid',
  'orderid',
  'userid',
  'uuid',
  'guid',
  'useragent',
  'timestamp',
  'duration',
  'latency',
]

const NAMES = new Set([
  'body',
  'clientip',
  'elapsed',
  'email',
  'id',
  'ip',
  'line',
  'log',
  'message',
  'msg',
  'remoteaddr',
  'remoteip',
  'time',
  'ts',
  'uri',
  'url',
  'user',
])

/** Whether the name of a field says so, however it is spelled: `trace_id`, `traceId`, `http/request-id`. */
export function looksUnbounded(field: string): boolean {
  const key = field.split('/').at(-1)!
  const name = key.toLowerCase().replace(/[^a-z0-9]/g, '')
  // `client.ip`: what stands behind the last dot counts too, but for `id`: `region.id` has few values.
  const last = key.split('.').at(-1)!.toLowerCase()
  return NAMES.has(name) || (last !== 'id' && NAMES.has(last)) || ENDINGS.some((ending) => name.endsWith(ending))
}
