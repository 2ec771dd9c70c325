/**
 * The messages of OTLP, as far as we know them: opentelemetry-proto 1.x (collector, logs, trace, metrics, common,
 * resource). One table for who checks requests and for who makes them of JSON.
 *
 * `id16` and `id8` are `bytes` of that length, or none, that JSON writes as hexadecimal digits; `enum` is a whole
 * number in both.
 */
import type { Signal } from '#telemetry/signal.ts'

const GRAMMAR = `
  ExportLogsServiceRequest { repeated ResourceLogs resource_logs = 1 }
  ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; string schema_url = 3 }
  ScopeLogs { InstrumentationScope scope = 1; repeated LogRecord log_records = 2; string schema_url = 3 }
  LogRecord {
    fixed64 time_unix_nano = 1; enum severity_number = 2; string severity_text = 3; AnyValue body = 5;
    repeated KeyValue attributes = 6; uint32 dropped_attributes_count = 7; fixed32 flags = 8; id16 trace_id = 9;
    id8 span_id = 10; fixed64 observed_time_unix_nano = 11; string event_name = 12
  }

  ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1 }
  ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3 }
  ScopeSpans { InstrumentationScope scope = 1; repeated Span spans = 2; string schema_url = 3 }
  Span {
    id16 trace_id = 1; id8 span_id = 2; string trace_state = 3; id8 parent_span_id = 4; string name = 5; enum kind = 6;
    fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
    uint32 dropped_attributes_count = 10; repeated Event events = 11; uint32 dropped_events_count = 12;
    repeated Link links = 13; uint32 dropped_links_count = 14; SpanStatus status = 15; fixed32 flags = 16
  }
  Event {
    fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4
  }
  Link {
    id16 trace_id = 1; id8 span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4;
    uint32 dropped_attributes_count = 5; fixed32 flags = 6
  }
  SpanStatus { string message = 2; enum code = 3 }

  ExportMetricsServiceRequest { repeated ResourceMetrics resource_metrics = 1 }
  ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; string schema_url = 3 }
  ScopeMetrics { InstrumentationScope scope = 1; repeated Metric metrics = 2; string schema_url = 3 }
  Metric {
    string name = 1; string description = 2; string unit = 3; Gauge gauge = 5; Sum sum = 7; Histogram histogram = 9;
    ExponentialHistogram exponential_histogram = 10; Summary summary = 11; repeated KeyValue metadata = 12
  }
  Gauge { repeated NumberDataPoint data_points = 1 }
  Sum { repeated NumberDataPoint data_points = 1; enum aggregation_temporality = 2; bool is_monotonic = 3 }
  Histogram { repeated HistogramDataPoint data_points = 1; enum aggregation_temporality = 2 }
  ExponentialHistogram { repeated ExponentialHistogramDataPoint data_points = 1; enum aggregation_temporality = 2 }
  Summary { repeated SummaryDataPoint data_points = 1 }
  NumberDataPoint {
    fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; double as_double = 4; repeated Exemplar exemplars = 5;
    sfixed64 as_int = 6; repeated KeyValue attributes = 7; uint32 flags = 8
  }
  HistogramDataPoint {
    fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; fixed64 count = 4; double sum = 5;
    repeated fixed64 bucket_counts = 6; repeated double explicit_bounds = 7; repeated Exemplar exemplars = 8;
    repeated KeyValue attributes = 9; uint32 flags = 10; double min = 11; double max = 12
  }
  ExponentialHistogramDataPoint {
    repeated KeyValue attributes = 1; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; fixed64 count = 4;
    double sum = 5; sint32 scale = 6; fixed64 zero_count = 7; Buckets positive = 8; Buckets negative = 9;
    uint32 flags = 10; repeated Exemplar exemplars = 11; double min = 12; double max = 13; double zero_threshold = 14
  }
  Buckets { sint32 offset = 1; repeated uint64 bucket_counts = 2 }
  SummaryDataPoint {
    fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; fixed64 count = 4; double sum = 5;
    repeated ValueAtQuantile quantile_values = 6; repeated KeyValue attributes = 7; uint32 flags = 8
  }
  ValueAtQuantile { double quantile = 1; double value = 2 }
  Exemplar {
    fixed64 time_unix_nano = 2; double as_double = 3; id8 span_id = 4; id16 trace_id = 5; sfixed64 as_int = 6;
    repeated KeyValue filtered_attributes = 7
  }

  Resource {
    repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; repeated EntityRef entity_refs = 3
  }
  EntityRef {
    string schema_url = 1; string type = 2; repeated string id_keys = 3; repeated string description_keys = 4
  }
  InstrumentationScope {
    string name = 1; string version = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4
  }
  KeyValue { string key = 1; AnyValue value = 2 }
  AnyValue {
    string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
    ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7
  }
  ArrayValue { repeated AnyValue values = 1 }
  KeyValueList { repeated KeyValue values = 1 }
`

