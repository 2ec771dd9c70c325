/**
 * Any bytes as requests: checked, cut, taken apart, read and edited by rules, as JSON, and sent on; and as OTLP/JSON.
 */
import { allocate, fromText, viewOf } from '#std/bytes.ts'
import { BLOCK_RECORDS_MAX, Block } from '#telemetry/block.ts'
import { stringsOf } from '#telemetry/strings.ts'
import type { FuzzTarget } from '#test/support/fuzz.ts'
import { otlpLogs, otlpTraces } from './decoders.ts'
import { fromJson } from './from-json.ts'
import { otlp, otlpSpans } from './otlp.ts'
import { checkRequest, splitRequest } from './request.ts'

const ATTRIBUTES = `"attributes":[{"key":"user","value":{"stringValue":"u1"}},{"key":"n","value":{"intValue":"-42"}},
  {"key":"m","value":{"kvlistValue":{"values":[{"key":"a","value":
    {"arrayValue":{"values":[{"stringValue":"x"},{}]}}}]}}},
  {"key":"d","value":{"doubleValue":0.5}},
  {"key":"b","value":{"boolValue":true}},{"key":"y","value":{"bytesValue":"AQI="}}]`
const IDS = '"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174"'
const AROUND = `"resource":{${ATTRIBUTES}},"schemaUrl":"https://example.com"`
const LOGS = `{"resourceLogs":[{${AROUND},"scopeLogs":[{"scope":{"name":"lib",${ATTRIBUTES}},"logRecords":[
  {"timeUnixNano":"1544712660300000000","severityNumber":10,"severityText":"info",${IDS},
  "body":{"stringValue":"paid"},
  ${ATTRIBUTES},"flags":1,"eventName":"e"},
  {"body":{"kvlistValue":{"values":[{"key":"message","value":{"intValue":7}}]}}}]}]}]}`
const SPANS = `{"resourceSpans":[{${AROUND},"scopeSpans":[{"scope":{"name":"lib"},"spans":[
  {${IDS},"name":"GET /","kind":2,"traceState":"ot=th:8","startTimeUnixNano":"1544712660000000000",
  "endTimeUnixNano":"1544712661000000000",${ATTRIBUTES},
  "events":[{"timeUnixNano":"1","name":"e",${ATTRIBUTES}}],"links":[{${IDS},${ATTRIBUTES}}],
  "status":{"code":2,"message":"no"}},{"name":"x"}]}]}]}`

const NAMES = [
  ...['service', 'host', 'level', 'message', 'timestamp', 'trace_id', 'user', 'n', 'd', 'b', 'y', 'name', 'kind'],
  ...['attributes/m/a', 'body/message', 'resource/attributes/user', 'scope/name', 'status/message', 'duration_ms'],
]
const PIECE_BYTES = 300

const kinds = [
  { definition: otlpLogs, encoder: otlp.create({ resource_attributes: { zone: 'z' } }) },
  { definition: otlpTraces, encoder: otlpSpans.create({}) },
].map(({ definition, encoder }) => ({
  definition,
  encoder,
  decoder: definition.create(),
  lookups: NAMES.map((name) => definition.format.lookup(name)),
}))
const block = new Block()
const json = new Block()
const ends = new Int32Array(BLOCK_RECORDS_MAX)
const HIDDEN = fromText('***')

function seedOf(signal: 'logs' | 'traces', text: string): Uint8Array {
  const made = fromJson(signal, fromText(text))
  if (!made.ok) throw new Error(made.message)
  return made.bytes
}

export const fuzz: FuzzTarget = {
  name: 'otlp',
  seeds: [seedOf('logs', LOGS), seedOf('traces', SPANS), fromText(LOGS), fromText(SPANS)],
  run(input) {
    const bytes = viewOf(input)
    for (const signal of ['logs', 'traces', 'metrics'] as const) {
      checkRequest(signal, bytes, 0, bytes.length)
      const made = fromJson(signal, bytes)
      if (made.ok && !checkRequest(signal, made.bytes, 0, made.bytes.length).ok)
        throw new Error('what JSON became is no request')
    }
    splitRequest(bytes, 0, bytes.length, PIECE_BYTES)
    for (const kind of kinds) take(bytes, kind)
  },
}

function take(
  bytes: ReturnType<typeof viewOf>,
  { definition, decoder, encoder, lookups }: (typeof kinds)[number],
): void {
  const entry = { bytes, from: 0, to: bytes.length }
  const context = { source: 'fuzz', arrivalMs: 1_767_225_600_000, truncated: false, format: definition.format }
  const counted = decoder.count(entry, 0).records
  let decoded = 0
  for (let at = 0, done = false; !done; ) {
    block.fill(bytes, at, at, context)
    const part = decoder.decode(entry, at, block, BLOCK_RECORDS_MAX)
    decoded += block.count + part.malformedRecords
    read(lookups)
    edit()
    read(lookups)
    const size = encoder.sizeMax(block)
    if (encoder.encode(block, allocate(size), 0, ends, 0) > size) throw new Error('more bytes than the bound')
    if (!part.done && part.end <= at) throw new Error('it does not go on')
    at = part.end
    done = part.done
  }
  if (decoded !== counted) throw new Error(`${decoded} records, counted as ${counted}`)
}

function read(lookups: (typeof kinds)[number]['lookups']): void {
  const { format } = block.context
  for (let i = 0; i < block.count; i++) for (const lookup of lookups) lookup.find(block, i)
  format.toJson(block, json)
  for (let i = 0; i < json.count; i++) JSON.parse(json.recordText(i))
}

/** Every other text becomes three characters; every record gets a mark. */
function edit(): void {
  const strings = stringsOf(block)
  const { lines } = strings
  const texts = lines.count
  for (let i = 0; i < texts; i += 2) if (lines.selection[i] === 1) lines.replaceRecord(i, HIDDEN)
  lines.commitEdits()
  strings.giveBack(block)
  if (stringsOf(block).lines.count !== texts) throw new Error('an edit took texts away')
  for (let i = 0; i < block.count; i++) block.context.format.annotate(block, i, 'mark', i + 0.5)
  block.commitEdits()
}
