/**
 * What a 400 of Loki says of single entries. Loki checks each entry, stores those that pass and then answers 400 with
 * the reasons of the others, which name the stream and mostly the time (loki: pkg/validation/validate.go,
 * pkg/ingester/stream.go):
 *
 *   entry for stream '{a="b"}' has timestamp too old: <second>, oldest acceptable timestamp is: <second>
 *   entry for stream '{a="b"}' has timestamp too new: <second>
 *   entry with timestamp <date time nanoseconds> ignored, reason: '…oldest acceptable timestamp is: <second>',
 *     user 'x', total ignored: 3 out of 9 for stream: {a="b"}
 *   Max entry size '262144' bytes exceeded for stream '{a="b"}' while adding an entry with length '300000' bytes
 *   stream '{a="b"}' has label value too long: '…', and others that refuse a whole stream
 *
 * It lists few of many, but the limits that it tells hold for all: what is older than the oldest acceptable time was
 * refused whether it is listed or not. Limits are the tenant's, except how far
 * behind an entry may be, which each stream has for itself. A limit's second is cut off, so
 * an entry of that very second counts as refused only if it is listed.
 */

import { parseTime } from '#codecs/event/time.ts'
import { parseJsonLabels, parseLabels } from '#codecs/loki/labels.ts'
import type { LokiFormat } from '#codecs/loki/loki.ts'
import { fieldsOf } from '#codecs/protobuf/wire.ts'
import type { Batch, Refusal } from '#component/output.ts'
import type { Bytes } from '#std/bytes.ts'
import { labelsTextOf, type Stream, streamsOf, timeOf } from './push.ts'

const SECOND = 1_000_000_000n
/** An answer is kept up to 1 MB; reasons are read up to here. */
const REASONS_MAX = 1000
/** A reason holds a label set, which may be long. */
const REASON_CHARACTERS_MAX = 300

/** One reason: which entries of which streams it is about. */
interface Reason {
  code: string
  message: string
  /** Labels of the stream, and perhaps others that Loki has added; undefined: it is not said. */
  labels: Map<string, string> | undefined
  /** Whether an entry is meant; `isNamed`: its stream is the one that is named, or none is. */
  covers(entry: Entry, isNamed: boolean): boolean
}

interface Entry {
  time: bigint
  lineBytes: number
  hasMetadata: boolean
}

/** Records that the answer names, in order. Empty: it names none, so it is about the request. */
export function refusalsIn(answer: string, batch: Batch, format: LokiFormat): Refusal[] {
  const reasons = reasonsIn(answer)
  if (reasons.length === 0) return []
  const streams = streamsOf(batch)
  const parse = format === 'json' ? parseJsonLabels : parseLabels
  const labels = streams.map((stream) => parse(labelsTextOf(stream)))
  const named = reasons.map((reason) => (reason.labels === undefined ? -1 : nearest(labels, reason.labels)))
  return streams
    .flatMap((stream, s) => {
      const covers = (reason: Reason, entry: Entry, r: number) =>
        reason.covers(entry, reason.labels === undefined || named[r] === s)
      return refusalsOf(stream, batch.bytes, format, (entry) => reasons.find((reason, r) => covers(reason, entry, r)))
    })
    .sort((a, b) => a.record - b.record)
}

function refusalsOf(
  stream: Stream,
  bytes: Bytes,
  format: LokiFormat,
  reasonFor: (entry: Entry) => Reason | undefined,
): Refusal[] {
  return stream.records.flatMap((record, i) => {
    const reason = reasonFor(entryAt(bytes, stream.from[i]!, stream.to[i]!, format))
    return reason === undefined
      ? []
      : [{ record, code: reason.code, message: reason.message.slice(0, REASON_CHARACTERS_MAX) }]
  })
}

/** The stream that Loki calls by these labels, or -1. It adds labels (`service_name`) and takes none away. */
function nearest(streams: readonly Map<string, string>[], theirs: Map<string, string>): number {
  let best = -1
  for (const [s, ours] of streams.entries()) {
    const isWithin = [...ours].every(([name, value]) => theirs.get(name) === value)
    if (isWithin && (best === -1 || ours.size > streams[best]!.size)) best = s
  }
  return best
}

const TIME = "[^ ,;\n']+"
const OLDEST = 'oldest acceptable timestamp is:'
const OLDEST_TIME = new RegExp(`${OLDEST} (${TIME})`)
const LABELS = String.raw`\{(?:[^"{}]|"(?:[^"\\]|\\.)*")*\}`

