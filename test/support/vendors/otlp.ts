/**
 * A server of OTLP's logs, over HTTP and over gRPC, by the specification (opentelemetry-proto: docs/specification.md).
 * A message is a log record's body.
 */
import { promisify } from 'node:util'
import { Metadata, Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js'
import protobuf from 'protobufjs'
import { otlp as definition } from '#outputs/otlp/otlp.ts'
import { type Vendor, type VendorAnswer, VendorFake, type VendorRequest } from './vendor-fake.ts'

/** An excerpt of opentelemetry-proto and of google.rpc, word for word in what both sides need. */
const { root } = protobuf.parse(
  `
  syntax = "proto3";
  message ExportLogsServiceRequest { repeated ResourceLogs resource_logs = 1; }
  message ExportLogsServiceResponse { ExportLogsPartialSuccess partial_success = 1; }
  message ExportLogsPartialSuccess { int64 rejected_log_records = 1; string error_message = 2; }
  message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; string schema_url = 3; }
  message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
  message ScopeLogs { InstrumentationScope scope = 1; repeated LogRecord log_records = 2; string schema_url = 3; }
  message InstrumentationScope { string name = 1; string version = 2; repeated KeyValue attributes = 3; }
  message LogRecord {
    fixed64 time_unix_nano = 1; int32 severity_number = 2; string severity_text = 3; AnyValue body = 5;
    repeated KeyValue attributes = 6; uint32 dropped_attributes_count = 7; fixed32 flags = 8;
    bytes trace_id = 9; bytes span_id = 10; fixed64 observed_time_unix_nano = 11; string event_name = 12;
  }
  message AnyValue {
    oneof value {
      string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
      ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7;
    }
  }
  message ArrayValue { repeated AnyValue values = 1; }
  message KeyValueList { repeated KeyValue values = 1; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message Any { string type_url = 1; bytes value = 2; }
  message RetryInfo { Duration retry_delay = 1; }
  message Duration { int64 seconds = 1; int32 nanos = 2; }
`,
  { keepCase: true },
)
const Request = root.lookupType('ExportLogsServiceRequest')
const Response = root.lookupType('ExportLogsServiceResponse')
const Status = root.lookupType('Status')
const RetryInfo = root.lookupType('RetryInfo')

const HTTP_BODY_BYTES_MAX = 20 * 1024 * 1024
const GRPC_MESSAGE_BYTES_MAX = 4 * 1024 * 1024
const METHOD = '/opentelemetry.proto.collector.logs.v1.LogsService/Export'

/** A log record as plain values: numbers of 64 bits as bigint, ids in hexadecimal. */
export interface OtlpRecord {
  resource: Record<string, unknown>
  time: bigint
  observed: bigint
  severity: number
  severityText: string
  body: unknown
  attributes: Record<string, unknown>
  traceId: string
  spanId: string
}

export function decodeRequest(body: Buffer): OtlpRecord[] {
  const options = { longs: String, defaults: true, arrays: true, oneofs: true }
  const { resource_logs: groups } = Request.toObject(Request.decode(body), options) as unknown as {
    resource_logs: Wire[]
  }
  return groups.flatMap(({ resource, scope_logs: scopes }) =>
    scopes.flatMap(({ log_records: records }) => records.map((record) => recordOf(record, resource))),
  )
}

export function partialSuccess(rejected: number, message: string): Buffer {
  const partial = { rejected_log_records: rejected, error_message: message }
  return Buffer.from(Response.encode(Response.fromObject({ partial_success: partial })).finish())
}

export function statusOf(message: string, retryMs?: number): Buffer {
  const delay =
    retryMs === undefined ? undefined : { seconds: Math.floor(retryMs / 1000), nanos: (retryMs % 1000) * 1e6 }
  const value = RetryInfo.encode(RetryInfo.fromObject({ retry_delay: delay })).finish()
  const details = delay === undefined ? [] : [{ type_url: 'type.googleapis.com/google.rpc.RetryInfo', value }]
  return Buffer.from(Status.encode(Status.fromObject({ message, details })).finish())
}

export class OtlpFake extends VendorFake {
  readonly records: OtlpRecord[] = []
  path = '/v1/logs'

  protected override handle({ method, path, headers, body }: VendorRequest): VendorAnswer {
    const answer = (status: number, text: string) => this.violation(text, { status, body: statusOf(text) })
    if (method !== 'POST' || path !== this.path) return answer(404, `${method} ${path}`)
    if (headers['content-type'] !== 'application/x-protobuf') return answer(415, 'content type')
    if (body.length > HTTP_BODY_BYTES_MAX) return answer(413, 'body above 20 MiB')
    try {
      for (const record of checked(body, this.violations)) {
        this.records.push(record)
        this.stored.push(String(record.body))
      }
    } catch (error) {
      return answer(400, String(error))
    }
    return { status: 200, headers: { 'content-type': 'application/x-protobuf' }, body: '' }
  }
}

/** What the next call is answered with instead. */
export type GrpcFault = { code: status; details: string; retryMs?: number } | { answer: Buffer } | 'hang'

export class OtlpGrpcFake implements AsyncDisposable {
  readonly records: OtlpRecord[] = []
  readonly stored: string[] = []
  readonly violations: string[] = []
  readonly faults: GrpcFault[] = []
  /** Of each call: what the client sent along. */
  readonly metadata: Metadata[] = []
  #onCall: (() => void) | undefined
  readonly #server = new Server({ 'grpc.max_receive_message_length': GRPC_MESSAGE_BYTES_MAX })
  port = 0

  constructor() {
    const same = (bytes: Buffer) => bytes
    const method = {
      path: METHOD,
      requestStream: false,
      responseStream: false,
      requestDeserialize: same,
      requestSerialize: same,
      responseDeserialize: same,
      responseSerialize: same,
    }
    this.#server.addService(
      { Export: method },
      {
        Export: (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) =>
          this.#answer(call, callback),
      },
    )
  }

  async listen(credentials = ServerCredentials.createInsecure()): Promise<this> {
    const bind = promisify(this.#server.bindAsync.bind(this.#server)) as (
      address: string,
      credentials: ServerCredentials,
    ) => Promise<number>
    this.port = await bind('127.0.0.1:0', credentials)
    return this
  }

  /** Resolves with the next call. */
  called(): Promise<void> {
    return new Promise((resolve) => {
      this.#onCall = resolve
    })
  }

  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  #answer({ request, metadata }: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): void {
    this.metadata.push(metadata)
    this.#onCall?.()
    const fault = this.faults.shift()
    if (fault === 'hang') return
    if (fault !== undefined) {
      answerFault(fault, callback)
      return
    }
    try {
      for (const record of checked(request, this.violations)) {
        this.records.push(record)
        this.stored.push(String(record.body))
      }
      callback(null, Buffer.alloc(0))
    } catch (error) {
      callback({ code: status.INVALID_ARGUMENT, details: String(error) })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown()
  }
}

