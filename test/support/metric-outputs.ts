/** Batches of metrics as the engine would make them, for tests of outputs. */
import assert from 'node:assert/strict'
import type { Batch, OutputDefinition } from '#component/output.ts'
import { createEncoder } from '#component/registry.ts'
import { registry } from '#registry.ts'
import { allocate } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import { metricBlock, type Point } from './metrics.ts'

const GUARD = 8

/** Encoded as the output asks for with these options; the encoder must keep to its bound. */
export function encodePoints(
  definition: OutputDefinition,
  options: Record<string, unknown>,
  points: readonly Point[] | Block,
): Batch {
  const block = 'starts' in points ? points : metricBlock(points)
  const encoder = createEncoder(definition.encoder(definition.config.parse(options) as never, 'metrics'), registry)
  assert.ok(encoder.formats?.includes('metric'))
  const bound = encoder.sizeMax(block)
  const target = allocate(bound + GUARD).fill(0xee)
  const ends = new Int32Array(block.selected)
  const length = encoder.encode(block, target, 0, ends, 0)
  assert.ok(length <= bound, `${length} bytes are more than the bound ${bound}`)
  assert.ok(target.subarray(bound).every((byte) => byte === 0xee))
  return { bytes: target.subarray(0, length), records: block.selected, ends }
}
