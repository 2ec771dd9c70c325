/** What intakes for vendors' agents do alike with a body: look through it, and cut it into entries behind a head. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Range, Scan } from '#codecs/headed/pieces.ts'
import type { Exchange } from '#component/exchange.ts'
import type { Piece } from '#listeners/acceptance.ts'
import { type Bytes, fromText } from '#std/bytes.ts'

/** A long scan lets others have their turn after this much. */
const BYTES_PER_TURN = 1024 * 1024
/** What a request may say of all its records, as JSON: it is written into each. */
const SHARED_BYTES_MAX = 4096

/** What is to be put of a body: pieces behind a head, for one decoder. */
export interface Divided {
  framing: string
  /** One line with its newline; null for decoders without a head. */
  head: Bytes | null
  pieces: readonly Range[]
  records: number
}

export function* piecesOf(origin: number, body: Bytes, { framing, head, pieces }: Divided): Iterable<Piece> {
  for (const { from, to } of pieces) yield { entry: { origin, framing }, head, body, from, to }
}

/** Runs a scan to its end. */
export async function finish(scan: Scan): Promise<void> {
  let turnEnd = scan.at + BYTES_PER_TURN
  while (scan.next()) {
    if (scan.at < turnEnd) continue
    turnEnd = scan.at + BYTES_PER_TURN
    await nextTurn()
  }
}

/** The line with what a request says of all its records; undefined values are left out. Null: that is too much. */
export function headOf(shared: Record<string, string | undefined>): Bytes | null {
  const head = fromText(`${JSON.stringify(shared)}\n`)
  return head.length > SHARED_BYTES_MAX ? null : head
}

/** Whether a head says nothing. */
export function isBare(head: Bytes): boolean {
  return head.length <= '{}\n'.length
}

/** A header that came once. */
export function headerOf({ headers }: Exchange, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}
