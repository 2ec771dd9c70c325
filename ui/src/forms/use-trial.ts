/** Runs one rule over lines on the engine in the page, a moment after one has stopped typing. */
import { useEffect, useMemo, useRef, useState } from 'react'
import { EngineClient } from '#ui/engine/engine-client.ts'
import type { Answer, RuleEntry, RunResult } from '#ui/engine/messages.ts'

const PAUSE_MS = 150
const LINES_MAX = 500
/** So that a sample of the same lines is the same while one changes something else. */
const SEED = 1

export interface Trial {
  lines: readonly string[]
  /** Of these lines, and the rule as it was a moment ago. */
  answer: Answer<RunResult> | undefined
}

/** The engine is loaded only where it is `wanted`. An id is not needed to try a rule. */
export function useTrial(rule: Omit<RuleEntry, 'id'>, text: string, wanted: boolean): Trial {
  const client = useRef<EngineClient>(undefined)
  const [trial, setTrial] = useState<Trial>({ lines: [], answer: undefined })
  const lines = useMemo(
    () =>
      text
        .split(/\r?\n/)
        .filter((line) => line !== '')
        .slice(0, LINES_MAX),
    [text],
  )
  const asked = JSON.stringify(rule)
  useEffect(
    () => () => {
      client.current?.close()
      client.current = undefined
    },
    [],
  )
  useEffect(() => {
    if (!wanted) return
    let isCurrent = true
    const timer = setTimeout(() => {
      client.current ??= new EngineClient()
      const processors = [{ ...(JSON.parse(asked) as RuleEntry), id: 'this' }]
      const records = lines.map((line) => ({ text: line }))
      void client.current.run({ processors, records, seed: SEED }).then((next) => {
        if (isCurrent && (next.ok || next.reason !== 'superseded')) setTrial({ lines, answer: next })
      })
    }, PAUSE_MS)
    return () => {
      isCurrent = false
      clearTimeout(timer)
    }
  }, [asked, lines, wanted])
  return trial
}
