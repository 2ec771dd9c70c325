/**
 * The level that a line of text names: what loggers write near its front, such as `ERROR`, `[warn]`, `level=info`,
 * `error:` or `<3>`. A guess for whoever counts by severity; no rule decides by it.
 */
import { type Severity, severityOf } from './level.ts'

/** Loggers write the level before the message: further on a word is only a word. */
const LOOKED_AT_CHARACTERS = 200

const LEVEL = new RegExp(
  [
    /<(\d{1,3})>/,
    /\b(?:level|lvl|severity|loglevel)["']?\s*[=:]\s*["']?([A-Za-z]{3,13})\b/,
    /[[(<]\s*([A-Za-z]{3,13})\s*[\])>]/,
    /\b([A-Z]{3,13})\b/,
    /(?:^|\s)([A-Za-z]{4,13}):(?=\s)/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
)

/** 0 where it names none. */
export function severityOfText(text: string): Severity {
  const head = text.slice(0, LOOKED_AT_CHARACTERS)
  LEVEL.lastIndex = 0
  for (let match = LEVEL.exec(head); match !== null; match = LEVEL.exec(head)) {
    const [, priority, named, bracketed, word, announced] = match
    if (priority !== undefined) {
      // Of syslog, and only where it begins the record (RFC 5424, section 6.2.1).
      if (match.index !== 0 || Number(priority) > 191) continue
      return severityOf(String(Number(priority) % 8))
    }
    const severity = severityOf(named ?? bracketed ?? word ?? announced!)
    if (severity !== 0) return severity
  }
  return 0
}
