/** Whether an element is, or has been, near what can be seen: what is costly to draw waits for it. */
import { type RefObject, useEffect, useState } from 'react'

/** So far ahead that nobody sees it come. */
const AHEAD = '800px 0px'

export function useNear(element: RefObject<Element | null>, isNearAtOnce: boolean): boolean {
  const [isNear, setNear] = useState(isNearAtOnce)
  useEffect(() => {
    const watched = element.current
    if (isNear || watched === null) return
    waiting.set(watched, () => setNear(true))
    const observer = shared()
    observer.observe(watched)
    return () => {
      waiting.delete(watched)
      observer.unobserve(watched)
    }
  }, [element, isNear])
  return isNear
}

const waiting = new Map<Element, () => void>()
let observer: IntersectionObserver | undefined

/** One for all, as there may be a thousand elements. */
function shared(): IntersectionObserver {
  observer ??= new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) if (isIntersecting) waiting.get(target)?.()
    },
    { rootMargin: AHEAD },
  )
  return observer
}
