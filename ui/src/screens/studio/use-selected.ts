/** Text that somebody selects with the pointer within a part of the page. */
import { type RefObject, useCallback, useEffect, useRef } from 'react'

/** What is returned tells whether the last press of the pointer was a selection, so that its click counts for nothing else. */
export function useSelected(
  region: RefObject<HTMLElement | null>,
  onSelect: (text: string, at: { x: number; y: number }) => void,
): () => boolean {
  const latest = useRef(onSelect)
  latest.current = onSelect
  const wasSelection = useRef(false)
  useEffect(() => {
    const forget = () => {
      wasSelection.current = false
    }
    const onMouseUp = (event: MouseEvent) => {
      const selection = document.getSelection()
      const text = selection?.toString() ?? ''
      if (selection === null || text.trim() === '' || selection.isCollapsed) return
      const { anchorNode, focusNode } = selection
      const within = region.current?.contains(anchorNode) === true && region.current.contains(focusNode)
      if (!within) return
      wasSelection.current = true
      latest.current(text, { x: event.clientX, y: event.clientY })
    }
    addEventListener('pointerdown', forget, true)
    addEventListener('keydown', forget, true)
    addEventListener('mouseup', onMouseUp, true)
    return () => {
      removeEventListener('pointerdown', forget, true)
      removeEventListener('keydown', forget, true)
      removeEventListener('mouseup', onMouseUp, true)
    }
  }, [region])
  return useCallback(() => wasSelection.current, [])
}
