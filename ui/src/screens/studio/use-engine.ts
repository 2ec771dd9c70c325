/** The engine of this page, and what it makes of the samples: anew whenever they or the rules change. */
import { useCallback, useEffect, useRef, useState } from 'react'
import { EngineClient } from '#ui/engine/engine-client.ts'
import type { Answer, RuleEntry, RunResult } from '#ui/engine/messages.ts'

/** While one types, it waits for a pause of this length. */
const DEBOUNCE_MS = 120
/** The same chance each time, so that a result changes only when something else does. */
const SEED = 1

export interface Run {
  records: readonly string[]
  answer: Answer<RunResult>
  ms: number
}

export interface RunState {
  /** The newest answer. */
  last: Run | undefined
  /** The newest that is a result. */
  good: (Run & { answer: { ok: true; result: RunResult } }) | undefined
  isRunning: boolean
  runNow: () => void
}

/** Undefined until it has been started. It ends with the component. */
export function useEngine(): EngineClient | undefined {
  const [client, setClient] = useState<EngineClient>()
  useEffect(() => {
    const started = new EngineClient()
    setClient(started)
    return () => started.close()
  }, [])
  return client
}

export function useRun(
  client: EngineClient | undefined,
  processors: readonly RuleEntry[],
  records: readonly string[],
): RunState {
  const [last, setLast] = useState<Run>()
  const [good, setGood] = useState<RunState['good']>()
  const [isRunning, setRunning] = useState(false)
  const newest = useRef(0)
  const start = useCallback(async () => {
    if (client === undefined) return
    const number = ++newest.current
    const began = performance.now()
    setRunning(true)
    const answer = await client.run({ processors, records: records.map((text) => ({ text })), seed: SEED })
    if (number !== newest.current || (!answer.ok && answer.reason === 'superseded')) return
    setRunning(false)
    const run = { records, answer, ms: performance.now() - began }
    setLast(run)
    if (answer.ok) setGood({ ...run, answer })
  }, [client, processors, records])
  useEffect(() => {
    const timer = setTimeout(() => void start(), DEBOUNCE_MS)
    return () => {
      clearTimeout(timer)
      // What is under way answers to what there was before.
      newest.current++
    }
  }, [start])
  return { last, good, isRunning, runNow: () => void start() }
}
