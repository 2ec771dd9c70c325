/**
 * Records that are syslog messages, of RFC 5424 or RFC 3164, byte for byte as they came.
 *
 * A field is looked for in the header, then in structured data (`id/param`, or the parameter's name alone), then in
 * MSG where that is a JSON object. `message/a/b` looks into MSG alone. What does not parse is a message and nothing
 * else.
 */
import { type Path, pathsOf } from '#codecs/event/well-known.ts'
import { findValue, isObjectText } from '#codecs/json/field.ts'
import { insertMemberIn } from '#codecs/json/insert.ts'
import { assert } from '#std/assert.ts'
import { type Bytes, fromText, latin1, utf8Length } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import type { FieldValue, Lookup, RecordFormat } from '#telemetry/format.ts'
import { priorityOf, SyslogMessage } from './message.ts'
import { facilities, levels, severities } from './names.ts'
import { Step, StructuredData, unescaped } from './structured-data.ts'
import { SyslogJson } from './to-json.ts'
import { UTC, type Zone } from './zone.ts'

/** Structured data that marks of ours go into: `32473` is the number kept for examples (RFC 5612). */
const OWN_ID = 'streamgate@32473'
const PARAMETER_NAME = /^[!#-<>-\\^-~]{1,32}$/
/** What some write in front of JSON, to say that it is (the Common Event Expression's cookie). */
const COOKIE = '@cee:'

export class SyslogFormat implements RecordFormat {
  readonly name = 'syslog'
  readonly signal = 'logs'
  readonly isText = true
  readonly isLiteral = false
  /** Of times that name none. */
  readonly zone: Zone
  /** By the block that is filled: its memory is the writer's. */
  readonly #writers = new WeakMap<Block, SyslogJson>()

  constructor(zone: Zone) {
    this.zone = zone
  }

  lookup(name: string): Lookup {
    return lookupOf(name)
  }

  strings(): void {
    assert(false, 'a syslog message is its own text')
  }

  replace(): void {
    assert(false, 'a syslog message is edited in place')
  }

  toJson(block: Block, into: Block): void {
    const writer = this.#writers.get(into) ?? new SyslogJson(this.zone)
    this.#writers.set(into, writer)
    writer.write(block, into)
  }

  annotate(block: Block, i: number, name: string, value: number): void {
    const text = block.text()
    message.read(block.bytes, block.starts[i]!, block.ends[i]!)
    const from = objectStart(text, message.messageFrom - block.from, message.to - block.from)
    if (from !== -1) {
      const key = latin1(fromText(name), 0, utf8Length(name))
      insertMemberIn(block, from, message.to - block.from, key, fromText(`${JSON.stringify(name)}:${value}`))
    } else if (message.form === 'rfc5424' && PARAMETER_NAME.test(name)) {
      annotateStructure(block, name, value)
    }
  }
}

export const syslogFormat = new SyslogFormat(UTC)

/** Parts of the message at hand; each call reads it anew. */
const message = new SyslogMessage()
const structure = new StructuredData()

/** Notes the edit that adds `name="value"` to the message that has been read, of RFC 5424. */
function annotateStructure(block: Block, name: string, value: number): void {
  const parameter = ` ${name}="${value}"`
  const { bytes, dataFrom, dataTo, bodyFrom } = message
  if (dataFrom === -1) {
    const element = `[${OWN_ID}${parameter}]`
    if (message.nilTo !== -1) block.edit(message.nilTo - 1, message.nilTo, fromText(element))
    // A message without structured data gets what it should have had.
    else if (bytes[bodyFrom - 1] === 0x20) block.edit(bodyFrom, bodyFrom, fromText(`${element} `))
    return
  }
  structure.begin(bytes, dataFrom, dataTo)
  let isOwn = false
  for (;;) {
    const step = structure.next()
    if (isOwn && step !== Step.PARAMETER) {
      // The element's bracket stands in front of the next one, or of what follows all.
      const close = step === Step.ELEMENT ? structure.idFrom - 2 : structure.at - 1
      block.edit(close, close, fromText(parameter))
      return
    }
    if (step === Step.END || step === Step.BROKEN) break
    if (step === Step.ELEMENT) isOwn = isText(bytes, structure.idFrom, structure.idTo, OWN_ID)
    else if (isOwn && isText(bytes, structure.nameFrom, structure.nameTo, name)) return
  }
  block.edit(dataTo, dataTo, fromText(`[${OWN_ID}${parameter}]`))
}

type Part = 'message' | 'time' | 'host' | 'app' | 'proc' | 'id'

/** Names that mean a part of the header, those of other programs among them. */
const PARTS: Readonly<Record<string, Part>> = {
  message: 'message',
  timestamp: 'time',
  host: 'host',
  hostname: 'host',
  service: 'app',
  app_name: 'app',
  appname: 'app',
  program: 'app',
  proc_id: 'proc',
  procid: 'proc',
  msg_id: 'id',
  msgid: 'id',
}

const constant = (text: string, kind: FieldValue['kind'] = 'text'): FieldValue => ({
  kind,
  text,
  from: 0,
  to: text.length,
})

/** What each priority says, made once. */
const PRIORITIES: Readonly<Record<string, (priority: number) => FieldValue>> = {
  level: indexed(
    levels.map((name) => constant(name)),
    (priority) => priority & 7,
  ),
  severity: indexed(
    severities.map((name) => constant(name)),
    (priority) => priority & 7,
  ),
  facility: indexed(
    facilities.map((name) => constant(name)),
    (priority) => priority >> 3,
  ),
}

function indexed(values: readonly FieldValue[], indexOf: (priority: number) => number) {
  return (priority: number) => values[indexOf(priority)]!
}

function lookupOf(name: string): Lookup {
  // `x/` is x, and exactly that.
  const plain = name.endsWith('/') ? name.slice(0, -1) : name
  const others = new OtherLookup(name)
  const ofPriority = Object.hasOwn(PRIORITIES, plain) ? PRIORITIES[plain] : undefined
  if (ofPriority !== undefined) return new PriorityLookup(ofPriority, others)
  const part = Object.hasOwn(PARTS, plain) ? PARTS[plain] : undefined
  if (part !== undefined) return new PartLookup(part, others)
  return plain === 'version' ? new VersionLookup(others) : others
}

/** Needs no more than the first bytes of a record. */
class PriorityLookup implements Lookup {
  readonly #value: (priority: number) => FieldValue
  readonly #others: OtherLookup

  constructor(value: (priority: number) => FieldValue, others: OtherLookup) {
    this.#value = value
    this.#others = others
  }

  find(block: Block, i: number): FieldValue | undefined {
    const priority = priorityOf(block.bytes, block.starts[i]!, block.ends[i]!)
    return priority === -1 ? this.#others.find(block, i) : this.#value(priority)
  }
}

class PartLookup implements Lookup {
  readonly #part: Part
  readonly #others: OtherLookup

  constructor(part: Part, others: OtherLookup) {
    this.#part = part
    this.#others = others
  }

  find(block: Block, i: number): FieldValue | undefined {
    message.read(block.bytes, block.starts[i]!, block.ends[i]!)
    switch (this.#part) {
      case 'message':
        return valueIn(block, message.messageFrom, message.to)
      case 'time':
        if (message.timeFrom !== -1) return valueIn(block, message.timeFrom, message.timeTo)
        break
      case 'host':
        if (message.hostFrom !== -1) return valueIn(block, message.hostFrom, message.hostTo)
        break
      case 'app':
        if (message.appFrom !== -1) return valueIn(block, message.appFrom, message.appTo)
        break
      case 'proc':
        if (message.procFrom !== -1) return valueIn(block, message.procFrom, message.procTo)
        break
      case 'id':
        if (message.idFrom !== -1) return valueIn(block, message.idFrom, message.idTo)
    }
    return this.#others.findRead(block)
  }
}

const VERSION = constant('1', 'number')

class VersionLookup implements Lookup {
  readonly #others: OtherLookup

  constructor(others: OtherLookup) {
    this.#others = others
  }

  find(block: Block, i: number): FieldValue | undefined {
    message.read(block.bytes, block.starts[i]!, block.ends[i]!)
    return message.form === 'rfc5424' ? VERSION : this.#others.findRead(block)
  }
}

/** Structured data, then MSG as a JSON object. */
class OtherLookup implements Lookup {
  /** In UTF-8, one character per byte; undefined where structured data cannot have it. */
  readonly #parameter: string | undefined
  readonly #paths: readonly Path[]

  constructor(name: string) {
    const isInside = name.startsWith('message/') && name !== 'message/'
    this.#paths = pathsOf(isInside ? exact(name.slice('message/'.length)) : name)
    const parameter = name.replace(/^structured_data\/(?=.)/, '')
    const bytes = fromText(parameter.indexOf('/') === parameter.length - 1 ? parameter.slice(0, -1) : parameter)
    this.#parameter = isInside ? undefined : latin1(bytes, 0, bytes.length)
  }

  find(block: Block, i: number): FieldValue | undefined {
    message.read(block.bytes, block.starts[i]!, block.ends[i]!)
    return this.findRead(block)
  }

  /** In the message that has been read. */
  findRead(block: Block): FieldValue | undefined {
    const value = message.dataFrom === -1 || this.#parameter === undefined ? undefined : this.#inStructure(block)
    return value ?? this.#inObject(block)
  }

  #inStructure(block: Block): FieldValue | undefined {
    const { bytes, dataFrom, dataTo } = message
    const name = this.#parameter!
    structure.begin(bytes, dataFrom, dataTo)
    for (;;) {
      const step = structure.next()
      if (step === Step.END || step === Step.BROKEN) return undefined
      if (step === Step.ELEMENT) continue
      const { idFrom, idTo, nameFrom, nameTo, valueFrom, valueTo } = structure
      if (!isText(bytes, nameFrom, nameTo, name) && !isPath(bytes, idFrom, idTo, nameFrom, nameTo, name)) continue
      return structure.escaped
        ? constant(unescaped(latin1(bytes, valueFrom, valueTo)))
        : valueIn(block, valueFrom, valueTo)
    }
  }

  #inObject(block: Block): FieldValue | undefined {
    const { bytes, messageFrom, to } = message
    // Most messages are told by their first byte, without a text of the block.
    const first = bytes[messageFrom]
    if (messageFrom >= to || (first !== 0x7b && first !== 0x40 && first !== 0x20)) return undefined
    const text = block.text()
    const end = to - block.from
    const from = objectStart(text, messageFrom - block.from, end)
    if (from === -1) return undefined
    for (const path of this.#paths) {
      const value = findValue(text, from, end, path)
      if (value !== undefined && value.kind !== 'object' && value.kind !== 'array')
        return { kind: value.kind, text, from: value.from, to: value.to }
    }
    return undefined
  }
}