const PATTERNS: readonly [pattern: RegExp, reason: (match: string[]) => Reason | undefined][] = [
  [
    new RegExp(`entry for stream '(${LABELS})' has timestamp too (old|new): (${TIME})(?:, ${OLDEST} (${TIME}))?`, 'g'),
    ([message, labels, age, named, limit]) => {
      const second = nanosecondsOf(named!)
      const oldest = limit === undefined ? undefined : nanosecondsOf(limit)
      if (second === undefined) return undefined
      return {
        code: age === 'old' ? 'too_old' : 'too_new',
        message: message!,
        labels: parseLabels(labels!),
        // The limits are the tenant's, whichever stream shows them.
        covers: ({ time }, isNamed) => {
          if (isNamed && time >= second && time < second + SECOND) return true
          return age === 'new' ? time >= second + SECOND : oldest !== undefined && time < oldest
        },
      }
    },
  ],
  [
    new RegExp(
      String.raw`entry with timestamp (\S+) (\S+) \+0000 UTC ignored, reason: '([^']*)'(?: for stream: (${LABELS}))?`,
      'g',
    ),
    ([message, date, clock, why, labels]) => {
      const named = nanosecondsOf(`${date}T${clock}Z`)
      const limit = OLDEST_TIME.exec(why!)?.[1]
      const oldest = limit === undefined ? undefined : nanosecondsOf(limit)
      if (named === undefined) return undefined
      return {
        code: /too far behind|out of order/.test(why!) ? 'too_far_behind' : 'ignored',
        message: message!,
        labels: labels === undefined ? undefined : parseLabels(labels),
        covers: ({ time }, isNamed) => isNamed && (time === named || (oldest !== undefined && time < oldest)),
      }
    },
  ],
  [
    new RegExp(`Max entry size '(\\d+)' bytes exceeded for stream '(${LABELS})'`, 'g'),
    ([message, max, labels]) => ({
      code: 'line_too_long',
      message: message!,
      labels: parseLabels(labels!),
      covers: ({ lineBytes }) => lineBytes > Number(max),
    }),
  ],
  [
    new RegExp(`stream '(${LABELS})' (?:includes|has) structured metadata[^;\n]{0,100}`, 'g'),
    ([message, labels]) => ({
      code: 'structured_metadata',
      message: message!,
      labels: parseLabels(labels!),
      covers: ({ hasMetadata }) => hasMetadata,
    }),
  ],
  [
    new RegExp(
      `stream '(${LABELS})' has (?:\\d+ label names|label name|label value|duplicate label)[^;\n]{0,100}`,
      'g',
    ),
    ([message, labels]) => ({
      code: 'labels',
      message: message!,
      labels: parseLabels(labels!),
      covers: (_, isNamed) => isNamed,
    }),
  ],
]

/** Of newer versions the line behind the entries tells their stream. */
const TOTAL = String.raw`user '[^']*', total ignored: \d+ out of \d+ for stream: (${LABELS})`
const LISTED = new RegExp(String.raw`((?:entry with timestamp [^\n]*\n)+)${TOTAL}`, 'g')

function reasonsIn(answer: string): Reason[] {
  const text = answer.replaceAll(LISTED, (_, entries: string, labels: string) =>
    entries.replaceAll(/,\n/g, () => ` for stream: ${labels},\n`),
  )
  const reasons: Reason[] = []
  for (const [pattern, make] of PATTERNS) {
    for (const match of text.matchAll(pattern)) {
      const reason = make(match)
      if (reason !== undefined) reasons.push(reason)
      if (reasons.length === REASONS_MAX) return reasons
    }
  }
  return reasons
}

function nanosecondsOf(text: string): bigint | undefined {
  const time = { ms: 0, nanos: 0 }
  return parseTime(text, 0, text.length, time) ? BigInt(time.ms) * 1_000_000n + BigInt(time.nanos) : undefined
}

/** Reads what our encoder wrote. */
function entryAt(bytes: Bytes, from: number, to: number, format: LokiFormat): Entry {
  const time = timeOf(bytes, from)
  if (format === 'json') {
    const [, line, metadata] = JSON.parse(bytes.toString('utf8', from, to - 1)) as [string, string, object?]
    return { time, lineBytes: Buffer.byteLength(line), hasMetadata: metadata !== undefined }
  }
  const entry = fieldsOf(bytes, from, to).next().value!
  let lineBytes = 0
  let hasMetadata = false
  for (const part of fieldsOf(bytes, entry.from, entry.to)) {
    if (part.field === 2) lineBytes = part.to - part.from
    if (part.field === 3) hasMetadata = true
  }
  return { time, lineBytes, hasMetadata }
}
