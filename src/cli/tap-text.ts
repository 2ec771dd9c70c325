/** Records of a tap, a line for each: what came in, what went on, and which rules did it. */
import type { ObservedRecord, RecordText } from '#contract/observation.ts'
import { plain } from './api-error.ts'
import type { paint } from './terminal.ts'

/** The end of an id, which tells gateways apart; JSON has all of it. */
const GATEWAY_CHARACTERS = 6

type Paint = (format: Parameters<typeof paint>[0], text: string) => string

/**
 * `−` stands before what ended or was replaced, `+` before what took its place, a space before what went on as it was:
 * colours only repeat that.
 */
export function recordLine(gateway: string, record: ObservedRecord, paint: Paint): string {
  const { at, pipeline, fate, rule, edited_by: editors, before, after } = record
  const from = `${plain(gateway.slice(-GATEWAY_CHARACTERS))}/${plain(pipeline)}`
  const head = paint('dim', `${new Date(at).toISOString().slice(11, 23)} ${from}`)
  const [old, now] = [textOf(before), after === null ? undefined : textOf(after)]
  if (now === undefined) {
    const by = rule === null ? fate : `${fate} by ${rule}`
    const edits = editors.length === 0 ? '' : `, edited by ${editors.join(', ')}`
    return `${head} ${paint('red', `− ${old}`)}  ${paint('dim', `[${plain(by + edits)}]`)}`
  }
  // Records that are shown alike may still have been edited: what a gateway redacts, it redacts on both sides.
  const by = editors.length === 0 ? '' : `  ${paint('dim', `[edited by ${plain(editors.join(', '))}]`)}`
  if (old === now) return `${head}   ${old}${by}`
  return `${head} ${paint('red', `− ${old}`)} → ${paint('green', `+ ${now}`)}${by}`
}

/** `shown 200 of ~41k` */
export function shownText(shown: number, skipped: number): string {
  return skipped === 0 ? `shown ${shown}` : `shown ${shown} of ~${rounded(shown + skipped)}`
}

/** On one line, and nothing that a terminal would obey. */
function textOf({ text, base64 = '' }: RecordText): string {
  if (text !== undefined) return plain(text)
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0
  return `(${(base64.length / 4) * 3 - padding} bytes: ${base64.slice(0, 40)}${base64.length > 40 ? '…' : ''})`
}

function rounded(count: number): string {
  if (count < 1000) return String(count)
  const step = count < 999_500 ? 1000 : 1_000_000
  const value = count / step
  return `${value < 10 ? Number(value.toFixed(1)) : Math.round(value)}${step === 1000 ? 'k' : 'M'}`
}
