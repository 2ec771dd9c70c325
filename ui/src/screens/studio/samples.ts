/** The text of the samples as records, and back. */

/** What a page tries at once; more is cut off, and said. */
export const SAMPLE_RECORDS_MAX = 5000
export const SAMPLE_CHARACTERS_MAX = 1024 * 1024

/** `lines`: each line is a record. `indented`: lines that go on with the one before, such as stack traces, belong to it. */
export type Splitting = 'lines' | 'indented'

export interface Samples {
  records: string[]
  /** Records that were left out because there are too many. */
  left: number
}

export function samplesOf(text: string, splitting: Splitting): Samples {
  const records: string[] = []
  let left = 0
  for (const line of text.split(/\r?\n/)) {
    if (splitting === 'indented' && records.length > 0 && CONTINUES.test(line)) {
      if (left === 0) records[records.length - 1] += `\n${line}`
    } else if (line !== '') {
      if (records.length < SAMPLE_RECORDS_MAX) records.push(line)
      else left++
    }
  }
  return { records, left }
}

/** As Java, Python and Go write what belongs to the line before. */
const CONTINUES = /^(?:[ \t]+\S|Caused by: |goroutine \d+ \[|Traceback |(?:[\w$]+\.)+[\w$]*(?:Exception|Error)\b)/

/** Text that fits, ending at a line where it can; `cut` says how many characters had to go. */
export function fitting(text: string): { text: string; cut: number } {
  if (text.length <= SAMPLE_CHARACTERS_MAX) return { text, cut: 0 }
  const line = text.lastIndexOf('\n', SAMPLE_CHARACTERS_MAX)
  const kept = text.slice(0, line > 0 ? line : SAMPLE_CHARACTERS_MAX)
  return { text: kept, cut: text.length - kept.length }
}

/** Records below what is there already. */
export function joined(text: string, records: readonly string[]): string {
  const before = text === '' || text.endsWith('\n') ? text : `${text}\n`
  return before + records.join('\n')
}

/** How the records must be split to be the same again. */
export function splittingFor(records: readonly string[], current: Splitting): Splitting {
  return records.some((record) => record.includes('\n')) ? 'indented' : current
}