/** By scalar type: its wire type. */
const WIRE_TYPES = {
  ...{ bool: 0, enum: 0, int64: 0, uint64: 0, uint32: 0, sint32: 0 },
  ...{ fixed64: 1, sfixed64: 1, double: 1 },
  ...{ string: 2, bytes: 2, id16: 2, id8: 2 },
  fixed32: 5,
} as const
export type ScalarType = keyof typeof WIRE_TYPES

export interface FieldSpec {
  readonly number: number
  /** In JSON. */
  readonly name: string
  readonly wireType: number
  readonly repeated: boolean
  /** Undefined for messages. */
  readonly scalar: ScalarType | undefined
  /** Of ids: how many bytes they have, unless they have none; 0 for all other fields. */
  readonly idBytes: number
  /** Undefined for scalars. */
  readonly message: MessageSpec | undefined
}

export interface MessageSpec {
  readonly name: string
  /** By field number. */
  readonly fields: readonly (FieldSpec | undefined)[]
  /** By name in JSON: lowerCamelCase. */
  readonly byName: ReadonlyMap<string, FieldSpec>
}

/**
 * How deep a value may hold others: readers of Protocol Buffers stop at 100 messages, and a level takes up to three.
 */
export const NESTING_MAX = 32

const messages = parse(GRAMMAR)

export const requests: Readonly<Record<Signal, MessageSpec>> = {
  logs: messages.get('ExportLogsServiceRequest')!,
  traces: messages.get('ExportTraceServiceRequest')!,
  metrics: messages.get('ExportMetricsServiceRequest')!,
}

export const anyValue: MessageSpec = messages.get('AnyValue')!
export const keyValue: MessageSpec = messages.get('KeyValue')!

function parse(grammar: string): ReadonlyMap<string, MessageSpec> {
  const bodies = [...grammar.matchAll(/(\w+) \{([^}]*)\}/g)]
  const specs = new Map(
    bodies.map(([, name]) => [name!, { name: name!, fields: [] as FieldSpec[], byName: new Map<string, FieldSpec>() }]),
  )
  for (const [, name, body] of bodies) {
    const { fields, byName } = specs.get(name!)!
    for (const [, repeated, type, field, number] of body!.matchAll(/(repeated )?(\w+) (\w+) = (\d+)/g)) {
      const scalar = type! in WIRE_TYPES ? (type as ScalarType) : undefined
      const name = field!.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
      const spec: FieldSpec = {
        number: Number(number),
        name,
        wireType: scalar === undefined ? 2 : WIRE_TYPES[scalar],
        repeated: repeated !== undefined,
        scalar,
        idBytes: scalar === 'id16' ? 16 : scalar === 'id8' ? 8 : 0,
        message: scalar === undefined ? specs.get(type!) : undefined,
      }
      fields[spec.number] = spec
      byName.set(name, spec)
    }
  }
  return specs
}
