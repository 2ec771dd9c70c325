/** Keys, each in the object before it. */
export type Path = readonly string[]

/** Where well-known fields are written by common loggers, by OpenTelemetry and by Elastic Common Schema. The first found counts. */
export const WELL_KNOWN: Readonly<Record<string, readonly Path[]>> = {
  service: [
    ['service'],
    ['service.name'],
    ['resource', 'service.name'],
    ['resource', 'attributes', 'service.name'],
    ['resource_attributes', 'service.name'],
    ['attributes', 'service.name'],
    ['service', 'name'],
  ],
  level: [
    ['level'],
    ['severity'],
    ['severity_text'],
    ['severityText'],
    ['log.level'],
    ['log', 'level'],
    ['lvl'],
    ['loglevel'],
  ],
  host: [
    ['host'],
    ['hostname'],
    ['host.name'],
    ['resource', 'host.name'],
    ['resource', 'attributes', 'host.name'],
    ['attributes', 'host.name'],
    ['host', 'name'],
  ],
  trace_id: [
    ['trace_id'],
    ['traceId'],
    ['traceID'],
    ['trace.id'],
    ['attributes', 'trace_id'],
    ['dd', 'trace_id'],
    ['dd.trace_id'],
  ],
  span_id: [
    ['span_id'],
    ['spanId'],
    ['spanID'],
    ['span.id'],
    ['attributes', 'span_id'],
    ['dd', 'span_id'],
    ['dd.span_id'],
  ],
  message: [['message'], ['msg'], ['body'], ['body', 'stringValue'], ['log'], ['event', 'original']],
  timestamp: [['timestamp'], ['@timestamp'], ['time'], ['ts'], ['timeUnixNano'], ['observedTimestamp']],
}

const DEPTH_MAX = 16

/**
 * Where a field of that name may stand, the likeliest first: a well-known one, a path `a/b/c`, or else a key of the
 * record, of its `attributes`, its `resource`, or its `resource.attributes`.
 */
export function pathsOf(name: string): readonly Path[] {
  if (name.includes('/')) return [name.replace(/\/$/, '').split('/').slice(0, DEPTH_MAX)]
  return WELL_KNOWN[name] ?? [[name], ['attributes', name], ['resource', name], ['resource', 'attributes', name]]
}