/** `pathsOf` takes a name with a slash for an exact place. */
function exact(path: string): string {
  return path.includes('/') ? path : `${path}/`
}

/** Where the JSON object that [from, to) of `text` is begins, or -1. */
function objectStart(text: string, from: number, to: number): number {
  const start = text.startsWith(COOKIE, from) && from + COOKIE.length <= to ? from + COOKIE.length : from
  return isObjectText(text, start, to) ? start : -1
}

function valueIn(block: Block, from: number, to: number): FieldValue {
  return { kind: 'text', text: block.text(), from: from - block.from, to: to - block.from }
}

function isText(bytes: Bytes, from: number, to: number, text: string): boolean {
  if (to - from !== text.length) return false
  for (let i = 0; i < text.length; i++) if (bytes[from + i] !== text.charCodeAt(i)) return false
  return true
}

/** Whether `path` is the element's id, a slash, and the parameter's name. */
function isPath(bytes: Bytes, idFrom: number, idTo: number, nameFrom: number, nameTo: number, path: string): boolean {
  const slash = idTo - idFrom
  if (path.length !== slash + 1 + nameTo - nameFrom || path.charCodeAt(slash) !== 0x2f) return false
  for (let i = 0; i < slash; i++) if (bytes[idFrom + i] !== path.charCodeAt(i)) return false
  for (let i = slash + 1; i < path.length; i++) if (bytes[nameFrom + i - slash - 1] !== path.charCodeAt(i)) return false
  return true
}
