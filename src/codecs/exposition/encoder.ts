/**
 * `exposition_series`: each record as frames, one for each series that it becomes, in the text that Prometheus scrapes.
 * Who exposes them keeps
 * the last value of each and copies text. Little-endian:
 *
 *    0  u8   flags, see `FrameFlag`
 *    1  u8   type of the family, see `familyTypes`; with `REFUSED` the index of why (`refusals`), and nothing
 *          else is there
 *    2  u16  length of the family's name, with which the key begins
 *    4  u32  length of the key: `name{label="value",…}`, as it is exposed
 *    8  u16  length of the unit
 *   10  u16  length of the help, escaped
 *   12  u16  length of the exemplar, as OpenMetrics has it behind `# `
 *   14  u16  0
 *   16  f64  value
 *   24  f64  Unix milliseconds; 0: unknown
 *   32  key, unit, help, exemplar
 */
import { Kind, MetricReader } from '#codecs/metric/record.ts'
import type { PromExemplar } from '#codecs/remote_write/exemplar.ts'
import { type Expanded, Expander, type ExpandOptions, numberText, refusals } from '#codecs/remote_write/expand.ts'
import { type FamilyType, familyTypes } from '#codecs/remote_write/meaning.ts'
import { unitName } from '#codecs/remote_write/naming.ts'
import { assert } from '#std/assert.ts'
import { type Bytes, writeLatin1 } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import { defineEncoder, type Encoder } from '#telemetry/encoder.ts'

export const FrameFlag = { DELTA: 1, STALE: 2, REFUSED: 4 } as const
export const FRAME_BYTES = 32

export const expositionSeries = defineEncoder(
  'exposition_series',
  (options: ExpandOptions) => new ExpositionEncoder(options),
)

/** What one record may become. */
const EXPANDED_BYTES_MAX = 4 * 1024 * 1024
/** Beside the labels of a series: a label of its own, and what a name may gain. */
const SERIES_BYTES = 256 + FRAME_BYTES
const TEXT_MAX = 0xffff
const HELP_CHARACTERS_MAX = 1024
/** What OpenMetrics allows for the labels of an exemplar. */
const EXEMPLAR_CHARACTERS_MAX = 128

class ExpositionEncoder implements Encoder {
  readonly name = 'exposition_series'
  readonly verbatim = false
  readonly formats = ['metric'] as const
  readonly #expander: Expander
  readonly #externalBytes: number
  readonly #reader = new MetricReader()

  constructor(options: ExpandOptions) {
    this.#expander = new Expander(options)
    this.#externalBytes = 16 + 4 * JSON.stringify(options.external_labels).length
  }

  sizeMax(block: Block): number {
    let size = 0
    for (let i = 0; i < block.count; i++) {
      if (block.selection[i] === 1) size += Math.min(EXPANDED_BYTES_MAX, this.#bound(block, i))
    }
    return size
  }

  encode(block: Block, target: Bytes, at: number, ends: Int32Array, firstEnd: number): number {
    const reader = this.#reader
    let write = at
    let e = firstEnd
    for (let i = 0; i < block.count; i++) {
      if (block.selection[i] === 0) continue
      const isRecord = reader.read(block.bytes, block.starts[i]!, block.ends[i]!)
      assert(isRecord, 'only metric records are in a block of them')
      const isTooLarge = this.#bound(block, i) > EXPANDED_BYTES_MAX
      const expanded = isTooLarge ? 'too_large' : this.#expander.expand(reader)
      write =
        typeof expanded === 'string' ? writeRefusal(expanded, target, write) : writeFrames(expanded, target, write)
      ends[e++] = write - at
    }
    return write
  }

  /**
   * Escaped text takes twice as much at most; every bucket takes a byte at least, and becomes a series with all that is
   * told.
   */
  #bound(block: Block, i: number): number {
    const start = block.starts[i]!
    const length = block.ends[i]! - start
    const labels = block.bytes.readUInt32LE(start + 4)
    const kind = block.bytes[start]!
    const rest = length - labels
    const series = kind <= Kind.sum ? 1 : (kind === Kind.histogram ? rest / 8 : rest) + 4
    return series * (4 * length + this.#externalBytes + SERIES_BYTES)
  }
}

function writeRefusal(code: string, target: Bytes, at: number): number {
  target.fill(0, at, at + FRAME_BYTES)
  target[at] = FrameFlag.REFUSED
  target[at + 1] = refusals.findIndex(([each]) => each === code)
  return at + FRAME_BYTES
}

function writeFrames(expanded: Expanded, target: Bytes, at: number): number {
  const { labels, isDelta, isStale, timeMs, help, unit } = expanded
  const flags = (isDelta ? FrameFlag.DELTA : 0) | (isStale ? FrameFlag.STALE : 0)
  const helpText = escapedHelp(help.slice(0, HELP_CHARACTERS_MAX))
  let shared = ''
  for (const [name, value] of labels) shared += `${shared === '' ? '' : ','}${name}="${escapedValue(value)}"`
  let write = at
  for (const { name, label, value, exemplars } of expanded.points) {
    const own = label === undefined ? '' : `${label[0]}="${escapedValue(label[1])}"`
    const all = shared === '' || own === '' ? shared + own : `${shared},${own}`
    const key = all === '' ? name : `${name}{${all}}`
    const [type, family] = familyOf(expanded, name)
    // OpenMetrics wants the unit in the name.
    const unitText = unitName(unit).slice(0, TEXT_MAX)
    const unitShown = unitText !== '' && family.replace(/_total$/, '').endsWith(`_${unitText}`) ? unitText : ''
    const exemplar = exemplars.length === 0 ? '' : exemplarText(exemplars.at(-1)!)
    target[write] = flags
    target[write + 1] = familyTypes.indexOf(type)
    target.writeUInt16LE(Math.min(TEXT_MAX, family.length), write + 2)
    target.writeUInt32LE(key.length, write + 4)
    target.writeUInt16LE(unitShown.length, write + 8)
    target.writeUInt16LE(helpText.length, write + 10)
    target.writeUInt16LE(exemplar.length, write + 12)
    target.writeUInt16LE(0, write + 14)
    target.writeDoubleLE(value, write + 16)
    target.writeDoubleLE(timeMs, write + 24)
    write += FRAME_BYTES
    for (const text of [key, unitShown, helpText, exemplar]) write += writeLatin1(target, text, write)
  }
  return write
}

/** Series with names that their family cannot have stand for themselves. */
function familyOf({ type, family }: Expanded, name: string): [FamilyType, string] {
  if (type === 'gaugehistogram') {
    if (name.endsWith('_gsum') || name.endsWith('_gcount')) return ['gauge', name]
    return ['histogram', family]
  }
  if (type === 'stateset' || name.endsWith('_created')) return ['gauge', name]
  return [type, family]
}

function escapedValue(text: string): string {
  return /["\\\n]/.test(text) ? text.replace(/["\\\n]/g, (each) => (each === '\n' ? '\\n' : `\\${each}`)) : text
}

function escapedHelp(text: string): string {
  return text.replace(/[\\\n]/g, (each) => (each === '\n' ? '\\n' : '\\\\'))
}

function exemplarText({ labels, value, timeMs }: PromExemplar): string {
  const length = labels.reduce((sum, [name, text]) => sum + name.length + text.length, 0)
  if (length > EXEMPLAR_CHARACTERS_MAX) return ''
  const pairs = labels.map(([name, text]) => `${name}="${escapedValue(text)}"`).join()
  return `{${pairs}} ${numberText(value)}${timeMs > 0 ? ` ${timeMs / 1000}` : ''}`
}
