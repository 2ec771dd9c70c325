/** What all fields of one form know: what is wrong where, and whether some of them hold what cannot be sent. */
import { createContext, useCallback, useContext, useEffect, useId, useMemo, useState } from 'react'

/** As the API's problems have it: a JSON Pointer, and what is wrong there. */
export interface Complaint {
  pointer: string
  detail: string
}

export interface FormFacts {
  problems: readonly Complaint[]
  disabled: boolean
  /** A field says that its text cannot be read yet, or that it can again. */
  report: (id: string, fault: string | undefined) => void
  /** Values that a text is likely to have, by pointer, such as ids that exist. */
  known?: Readonly<Record<string, readonly string[]>>
}

export const FormContext = createContext<FormFacts>({ problems: [], disabled: false, report: () => undefined })

/** `faults`: texts that cannot be read as what they should be. A form with any is not saved. */
export function useFaults(): { faults: number; report: FormFacts['report'] } {
  const [faulty, setFaulty] = useState<ReadonlySet<string>>(new Set())
  const report = useCallback((id: string, fault: string | undefined) => {
    setFaulty((before) => {
      if (before.has(id) === (fault !== undefined)) return before
      const next = new Set(before)
      if (fault === undefined) next.delete(id)
      else next.add(id)
      return next
    })
  }, [])
  return useMemo(() => ({ faults: faulty.size, report }), [faulty, report])
}

/** Tells the form of a fault while this field is there. */
export function useFault(fault: string | undefined): void {
  const id = useId()
  const { report } = useContext(FormContext)
  useEffect(() => {
    report(id, fault)
    return () => report(id, undefined)
  }, [id, fault, report])
}

/** What is wrong at this place. `deep`: or below it, for controls that are one field. */
export function useComplaint(pointer: string, deep = false): string | undefined {
  const { problems } = useContext(FormContext)
  const found = problems.filter((one) => one.pointer === pointer || (deep && one.pointer.startsWith(`${pointer}/`)))
  return found.length === 0 ? undefined : found.map(({ detail }) => detail).join('; ')
}

export function below(pointer: string, key: string | number): string {
  return `${pointer}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`
}
