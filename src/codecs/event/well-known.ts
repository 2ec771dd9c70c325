import { fromText, latin1 } from '#std/bytes.ts'

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

const PATH_DEPTH_MAX = 16

/**
 * Where a field may stand in a record: a well-known name; a path `a/b/c`; or any other name, which is then a key of the record,
 * of its `attributes`, or of `resource.attributes`. Keys are in UTF-8, one character per byte, as they are searched for.
 */
export function pathsOf(name: string): readonly Path[] {
  const paths = name.includes('/')
    ? [name.replace(/\/$/, '').split('/').slice(0, PATH_DEPTH_MAX)]
    : ((Object.hasOwn(WELL_KNOWN, name) ? WELL_KNOWN[name] : undefined) ?? [
        [name],
        ['attributes', name],
        ['resource', name],
        ['resource', 'attributes', name],
      ])
  return paths.map((path) =>
    path.map((key) => {
      const bytes = fromText(key)
      return latin1(bytes, 0, bytes.length)
    }),
  )
}
