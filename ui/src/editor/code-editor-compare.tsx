/** Two texts side by side, aligned, with what differs marked; for reading. */
import { MergeView } from '@codemirror/merge'
import { EditorState } from '@codemirror/state'
import { EditorView, lineNumbers } from '@codemirror/view'
import { useEffect, useRef } from 'react'
import type { CodeCompareProps } from './code-editor.tsx'
import { codeLanguage, codeLook } from './code-editor-look.ts'

export function CodeEditorCompare({ language, before, after }: CodeCompareProps) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const side = ({ label, text }: CodeCompareProps['before']) => ({
      doc: text,
      extensions: [
        lineNumbers(),
        codeLook(),
        codeLanguage(language),
        EditorState.readOnly.of(true),
        EditorView.contentAttributes.of({ 'aria-label': label, 'aria-readonly': 'true' }),
      ],
    })
    const view = new MergeView({
      a: side(before),
      b: side(after),
      parent: place.current!,
      collapseUnchanged: { margin: 3, minSize: 6 },
    })
    return () => view.destroy()
  }, [language, before, after])
  return (
    <div className="min-w-0">
      <div className="grid grid-cols-2 gap-2 border-b border-line pb-1 text-sm font-medium">
        <span>{before.label}</span>
        <span>{after.label}</span>
      </div>
      <div ref={place} className="max-h-[50vh] overflow-auto" />
    </div>
  )
}
