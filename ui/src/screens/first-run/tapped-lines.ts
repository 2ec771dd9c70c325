/** The lines that come in while somebody waits for the first one; nothing where a tap cannot be opened. */
import { useEffect, useState } from 'react'
import type { ObservedRecord } from '#contract/observation.ts'
import { urlOf } from '#ui/api/client.ts'

const LINES_SHOWN = 3
const PER_SECOND = 5

export function useTappedLines(configuration: string, isAllowed: boolean): string[] {
  const [lines, setLines] = useState<string[]>([])
  useEffect(() => {
    setLines([])
    if (!isAllowed) return
    const source = new EventSource(urlOf('/tap', { configuration, per_second_max: PER_SECOND }))
    source.addEventListener('records', (event) => {
      const { records } = JSON.parse(String(event.data)) as { records: ObservedRecord[] }
      const texts = records.flatMap(({ before: { text } }) => (text === undefined ? [] : [text]))
      setLines((known) => [...known, ...texts].slice(-LINES_SHOWN))
    })
    return () => source.close()
  }, [configuration, isAllowed])
  return lines
}
