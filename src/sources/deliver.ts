/**
 * Puts a whole body into the intake.
 *
 * All or nothing: if the first entry finds no room, nothing is taken and the client is told to come again; once a part has
 * been taken, the rest waits for room, whatever the client does. A body that fits into one entry, as nearly all do, is
 * put at once.
 */
import type { Intake, IntakeEntry } from '#component/source.ts'
import { roomIn } from '#listeners/acceptance.ts'
import { ByteBudget } from '#listeners/byte-budget.ts'
import type { Delivery } from '#listeners/http-intake.ts'
import { type Bytes, fromText } from '#std/bytes.ts'
import { cutArray } from './json-array.ts'
import { LineFraming, type LineLimits } from './line-framing.ts'

export type Media = 'lines' | 'json'

/** `limits.budget` is not used: what a body holds has been counted when it was read. */
export type DeliveryLimits = Omit<LineLimits, 'budget'>

export function deliver(
  intake: Intake,
  origin: number,
  media: Media,
  body: Bytes,
  limits: DeliveryLimits,
): Delivery | Promise<Delivery> {
  if (media === 'json') return deliverJson(intake, origin, body)
  if (body.length === 0) return 'taken'
  if (body.length <= Math.min(limits.lineBytesMax, intake.entryBytesMax)) {
    return intake.put({ origin, framing: 'lines' }, null, body, 0, body.length) ? 'taken' : 'no_room'
  }
  return deliverLines(intake, origin, body, limits)
}

async function deliverLines(intake: Intake, origin: number, body: Bytes, limits: DeliveryLimits): Promise<Delivery> {
  const door = new CountingDoor(intake)
  const framing = new LineFraming(door, origin, { ...limits, budget: new ByteBudget(Number.POSITIVE_INFINITY) })
  let taken = 0
  for (;;) {
    taken = framing.take(body, taken)
    if (taken === body.length && framing.end()) return 'taken'
    if (door.puts === 0) return 'no_room'
    await roomIn(intake)
  }
}

function deliverJson(intake: Intake, origin: number, body: Bytes): Delivery | Promise<Delivery> {
  let from = 0
  let to = body.length
  while (from < to && isSpace(body[from]!)) from++
  while (from < to && isSpace(body[to - 1]!)) to--
  if (from === to) return 'malformed'
  const first = body[from]!
  const isArray = first === OPEN_BRACKET
  if (isArray || first === OPEN_BRACE) {
    // In ASCII, both closing brackets stand two behind the opening ones.
    if (to - from < 2 || body[to - 1] !== first + 2) return 'malformed'
  }
  if (to - from > intake.entryBytesMax) return isArray ? deliverPieces(intake, origin, body, from, to) : 'too_large'
  return intake.put({ origin, framing: isArray ? 'json_array' : 'record' }, null, body, from, to) ? 'taken' : 'no_room'
}

/** Writes brackets over the commas where the array is cut. */
async function deliverPieces(intake: Intake, origin: number, body: Bytes, from: number, to: number): Promise<Delivery> {
  const cut = await cutArray(body, from, to, intake.entryBytesMax)
  if (!cut.ok) return cut.why
  const entry: IntakeEntry = { origin, framing: 'json_array' }
  let start = from
  for (const end of [...cut.cuts, to - 1]) {
    body[end] = CLOSE_BRACKET
    while (!intake.put(entry, OPENING, body, start + 1, end + 1)) {
      if (start === from) return 'no_room'
      await roomIn(intake)
    }
    start = end
  }
  return 'taken'
}

/** Knows whether anything has been taken yet. */
class CountingDoor implements Pick<Intake, 'put' | 'entryBytesMax'> {
  readonly #intake: Intake
  readonly entryBytesMax: number
  puts = 0
  constructor(intake: Intake) {
    this.#intake = intake
    this.entryBytesMax = intake.entryBytesMax
  }
  put(entry: IntakeEntry, head: Uint8Array | null, body: Uint8Array, from: number, to: number): boolean {
    if (!this.#intake.put(entry, head, body, from, to)) return false
    this.puts++
    return true
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d && byte !== 0x0b && byte !== 0x0c)
}

const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const OPENING = fromText('[')