function answerFault(fault: Exclude<GrpcFault, 'hang'>, callback: sendUnaryData<Buffer>): void {
  if ('answer' in fault) {
    callback(null, fault.answer)
    return
  }
  const { code, details, retryMs } = fault
  const metadata = new Metadata()
  if (retryMs !== undefined) metadata.set('grpc-status-details-bin', statusOf(details, retryMs))
  callback({ code, details, metadata })
}

interface Wire {
  resource: { attributes: Pair[] } | null
  scope_logs: { log_records: WireRecord[] }[]
}

interface WireRecord {
  time_unix_nano: string
  observed_time_unix_nano: string
  severity_number: number
  severity_text: string
  body: Value | null
  attributes: Pair[]
  trace_id: Buffer
  span_id: Buffer
}

interface Pair {
  key: string
  value: Value | null
}

interface Value {
  value?: 'string_value' | 'bool_value' | 'int_value' | 'double_value' | 'array_value' | 'kvlist_value'
  string_value?: string
  bool_value?: boolean
  int_value?: string
  double_value?: number
  array_value?: { values: Value[] }
  kvlist_value?: { values: Pair[] }
}

function checked(body: Buffer, violations: string[]): OtlpRecord[] {
  const records = decodeRequest(body)
  if (records.length === 0) violations.push('an empty request')
  for (const { traceId, spanId, observed } of records) {
    if (traceId !== '' && (traceId.length !== 32 || /^0+$/.test(traceId))) violations.push(`trace id ${traceId}`)
    if (spanId !== '' && (spanId.length !== 16 || /^0+$/.test(spanId))) violations.push(`span id ${spanId}`)
    if (observed === 0n) violations.push('no observed time')
  }
  return records
}

function recordOf(record: WireRecord, resource: Wire['resource']): OtlpRecord {
  return {
    resource: objectOf(resource?.attributes ?? []),
    time: BigInt(record.time_unix_nano),
    observed: BigInt(record.observed_time_unix_nano),
    severity: record.severity_number,
    severityText: record.severity_text,
    body: record.body === null ? undefined : plain(record.body),
    attributes: objectOf(record.attributes),
    traceId: record.trace_id.toString('hex'),
    spanId: record.span_id.toString('hex'),
  }
}

function objectOf(pairs: Pair[]): Record<string, unknown> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, plain(value)]))
}

function plain(value: Value | null): unknown {
  switch (value?.value) {
    case 'int_value':
      return BigInt(value.int_value!)
    case 'array_value':
      return value.array_value!.values.map(plain)
    case 'kvlist_value':
      return objectOf(value.kvlist_value!.values)
    case undefined:
      return null
    default:
      return value![value!.value!]
  }
}

export const otlp: Vendor = {
  definition,
  start: () => new OtlpFake().listen(),
  options: (fake) => ({ url: fake.url }),
}
