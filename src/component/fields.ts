/**
 * Names of fields, and where they live in a record. A plain text record has one field, `message`: the record itself.
 */
import { findValue, isObjectText, type JsonValue } from '#codecs/json/field.ts'
import { fromText, latin1 } from '#std/bytes.ts'

type Path = readonly string[]

/** Where well-known fields are written by common loggers, by OpenTelemetry and by Elastic Common Schema. The first found counts. */
const WELL_KNOWN: Record<string, readonly Path[]> = {
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

const FIELD_DEPTH_MAX = 16

/** As a JSON value; `text` is the whole of a record that is not JSON, in which a backslash is a backslash. */
export interface FieldValue {
  kind: JsonValue['kind'] | 'text'
  from: number
  to: number
}

/** Reads one field of records. */
export class Field {
  readonly name: string
  readonly #paths: readonly Path[]
  readonly #isMessage: boolean

  /**
   * A well-known name; a path `a/b/c`; or any other name, which is then a key of the record, of its `attributes`, or of
   * `resource.attributes`.
   */
  constructor(name: string) {
    this.name = name
    this.#isMessage = name === 'message'
    const paths = name.includes('/')
      ? [name.replace(/\/$/, '').split('/').slice(0, FIELD_DEPTH_MAX)]
      : (WELL_KNOWN[name] ?? [[name], ['attributes', name], ['resource', name], ['resource', 'attributes', name]])
    this.#paths = paths.map((path) => path.map(asBytes))
  }

  /** The field of the record in [start, end) of a block's text; undefined when it has none. Objects and arrays are no values. */
  find(text: string, start: number, end: number): FieldValue | undefined {
    if (!isObjectText(text, start, end)) return this.#isMessage ? { kind: 'text', from: start, to: end } : undefined
    for (const path of this.#paths) {
      const value = findValue(text, start, end, path)
      if (value !== undefined && value.kind !== 'object' && value.kind !== 'array') return value
    }
    return undefined
  }
}

/** Text as it looks where each byte of its UTF-8 is one character. */
export function asBytes(text: string): string {
  const bytes = fromText(text)
  return latin1(bytes, 0, bytes.length)
}
