/** Numbers of the fields that are read where they stand; all of them are in `messages.ts`. */

export const LogField = {
  TIME: 1,
  SEVERITY_NUMBER: 2,
  SEVERITY_TEXT: 3,
  BODY: 5,
  ATTRIBUTES: 6,
  DROPPED_ATTRIBUTES_COUNT: 7,
  FLAGS: 8,
  TRACE_ID: 9,
  SPAN_ID: 10,
  OBSERVED_TIME: 11,
  EVENT_NAME: 12,
} as const

export const SpanField = {
  TRACE_ID: 1,
  SPAN_ID: 2,
  TRACE_STATE: 3,
  PARENT_SPAN_ID: 4,
  NAME: 5,
  KIND: 6,
  START_TIME: 7,
  END_TIME: 8,
  ATTRIBUTES: 9,
  DROPPED_ATTRIBUTES_COUNT: 10,
  EVENTS: 11,
  LINKS: 13,
  STATUS: 15,
  FLAGS: 16,
} as const

export const EventField = { TIME: 1, NAME: 2, ATTRIBUTES: 3 } as const
export const LinkField = { TRACE_ID: 1, SPAN_ID: 2, TRACE_STATE: 3, ATTRIBUTES: 4 } as const
export const StatusField = { MESSAGE: 2, CODE: 3 } as const

/** Of the heads that are shared, which are fields 1 and 3 of the messages around records. */
export const HeadField = { INNER: 1, SCHEMA_URL: 3 } as const
export const ResourceField = { ATTRIBUTES: 1 } as const
export const ScopeField = { NAME: 1, VERSION: 2, ATTRIBUTES: 3 } as const

export const KeyValueField = { KEY: 1, VALUE: 2 } as const
export const ValueField = { STRING: 1, BOOL: 2, INT: 3, DOUBLE: 4, ARRAY: 5, LIST: 6, BYTES: 7 } as const

/** Of arrays and lists of values. */
export const ELEMENTS = 1

/** By SeverityNumber / 4, rounded up: the four steps of a level have one name. */
const LEVELS = ['', 'TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const

/** The name of a severity from 1 to 24; empty for any other. */
export function levelOf(severity: number): string {
  return LEVELS[Math.ceil(severity / 4)] ?? ''
}

export const SPAN_KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const
export const STATUS_CODES = ['unset', 'ok', 'error'] as const
