/**
 * Loki's push API with its default limits, for one tenant or many. Checks each entry, stores those that pass, and
 * answers 400 about the others in Loki's words. A message is a line.
 */

import protobuf from 'protobufjs'
import { uncompressSync } from 'snappy'
import { loki as definition } from '#outputs/loki/loki.ts'
import { type Vendor, type VendorAnswer, VendorFake, type VendorRequest } from './vendor-fake.ts'

const LABELS_MAX = 15
const LABEL_NAME_BYTES_MAX = 1024
const LABEL_VALUE_BYTES_MAX = 2048
const LINE_BYTES_MAX = 256 * 1024
const BODY_BYTES_MAX = 4 * 1024 * 1024
const AGE_MAX_MS = 7 * 24 * 3_600_000
const GRACE_MS = 600_000
const REASONS_TOLD_MAX = 10
const BEHIND = 'entry too far behind, entry timestamp is'

/** As Loki's own push.proto says. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message PushRequest { repeated StreamAdapter streams = 1; }
  message StreamAdapter { string labels = 1; repeated EntryAdapter entries = 2; uint64 hash = 3; }
  message LabelPairAdapter { string name = 1; string value = 2; }
  message Timestamp { int64 seconds = 1; int32 nanos = 2; }
  message EntryAdapter {
    Timestamp timestamp = 1; string line = 2;
    repeated LabelPairAdapter structuredMetadata = 3; repeated LabelPairAdapter parsed = 4;
  }
`)
const PushRequest = root.lookupType('PushRequest')

export interface LokiEntry {
  labels: Record<string, string>
  /** Unix nanoseconds. */
  time: bigint
  line: string
  metadata: Record<string, string>
}

interface PushedStream {
  labels: Record<string, string>
  entries: Omit<LokiEntry, 'labels'>[]
}

export class LokiFake extends VendorFake {
  readonly entries: LokiEntry[] = []
  /** What the server's clock says. */
  nowMs = Date.UTC(2026, 0, 1)
  /** Without it the server is for one tenant and asks for none. */
  tenant: string | undefined
  authorization: string | undefined
  allowsMetadata = true
  /** Loki adds it to streams that have none. */
  addsServiceName = false
  /** Milliseconds that an entry may be behind the newest of its stream: half of `max_chunk_age`. */
  behindMaxMs = 3_600_000
  readonly #newest = new Map<string, bigint>()

  protected override handle(request: VendorRequest): VendorAnswer {
    const { method, path, headers, raw } = request
    if (method !== 'POST' || path !== '/loki/api/v1/push') return this.violation(`${method} ${path}`, { status: 404 })
    if (headers['authorization'] !== this.authorization) return this.violation('authorization', { status: 401 })
    if (headers['x-scope-orgid'] !== this.tenant) return this.violation('tenant', { status: 401, body: 'no org id' })
    if (raw.length > BODY_BYTES_MAX) return this.violation('body above 4 MiB', { status: 413 })
    let streams: PushedStream[]
    try {
      streams = headers['content-type'] === 'application/json' ? readJson(request.body) : readProtobuf(raw)
    } catch (error) {
      return this.violation(String(error), { status: 400, body: `couldn't parse push request: ${String(error)}` })
    }
    const names = streams.map(({ labels }) => format(labels))
    if (new Set(names).size < names.length) this.violations.push('a stream twice in one request')
    const reasons = streams.flatMap((stream) => this.#push(stream))
    if (reasons.length === 0) return { status: 204 }
    return { status: 400, body: `${reasons.slice(0, REASONS_TOLD_MAX).join('\n')}\n` }
  }

  /** Stores what is good. Returns what is to be said about the rest. */
  #push({ labels, entries }: PushedStream): string[] {
    const name = format(this.addsServiceName ? { ...labels, service_name: 'unknown_service' } : labels)
    const reason = labelsReason(name, labels)
    if (reason !== undefined) {
      this.violations.push(reason)
      return [reason]
    }
    if (entries.length === 0) this.violations.push('a stream without entries')
    if (entries.some(({ time }, i) => i > 0 && time < entries[i - 1]!.time))
      this.violations.push('not in the order of time')
    const reasons: string[] = []
    const behind: string[] = []
    for (const entry of entries) {
      const reason = this.#entryReason(name, entry)
      if (reason !== undefined) {
        reasons.push(reason)
        continue
      }
      const newest = this.#newest.get(name) ?? 0n
      const oldest = newest - BigInt(this.behindMaxMs) * 1_000_000n
      if (entry.time < oldest) {
        const second = `${seconds(entry.time)}, oldest acceptable timestamp is: ${seconds(oldest)}`
        behind.push(`entry with timestamp ${goTime(entry.time)} ignored, reason: '${BEHIND}: ${second}',`)
        continue
      }
      if (entry.time > newest) this.#newest.set(name, entry.time)
      this.entries.push({ labels, ...entry })
      this.stored.push(entry.line)
    }
    if (behind.length === 0) return reasons
    const told = behind.slice(0, REASONS_TOLD_MAX).join('\n')
    return [
      ...reasons,
      `${told}\nuser 'fake', total ignored: ${behind.length} out of ${entries.length} for stream: ${name}`,
    ]
  }

