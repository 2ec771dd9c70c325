/** Blocks for tests of what works on blocks. */
import { textFormat } from '#codecs/text/format.ts'
import { viewOf } from '#std/bytes.ts'
import { Block, type BlockContext } from '#telemetry/block.ts'

export interface BlockOptions {
  /** What stands behind each record; ends with `\n`. */
  separator?: string
  context?: Partial<BlockContext>
}

/** A block of these records, in shared memory, with something else before and behind it. Text becomes UTF-8. */
export function blockOf(records: readonly (string | Uint8Array)[], options: BlockOptions = {}): Block {
  const separator = Buffer.from(options.separator ?? '\n')
  const contents = records.map((record) => Buffer.from(record))
  const size = contents.reduce((sum, content) => sum + content.length + separator.length, 0)
  const bytes = viewOf(new SharedArrayBuffer(size + 2 * MARGIN.length))
  bytes.set(MARGIN)
  bytes.set(MARGIN, size + MARGIN.length)
  const block = new Block()
  block.fill(bytes, MARGIN.length, MARGIN.length + size, { ...CONTEXT, ...options.context })
  let at = MARGIN.length
  for (const content of contents) {
    bytes.set(content, at)
    block.addRecord(at, at + content.length)
    if (content.includes(0x0a)) block.multiline = true
    at += content.length
    bytes.set(separator, at)
    at += separator.length
  }
  return block
}

/** The selected records' bytes, one character per byte. */
export function selectedOf(block: Block): string[] {
  return allOf(block).filter((_, i) => block.selection[i] === 1)
}

/** All records' bytes, one character per byte. */
export function allOf(block: Block): string[] {
  return Array.from({ length: block.count }, (_, i) => block.recordBytes(i).toString('latin1'))
}

/** What a search must never see: it would match nearly anything. */
const MARGIN = Buffer.from('DEBUG 123-45-6789 a@b.co x=1\r{"service":"checkout"}aé')
const CONTEXT: BlockContext = { source: 'test', arrivalMs: Date.UTC(2026, 0, 1), truncated: false, format: textFormat }
