/** Syslog messages as flat JSON objects with the names that `codecs/event` knows. */
import type { Time } from '#codecs/event/time.ts'
import { JsonLinesWriter } from '#codecs/json/lines-writer.ts'
import { type Bytes, latin1, utf8 } from '#std/bytes.ts'
import type { Block, BlockContext } from '#telemetry/block.ts'
import { SyslogMessage } from './message.ts'
import { facilities, levels } from './names.ts'
import { Step, StructuredData, unescaped } from './structured-data.ts'
import { readTime } from './time.ts'
import type { Zone } from './zone.ts'

export class SyslogJson {
  readonly #zone: Zone
  readonly #writer = new JsonLinesWriter()
  readonly #message = new SyslogMessage()
  readonly #structure = new StructuredData()
  readonly #time: Time = { ms: 0, nanos: 0 }

  constructor(zone: Zone) {
    this.#zone = zone
  }

  /** Fills `into` with the selected records of `block`; see `RecordFormat.toJson`. Good until it is called again. */
  write(block: Block, into: Block): void {
    this.#writer.begin(into, block.context)
    for (let i = 0; i < block.count; i++) {
      if (block.selection[i] === 0) continue
      this.#message.read(block.bytes, block.starts[i]!, block.ends[i]!)
      this.#writeMessage(block.context)
    }
  }

  #writeMessage({ arrivalMs, truncated }: BlockContext): void {
    const writer = this.#writer
    const message = this.#message
    writer.raw('{"message":')
    writer.string(message.bytes, message.messageFrom, message.to)
    this.#writeTime(arrivalMs)
    if (message.priority !== -1) {
      writer.raw(`,"level":"${levels[message.priority & 7]!}","facility":"${facilities[message.priority >> 3]!}"`)
    }
    this.#writePart('host', message.hostFrom, message.hostTo)
    this.#writePart('service', message.appFrom, message.appTo)
    this.#writePart('proc_id', message.procFrom, message.procTo)
    this.#writePart('msg_id', message.idFrom, message.idTo)
    if (message.dataFrom !== -1) this.#writeStructure()
    if (message.form === 'none') writer.raw(',"syslog_parse_error":true')
    if (truncated) writer.raw(',"truncated":true')
    writer.raw('}')
    writer.endRecord()
  }

  #writePart(name: string, from: number, to: number): void {
    if (from === -1) return
    this.#writer.raw(`,"${name}":`)
    this.#writer.string(this.#message.bytes, from, to)
  }

  /** RFC 3339 in UTC, with as many digits of a second as it takes: 3, 6 or 9. */
  #writeTime(arrivalMs: number): void {
    const { bytes, timeFrom, timeTo } = this.#message
    const time = this.#time
    if (timeFrom === -1 || !readTime(bytes, timeFrom, timeTo, arrivalMs, this.#zone, time)) return
    this.#writer.raw(`,"timestamp":"${timeText(time)}"`)
  }

  #writeStructure(): void {
    const writer = this.#writer
    const elements = structureOf(this.#message, this.#structure)
    writer.raw(',"structured_data":{')
    let isFirst = true
    for (const [id, parameters] of elements) {
      writer.raw(isFirst ? '' : ',')
      isFirst = false
      writer.text(id)
      writer.raw(':{')
      let isFirstParameter = true
      for (const [name, values] of parameters) {
        writer.raw(isFirstParameter ? '' : ',')
        isFirstParameter = false
        writer.text(name)
        writer.raw(':')
        this.#writeValues(values)
      }
      writer.raw('}')
    }
    writer.raw('}')
  }

  /** A parameter may be there several times (RFC 5424, section 6.3.3): then it is an array. */
  #writeValues(values: readonly string[]): void {
    const writer = this.#writer
    if (values.length === 1) {
      writer.text(values[0]!)
      return
    }
    values.forEach((value, i) => {
      writer.raw(i === 0 ? '[' : ',')
      writer.text(value)
    })
    writer.raw(']')
  }
}

/** Parameters by element, each with its values, in the order in which they stand. */
function structureOf(message: SyslogMessage, structure: StructuredData): Map<string, Map<string, string[]>> {
  const elements = new Map<string, Map<string, string[]>>()
  const { bytes } = message
  structure.begin(bytes, message.dataFrom, message.dataTo)
  let parameters = new Map<string, string[]>()
  for (;;) {
    const step = structure.next()
    if (step === Step.END || step === Step.BROKEN) return elements
    if (step === Step.ELEMENT) {
      parameters = entryOf(elements, latin1(bytes, structure.idFrom, structure.idTo), () => new Map())
    } else {
      const name = latin1(bytes, structure.nameFrom, structure.nameTo)
      entryOf(parameters, name, () => []).push(parameterText(bytes, structure))
    }
  }
}

function entryOf<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}

function parameterText(bytes: Bytes, { valueFrom, valueTo, escaped }: StructuredData): string {
  const value = utf8(bytes, valueFrom, valueTo)
  return escaped ? unescaped(value) : value
}

/** Unix time as RFC 3339. */
export function timeText({ ms, nanos }: Time): string {
  const text = new Date(ms).toISOString()
  if (nanos === 0) return text
  const digits = String(nanos).padStart(6, '0')
  return `${text.slice(0, -1)}${digits.endsWith('000') ? digits.slice(0, 3) : digits}Z`
}