  #entryReason(stream: string, { time, line, metadata }: Omit<LokiEntry, 'labels'>): string | undefined {
    const oldest = BigInt(this.nowMs - AGE_MAX_MS) * 1_000_000n
    const said = `entry for stream '${stream}' has timestamp`
    if (time < oldest) return `${said} too old: ${seconds(time)}, oldest acceptable timestamp is: ${seconds(oldest)}`
    if (time > BigInt(this.nowMs + GRACE_MS) * 1_000_000n) return `${said} too new: ${seconds(time)}`
    const length = Buffer.byteLength(line)
    if (length > LINE_BYTES_MAX)
      return `Max entry size '${LINE_BYTES_MAX}' bytes exceeded for stream '${stream}' ${tooLong(length)}`
    if (!this.allowsMetadata && Object.keys(metadata).length > 0)
      return `stream '${stream}' includes structured metadata, but this feature is disallowed. Please see the limits`
    return undefined
  }
}

function tooLong(length: number): string {
  return `while adding an entry with length '${length}' bytes`
}

function labelsReason(stream: string, labels: Record<string, string>): string | undefined {
  const names = Object.keys(labels)
  if (names.length === 0) return 'error at least one label pair is required per stream'
  if (names.length > LABELS_MAX)
    return `entry for stream '${stream}' has ${names.length} label names; limit ${LABELS_MAX}`
  for (const [name, value] of Object.entries(labels)) {
    if (name.length > LABEL_NAME_BYTES_MAX) return `stream '${stream}' has label name too long: '${name}'`
    if (Buffer.byteLength(value) > LABEL_VALUE_BYTES_MAX)
      return `stream '${stream}' has label value too long: '${value}'`
  }
  return undefined
}

function readProtobuf(raw: Buffer): PushedStream[] {
  const text = new TextDecoder('utf-8', { fatal: true })
  const body = uncompressSync(raw) as Buffer
  const { streams } = PushRequest.toObject(PushRequest.decode(body), {
    longs: String,
    arrays: true,
    defaults: true,
  }) as {
    streams: {
      labels: string
      entries: {
        timestamp: { seconds: string; nanos: number }
        line: string
        structuredMetadata: { name: string; value: string }[]
      }[]
    }[]
  }
  text.decode(Buffer.from(JSON.stringify(streams)))
  return streams.map(({ labels, entries }) => ({
    labels: readLabels(labels),
    entries: entries.map(({ timestamp, line, structuredMetadata }) => ({
      time: BigInt(timestamp.seconds) * 1_000_000_000n + BigInt(timestamp.nanos),
      line,
      metadata: Object.fromEntries(structuredMetadata.map(({ name, value }) => [name, value])),
    })),
  }))
}

function readJson(body: Buffer): PushedStream[] {
  const { streams } = JSON.parse(body.toString()) as {
    streams: { stream: Record<string, string>; values: [string, string, Record<string, string>?][] }[]
  }
  return streams.map(({ stream, values }) => ({
    labels: stream,
    entries: values.map(([time, line, metadata]) => {
      if (typeof time !== 'string' || !/^\d+$/.test(time)) throw new Error('a timestamp is no string of digits')
      return { time: BigInt(time), line, metadata: metadata ?? {} }
    }),
  }))
}

/** Prometheus' syntax: names sorted here as Loki does, values as Go strings, of which JSON's escapes are a part. */
function readLabels(text: string): Record<string, string> {
  const pair =
    /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*("(?:[^"\\\n]|\\(?:[abfnrtv"\\]|u(?!d[89a-f])[0-9a-f]{4}))*")\s*(,|$)/y
  const inner = /^\{(.*)\}$/s.exec(text)?.[1]
  if (inner === undefined) throw new Error(`no label set: ${text}`)
  const labels: Record<string, string> = {}
  while (pair.lastIndex < inner.length) {
    const at = pair.lastIndex
    const match = pair.exec(inner)
    if (match === null) throw new Error(`label set breaks at ${at}: ${text}`)
    if (match[1]! in labels) throw new Error(`label twice: ${match[1]}`)
    labels[match[1]!] = JSON.parse(match[2]!) as string
  }
  return labels
}

function format(labels: Record<string, string>): string {
  const pairs = Object.keys(labels)
    .sort()
    .map((name) => `${name}=${JSON.stringify(labels[name])}`)
  return `{${pairs.join(', ')}}`
}

/** RFC 3339 with whole seconds, as Loki cuts it. */
function seconds(time: bigint): string {
  return new Date(Number(time / 1_000_000n)).toISOString().replace(/\.\d+Z$/, 'Z')
}

/** Go's default: `2026-01-01 00:00:00.5 +0000 UTC`. */
function goTime(time: bigint): string {
  const fraction = String(time % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return `${seconds(time).replace('T', ' ').replace('Z', '')}${fraction === '' ? '' : `.${fraction}`} +0000 UTC`
}

export const loki: Vendor = {
  definition,
  start: async () => {
    const fake = await new LokiFake().listen()
    fake.nowMs = Date.now()
    return fake
  },
  options: (fake) => ({ url: fake.url }),
}
