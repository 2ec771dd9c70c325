/** A text editor for YAML and JSON. Its code is large, so that it comes only when one is shown. */
import { lazy, Suspense } from 'react'
import { Skeleton } from '#ui/kit/states.tsx'

export interface CodeProblem {
  /** Places in the text. */
  from: number
  to: number
  line: number
  message: string
}

export interface CodeEditorProps {
  /** What the text is; read out. */
  label: string
  language: 'yaml' | 'json' | 'text'
  value: string
  /** Without it the text can only be read. */
  onChange?: (text: string) => void
  problems?: readonly CodeProblem[]
  /** Of the part that scrolls, in CSS. */
  height?: string
}

export interface CodeCompareProps {
  language: CodeEditorProps['language']
  before: { label: string; text: string }
  after: { label: string; text: string }
}

export function CodeEditor(props: CodeEditorProps) {
  return (
    <Suspense fallback={<Skeleton lines={8} className="px-4" />}>
      <View {...props} />
    </Suspense>
  )
}

/** Two texts side by side, with what differs marked. */
export function CodeCompare(props: CodeCompareProps) {
  return (
    <Suspense fallback={<Skeleton lines={8} className="px-4" />}>
      <Compare {...props} />
    </Suspense>
  )
}

const View = lazy(() => import('./code-editor-view.tsx').then(({ CodeEditorView }) => ({ default: CodeEditorView })))
const Compare = lazy(() =>
  import('./code-editor-compare.tsx').then(({ CodeEditorCompare }) => ({ default: CodeEditorCompare })),
)
