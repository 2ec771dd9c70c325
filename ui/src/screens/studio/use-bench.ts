/** What lies in the studio: samples and trials by pipeline. It survives a reload, and leaving the screen. */
import { useCallback, useEffect, useRef, useState } from 'react'
import { useUnsaved } from '#ui/kit/unsaved.ts'
import { fitting, type Splitting } from '#ui/screens/studio/samples.ts'
import { NO_TRIAL, type Trial } from '#ui/screens/studio/trial.ts'

export interface Bench {
  text: string
  splitting: Splitting
  /** The samples are unredacted records: they stay in memory, and out of the tab's storage. */
  isRaw?: boolean
  trials: Readonly<Record<string, Trial>>
}

export interface BenchControl {
  bench: Bench
  /** Characters that the last text was too long by. */
  cut: number
  /** Without `isRaw` the samples are what they were before. */
  setText: (text: string, splitting?: Splitting, isRaw?: boolean) => void
  setSplitting: (splitting: Splitting) => void
  changeTrial: (pipeline: string, change: (trial: Trial) => Trial) => void
}

/** Writing a large text into the tab's storage takes time: it waits for a pause. */
const KEEP_MS = 300
const EMPTY: Bench = { text: '', splitting: 'lines', trials: {} }

/** For one configuration: a component that uses it has its name as key. */
export function useBench(configuration: string): BenchControl {
  const [kept, keep] = useUnsaved<Bench>(`studio.${configuration}`)
  const [bench, setBench] = useState<Bench>(kept ?? EMPTY)
  const [cut, setCut] = useState(0)
  useKeep(bench, keep)
  return {
    bench,
    cut,
    setText: useCallback((text: string, splitting?: Splitting, isRaw?: boolean) => {
      const fits = fitting(text)
      setCut(fits.cut)
      setBench((before) => ({
        ...before,
        text: fits.text,
        splitting: splitting ?? before.splitting,
        isRaw: text !== '' && (isRaw ?? before.isRaw === true),
      }))
    }, []),
    setSplitting: useCallback((splitting: Splitting) => setBench((before) => ({ ...before, splitting })), []),
    changeTrial: useCallback((pipeline: string, change: (trial: Trial) => Trial) => {
      setBench((before) => {
        const trial = before.trials[pipeline] ?? NO_TRIAL
        const next = change(trial)
        return next === trial ? before : { ...before, trials: { ...before.trials, [pipeline]: next } }
      })
    }, []),
  }
}

function useKeep(bench: Bench, keep: (bench: Bench | undefined) => void): void {
  const latest = useRef(bench)
  const isDirty = useRef(false)
  const write = useCallback(() => {
    if (!isDirty.current) return
    isDirty.current = false
    const { current } = latest
    keep(current.isRaw === true ? { ...current, text: '', isRaw: false } : current)
  }, [keep])
  useEffect(() => {
    if (latest.current === bench) return
    latest.current = bench
    isDirty.current = true
    const timer = setTimeout(write, KEEP_MS)
    return () => clearTimeout(timer)
  }, [bench, write])
  useEffect(() => {
    addEventListener('pagehide', write)
    return () => {
      removeEventListener('pagehide', write)
      write()
    }
  }, [write])
}
