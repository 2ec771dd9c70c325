/** What a test needs to hold an output in its hand: a context, and batches as the engine would make them. */
import { textFormat } from '#codecs/text/format.ts'
import type { Batch, OutputContext, OutputDefinition } from '#component/output.ts'
import { createEncoder } from '#component/registry.ts'
import { silentLogger } from '#observe/log.ts'
import { registry } from '#registry.ts'
import { allocate, type Bytes, fromText } from '#std/bytes.ts'
import { type Clock, systemClock } from '#std/clock.ts'
import { Block, type BlockContext } from '#telemetry/block.ts'
import type { Signal } from '#telemetry/signal.ts'
import { Upstreams } from '#upstreams/upstreams.ts'

export function outputContext(id = 'out', clock: Clock = systemClock, signal: Signal = 'logs'): OutputContext {
  return { id, log: silentLogger, clock, signal, upstreams: new Upstreams() }
}

/** A batch of records that are encoded already. */
export function batchOf(...encoded: (string | Bytes)[]): Batch {
  const parts = encoded.map((part) => (typeof part === 'string' ? fromText(part) : part))
  let end = 0
  const ends = Int32Array.from(parts, (part) => (end += part.length))
  return { bytes: Buffer.concat(parts), records: parts.length, ends }
}

/** A batch as the engine makes it: `records` run through the encoder that the output asks for with these options. */
export function encodeFor(
  definition: OutputDefinition,
  options: Record<string, unknown>,
  records: readonly (string | Bytes)[],
  context: Partial<BlockContext> = {},
  signal: Signal = 'logs',
): Batch {
  return encodeBlock(definition, options, blockOf(records, context), signal)
}

/** The selected records of a block, run through the encoder that the output asks for with these options. */
export function encodeBlock(
  definition: OutputDefinition,
  options: Record<string, unknown>,
  block: Block,
  signal: Signal = 'logs',
): Batch {
  const parsed = definition.config.parse(options)
  const encoder = createEncoder(definition.encoder(parsed as never, signal), registry)
  const target = allocate(encoder.sizeMax(block))
  const ends = new Int32Array(block.selected)
  const length = encoder.encode(block, target, 0, ends, 0)
  return { bytes: target.subarray(0, length), records: block.selected, ends }
}

export function blockOf(records: readonly (string | Bytes)[], context: Partial<BlockContext> = {}): Block {
  const parts = records.map((record) => (typeof record === 'string' ? fromText(record) : record))
  const bytes = Buffer.concat(parts.flatMap((part) => [part, fromText('\n')]))
  const block = new Block()
  block.fill(bytes, 0, bytes.length, {
    source: 'test',
    arrivalMs: Date.UTC(2026, 0, 1),
    truncated: false,
    format: textFormat,
    ...context,
  })
  let at = 0
  for (const part of parts) {
    block.addRecord(at, at + part.length)
    block.multiline ||= part.includes(0x0a)
    at += part.length + 1
  }
  return block
}
