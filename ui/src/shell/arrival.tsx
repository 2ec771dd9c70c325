/** On another screen: those who do not see it are told, and the focus is where the screen begins. */
import { useRouter } from '@tanstack/react-router'
import { useEffect, useState } from 'react'

export function Arrival() {
  const router = useRouter()
  const [title, setTitle] = useState('')
  useEffect(
    () =>
      router.subscribe('onRendered', ({ fromLocation, pathChanged }) => {
        if (fromLocation === undefined || !pathChanged) return
        // After what closes on the way, such as the palette, has given the focus back.
        requestAnimationFrame(() => {
          const main = document.getElementById('main')
          setTitle(main?.querySelector('h1')?.textContent ?? '')
          const isInside = main?.contains(document.activeElement) || document.activeElement?.closest('[role="dialog"]')
          if (!isInside) main?.focus({ preventScroll: true })
        })
      }),
    [router],
  )
  return (
    <p aria-live="polite" className="sr-only">
      {title}
    </p>
  )
}
