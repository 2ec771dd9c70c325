/** Where samples come from besides being typed: sets that are there, a file, the live tap. What they replace comes back by `Undo`. */
import { useState } from 'react'
import { useCan } from '#ui/api/queries.ts'
import { toast } from '#ui/kit/toast.tsx'
import { useConfiguration } from '#ui/routes.tsx'
import type { SampleSet } from '#ui/screens/studio/sample-sets.ts'
import { joined, SAMPLE_CHARACTERS_MAX, type Splitting, splittingFor } from '#ui/screens/studio/samples.ts'
import type { BenchControl } from '#ui/screens/studio/use-bench.ts'
import { useTapTaker } from '#ui/screens/studio/use-tap-taker.ts'

export interface SampleSources {
  replace: (text: string, splitting?: Splitting, isRaw?: boolean) => void
  takeSet: (set: SampleSet) => void
  readFile: (file: File) => void
  mayTap: boolean
  /** Records that the tap has brought so far; undefined: none are being taken. */
  taken: number | undefined
  takeFromTap: () => void
  stopTap: () => void
  error: unknown
}

export function useSampleSources(control: BenchControl, pipeline: string | undefined): SampleSources {
  const configuration = useConfiguration()
  const mayTap = useCan('tap')
  const [error, setError] = useState<unknown>(null)
  const replace = useReplace(control)
  const taker = useTapTaker((records) => replace(joined('', records), splittingFor(records, 'lines')))
  return {
    replace,
    takeSet: ({ make, splitting }) => replace(make(), splitting),
    readFile: (file) => {
      setError(null)
      readText(file).then((text) => replace(text), setError)
    },
    mayTap,
    taken: taker.taken,
    takeFromTap: () => taker.take(configuration, pipeline),
    stopTap: taker.stop,
    error: error ?? taker.error,
  }
}

function useReplace({ bench, setText }: BenchControl): (text: string, splitting?: Splitting, isRaw?: boolean) => void {
  return (text, splitting, isNowRaw = false) => {
    const { text: before, splitting: splitBefore, isRaw } = bench
    setText(text, splitting, isNowRaw)
    if (before.trim() === '' || before === text) return
    toast({
      text: text === '' ? 'The samples are cleared' : 'The samples were replaced',
      action: { label: 'Undo', run: () => setText(before, splitBefore, isRaw) },
    })
  }
}

/** As much of a file as samples can have, and a little more, so that what is cut off is said. */
async function readText(file: File): Promise<string> {
  const text = await file.slice(0, SAMPLE_CHARACTERS_MAX * 4).text()
  if (text.includes('\0')) throw new Error(`${file.name} is not text`)
  return text
}
