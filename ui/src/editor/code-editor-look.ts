/** How code looks: our colours, which follow the theme by themselves, and styles that the page's policy lets through. */
import { json } from '@codemirror/lang-json'
import { yaml } from '@codemirror/lang-yaml'
import { defaultHighlightStyle, HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import type { Extension } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import type { CodeEditorProps } from './code-editor.tsx'

export function codeLook(): Extension {
  const nonce = styleNonce()
  return [
    nonce === undefined ? [] : EditorView.cspNonce.of(nonce),
    theme,
    syntaxHighlighting(highlight),
    EditorView.lineWrapping,
  ]
}

export function codeLanguage(language: CodeEditorProps['language']): Extension {
  return language === 'yaml' ? yaml() : language === 'json' ? json() : []
}

/** Styles that scripts add are let through only with the nonce of the page. */
function styleNonce(): string | undefined {
  const meta = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"], meta[name="csp-nonce"]')
  return meta?.nonce || meta?.content || undefined
}

/** What the libraries colour, by the name of the tag, in our colours. */
const colours: Record<string, string> = {
  'definition(propertyName)': 'var(--accent)',
  string: 'var(--ok)',
  literal: 'var(--info)',
  bool: 'var(--info)',
  keyword: 'var(--warn)',
  labelName: 'var(--warn)',
  typeName: 'var(--warn)',
  meta: 'var(--muted)',
  comment: 'var(--muted)',
  invalid: 'var(--bad)',
}

const highlight = HighlightStyle.define(
  defaultHighlightStyle.specs.flatMap(({ tag }) =>
    [tag].flat().flatMap((one) => {
      const color = colours[String(one)]
      return color === undefined ? [] : [{ tag: one, color }]
    }),
  ),
)

/** Marks of problems are drawn without pictures, which a policy may refuse. */
const theme = EditorView.theme({
  '&': { backgroundColor: 'var(--panel)', color: 'var(--ink)', fontSize: '13px', height: '100%' },
  // The frame around it shows the focus: the gutter would cover an outline.
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--font-mono, ui-monospace, monospace)', lineHeight: '1.55' },
  '.cm-content': { caretColor: 'var(--ink)', padding: '8px 0' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-gutters': { backgroundColor: 'var(--panel)', color: 'var(--muted)', border: 'none' },
  '.cm-activeLineGutter': { backgroundColor: 'var(--raised)', color: 'var(--ink)' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--raised) 55%, transparent)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--accent-soft)',
  },
  '.cm-matchingBracket': { outline: '1px solid var(--edge)', backgroundColor: 'transparent' },
  '.cm-searchMatch': { backgroundColor: 'var(--warn-soft)', outline: '1px solid var(--warn)' },
  '.cm-panels': { backgroundColor: 'var(--raised)', color: 'var(--ink)', borderColor: 'var(--line)' },
  '.cm-textfield': { backgroundColor: 'var(--panel)', borderColor: 'var(--edge)', color: 'var(--ink)' },
  '.cm-button': { backgroundImage: 'none', backgroundColor: 'var(--panel)', borderColor: 'var(--edge)' },
  '.cm-tooltip': { backgroundColor: 'var(--panel)', color: 'var(--ink)', borderColor: 'var(--line)' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--bad)' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--bad)' },
  '.cm-lintRange-active': { backgroundColor: 'var(--bad-soft)' },
  '.cm-lintPoint-error::after': { borderBottomColor: 'var(--bad)' },
  '.cm-lint-marker-error': {
    content: '""',
    width: '8px',
    height: '8px',
    margin: '6px 3px',
    borderRadius: '50%',
    backgroundColor: 'var(--bad)',
  },
  '.cm-changedLine': { backgroundColor: 'var(--warn-soft) !important' },
  '.cm-changedText': { background: 'none !important', textDecoration: 'underline var(--warn)' },
})
