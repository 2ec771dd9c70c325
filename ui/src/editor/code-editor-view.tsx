/**
 * The editor itself. Tab moves on, as everywhere on the page, until somebody asks that it indent; then Escape and Tab move on.
 * Problems are marked at their places, and listed below with their lines.
 */
import { closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { bracketMatching, indentOnInput } from '@codemirror/language'
import { lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint'
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search'
import { Compartment, EditorState, type Extension } from '@codemirror/state'
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from '@codemirror/view'
import { CircleX } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { cx } from '#ui/kit/cx.ts'
import type { CodeEditorProps, CodeProblem } from './code-editor.tsx'
import { codeLanguage, codeLook } from './code-editor-look.ts'

const SHOWN_PROBLEMS_MAX = 8
const none: readonly CodeProblem[] = []

export function CodeEditorView({
  label,
  language,
  value,
  onChange,
  problems = none,
  height = '28rem',
}: CodeEditorProps) {
  const place = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(undefined)
  const change = useRef(onChange)
  change.current = onChange
  const [tabs, setTabs] = useState(false)
  const isReadOnly = onChange === undefined
  const tabKeys = useRef(new Compartment())
  const parts = useRef({ value, label, language })

  useEffect(() => {
    const extensions: Extension[] = [
      basics,
      codeLook(),
      codeLanguage(parts.current.language),
      tabKeys.current.of([]),
      EditorState.readOnly.of(isReadOnly),
      EditorView.contentAttributes.of({
        'aria-label': parts.current.label,
        ...(isReadOnly && { 'aria-readonly': 'true' }),
      }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged && !update.transactions.some(isFromOutside)) change.current?.(update.state.doc.toString())
      }),
    ]
    const created = new EditorView({
      state: EditorState.create({ doc: parts.current.value, extensions }),
      parent: place.current!,
    })
    view.current = created
    return () => created.destroy()
  }, [isReadOnly])

  useEffect(() => {
    const { current } = view
    parts.current.value = value
    if (current === undefined || current.state.doc.toString() === value) return
    const changes = { from: 0, to: current.state.doc.length, insert: value }
    current.dispatch({ changes, userEvent: OUTSIDE })
  }, [value])

  useEffect(() => {
    const { current } = view
    if (current === undefined) return
    const end = current.state.doc.length
    const marks = problems.map(({ from, to, message }) => ({
      from: Math.min(from, end),
      to: Math.min(Math.max(to, from), end),
      severity: 'error' as const,
      message,
    }))
    current.dispatch(setDiagnostics(current.state, marks))
  }, [problems])

  useEffect(() => {
    view.current?.dispatch({ effects: tabKeys.current.reconfigure(tabs ? keymap.of([indentWithTab]) : []) })
  }, [tabs])

  const goTo = ({ from, to }: CodeProblem) => {
    const { current } = view
    if (current === undefined) return
    const end = current.state.doc.length
    const selection = { anchor: Math.min(from, end), head: Math.min(to, end) }
    current.dispatch({ selection, scrollIntoView: true })
    current.focus()
  }

  return (
    <div className="flex min-w-0 flex-col">
      <div
        ref={place}
        className="min-w-0 overflow-hidden border-2 border-transparent focus-within:border-accent"
        style={{ height }}
      />
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 border-t border-line px-3 py-1 text-xs text-muted">
        <p role="status" className={cx(problems.length > 0 && 'text-bad')}>
          {problems.length === 0
            ? 'No problems found'
            : `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}; F8 goes to the next`}
        </p>
        {!isReadOnly && (
          <label className="flex min-h-6 items-center gap-1.5">
            <input
              type="checkbox"
              checked={tabs}
              onChange={(event) => setTabs(event.target.checked)}
              className="size-4 accent-accent"
            />
            Tab indents (then Esc, Tab moves on)
          </label>
        )}
      </div>
      {problems.length > 0 && (
        <ul aria-label="Problems" className="border-t border-line">
          {problems.slice(0, SHOWN_PROBLEMS_MAX).map((problem) => (
            <li key={`${problem.from}${problem.message}`}>
              <button
                type="button"
                onClick={() => goTo(problem)}
                className="flex min-h-7 w-full items-start gap-2 px-3 py-1 text-left text-sm hover:bg-raised focus-visible:-outline-offset-2"
              >
                <CircleX aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
                <span className="shrink-0 text-muted">Line {problem.line}</span>
                <span className="min-w-0 break-words">{problem.message}</span>
              </button>
            </li>
          ))}
          {problems.length > SHOWN_PROBLEMS_MAX && (
            <li className="px-3 py-1 text-sm text-muted">and {problems.length - SHOWN_PROBLEMS_MAX} more</li>
          )}
        </ul>
      )}
    </div>
  )
}

/** Marks what was not typed here. */
const OUTSIDE = 'set.outside'

function isFromOutside(transaction: { isUserEvent(event: string): boolean }): boolean {
  return transaction.isUserEvent(OUTSIDE)
}

/**
 * What is typed over a selection goes in here: left to itself the browser would keep the look of what was there in a style
 * attribute, which the page's policy refuses.
 */
const typedOver = EditorView.domEventHandlers({
  beforeinput: (event, view) => {
    const { from, to, empty } = view.state.selection.main
    const { data: text } = event
    if (event.inputType !== 'insertText' || !text || empty || event.isComposing || view.state.readOnly) return false
    event.preventDefault()
    const insert = () => view.state.update(view.state.replaceSelection(text), { userEvent: 'input.type' })
    const isHandled = view.state.facet(EditorView.inputHandler).some((handle) => handle(view, from, to, text, insert))
    if (!isHandled) view.dispatch(insert())
    return true
  },
})

const basics: Extension = [
  typedOver,
  lineNumbers(),
  highlightActiveLineGutter(),
  lintGutter(),
  history(),
  drawSelection(),
  indentOnInput(),
  bracketMatching(),
  closeBrackets(),
  highlightActiveLine(),
  highlightSelectionMatches(),
  keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...lintKeymap]),
]
