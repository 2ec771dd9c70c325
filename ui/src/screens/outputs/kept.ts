/** What was kept, in words: what a replay or a drop did, and records as text. */
import type { GatewaySummary } from '#contract/fleet.ts'
import type { DeadLetterSummary, ListedDeadLetter, Replayed } from '#contract/kept.ts'

/** As `LISTED_MAX` of the contract, whose values would bring its schemas into the page. */
export const LISTED_MAX = 1000

export function replayWords({ replayed, skipped, reason }: Replayed): string {
  if (replayed === 0 && skipped === 0) return 'There was nothing to send again.'
  const done = `${recordsText(replayed)} sent again`
  if (skipped === 0) return `${done}.`
  return `${done}, ${skipped} left where they are${reason === undefined ? '' : `: ${reason}`}.`
}

export function dropWords({ dropped }: { dropped: number }): string {
  return dropped === 0 ? 'There was nothing to give up.' : `${recordsText(dropped)} given up.`
}

export function recordsText(records: number): string {
  return records === 1 ? '1 record' : `${records.toLocaleString('en-US')} records`
}

export type Content =
  | { kind: 'text'; text: string }
  | { kind: 'bytes'; text: string; bytes: number }
  | { kind: 'omitted' }
  | { kind: 'none' }

const BYTES_A_LINE = 16

/** JSON is set over lines; what is no text is shown byte by byte. */
export function contentOf({ text, base64, omitted }: Pick<ListedDeadLetter, 'text' | 'base64' | 'omitted'>): Content {
  if (omitted === true) return { kind: 'omitted' }
  if (text !== undefined) return { kind: 'text', text: readable(text) }
  if (base64 === undefined) return { kind: 'none' }
  const raw = atob(base64)
  return { kind: 'bytes', text: dump(raw), bytes: raw.length }
}

export interface LetterGroup {
  gateway: string
  code: string
  records: number
  bytes: number
  oldest: number
  newest: number
}

/** Of one output, over the gateways that have answered; those with the most first. */
export function groupsOf(
  output: string,
  answers: readonly { gateway: string; summary: DeadLetterSummary }[],
): LetterGroup[] {
  return answers
    .flatMap(({ gateway, summary }) =>
      summary.filter((one) => one.output === output).map(({ output: _, ...rest }) => ({ gateway, ...rest })),
    )
    .sort((a, b) => b.records - a.records)
}

function readable(text: string): string {
  if (!/^\s*[[{]/.test(text)) return text
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

/** Offset, bytes in hex, and what of them is readable. */
function dump(raw: string): string {
  const lines: string[] = []
  for (let from = 0; from < raw.length; from += BYTES_A_LINE) {
    const part = raw.slice(from, from + BYTES_A_LINE)
    const hex = [...part].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join(' ')
    const shown = part.replace(/[^\x20-\x7e]/g, '.')
    lines.push(`${from.toString(16).padStart(6, '0')}  ${hex.padEnd(BYTES_A_LINE * 3)} ${shown}`)
  }
  return lines.join('\n')
}

/** Which gateways can be asked what they have kept, and why others cannot. */
export interface Askable {
  asked: { id: string; name: string }[]
  unreachable: { id: string; name: string; reason: string }[]
}

/** Each look asks each gateway; more would make the page wait for the slowest of many. */
export const ASKED_MAX = 24

type Known = Pick<GatewaySummary, 'id' | 'name' | 'online' | 'transport' | 'kind'>

/** `most`: how much each has kept, as far as it is known: those with the most are asked first. `keepsNothing`: their books say so. */
export function askable(
  gateways: readonly Known[],
  most: ReadonlyMap<string, number>,
  keepsNothing: ReadonlySet<string> = new Set(),
): Askable {
  const found: Askable = { asked: [], unreachable: [] }
  const sorted = [...gateways].sort((a, b) => (most.get(b.id) ?? 0) - (most.get(a.id) ?? 0))
  for (const { id, name, online, transport, kind } of sorted) {
    const reason = !online
      ? 'it is not connected; what it has kept is seen when it is back'
      : transport === 'http'
        ? 'it talks to the controller over plain HTTP, by which it cannot be asked; a WebSocket can'
        : kind === 'otel_collector'
          ? 'collectors keep nothing that can be asked for'
          : keepsNothing.has(id)
            ? 'it keeps nothing: it has no data directory, or another process has it'
            : found.asked.length >= ASKED_MAX
              ? `more than ${ASKED_MAX} gateways are not asked at once`
              : undefined
    if (reason === undefined) found.asked.push({ id, name })
    else found.unreachable.push({ id, name, reason })
  }
  return found
}
