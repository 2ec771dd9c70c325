/**
 * The pipeline, or the whole document, as YAML. What is typed is checked as it is typed, kept in this tab until it is applied, and
 * never written over what somebody else has changed. Comments stay in this tab: drafts are kept without them.
 */
import { useNavigate } from '@tanstack/react-router'
import { Check, RotateCcw } from 'lucide-react'
import { useMemo, useState } from 'react'
import { ApiError } from '#ui/api/client.ts'
import { isSame } from '#ui/api/same.ts'
import { CodeEditor } from '#ui/editor/code-editor.tsx'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { SelectField } from '#ui/kit/field.tsx'
import { useShortcuts } from '#ui/kit/shortcuts.ts'
import { ProblemNote } from '#ui/kit/states.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { useLeaveGuard, useUnsaved } from '#ui/kit/unsaved.ts'
import { pipelineRoute } from './route.ts'
import type { PipelineWork } from './use-pipeline.ts'
import { YamlConflict } from './yaml-conflict.tsx'
import { candidateOf, useFindings } from './yaml-findings.ts'
import { parseText, rewritten, type TextProblem, textOf } from './yaml-text.ts'

interface Typed {
  text: string
  /** What the draft said when the typing began. */
  base: unknown
}

const scopes = [
  { value: 'pipeline', label: 'This pipeline' },
  { value: 'document', label: 'The whole document' },
]

export function YamlView({ work }: { work: PipelineWork }) {
  const { scope } = pipelineRoute.useSearch()
  // Each scope has its own text.
  return <YamlEditor key={scope ?? 'pipeline'} work={work} isWhole={scope === 'document'} />
}

function YamlEditor({ work, isWhole }: { work: PipelineWork; isWhole: boolean }) {
  const { configuration, document, pipeline, canEdit, draft } = work
  const navigate = useNavigate({ from: pipelineRoute.fullPath })
  const name = `yaml.${configuration}.${isWhole ? '' : pipeline.id}`
  const [typed, setTyped] = useUnsaved<Typed>(name)
  const [commented, setCommented] = useUnsaved<string>(`${name}.applied`)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const [theirs, setTheirs] = useState<unknown>()
  const value: unknown = isWhole ? document : pipeline
  const stored = useMemo(
    () => (commented === undefined ? textOf(value) : rewritten(commented, value)),
    [commented, value],
  )
  const text = typed?.text ?? stored
  const parsed = useMemo(() => parseText(text), [text])
  const isDirty = typed !== undefined && (parsed.value === undefined || !isSame(parsed.value, value))
  const candidate = useMemo(
    () => candidateOf(parsed.value, isWhole, document, pipeline.id),
    [parsed, isWhole, document, pipeline.id],
  )
  const base = isWhole ? '' : `/pipelines/${document.pipelines.findIndex(({ id }) => id === pipeline.id)}`
  const found = useFindings(configuration, isDirty ? candidate : undefined)
  const complaints = isDirty ? found.problems : work.problems
  const own = useMemo(
    () => complaints.filter(({ pointer }) => pointer === base || pointer.startsWith(`${base}/`)),
    [complaints, base],
  )
  const problems = useMemo(
    (): TextProblem[] =>
      parsed.problems.length > 0
        ? parsed.problems
        : own.map(({ pointer, detail }) => {
            const inside = pointer.slice(base.length)
            return {
              ...parsed.placeOf(inside),
              message: inside === '' ? detail : `${inside.slice(1)}: ${detail}`,
              pointer: inside,
            }
          }),
    [parsed, own, base],
  )
  const elsewhere = complaints.length - own.length
  const isBroken = parsed.problems.length > 0 || candidate === undefined
  useLeaveGuard(isDirty)

  /** `from`: the state of the draft that the text was made from. */
  const apply = async (from: unknown) => {
    if (candidate === undefined) return
    setBusy(true)
    setError(null)
    try {
      if (!(await write(from))) return
      setTyped(undefined)
      setCommented(text)
      setTheirs(undefined)
      toast('The draft is what the text says')
    } catch (reason) {
      setError(reason)
    } finally {
      setBusy(false)
    }
  }
  /** False: the draft is not what the text was made from, and both are shown. */
  const write = async (from: unknown): Promise<boolean> => {
    for (let etag = draft.query.data!.etag, now = document; ; ) {
      const part: unknown = isWhole ? now : now.pipelines.find(({ id }) => id === pipeline.id)
      if (!isSame(part, from)) {
        setTheirs(part ?? null)
        return false
      }
      try {
        await draft.write(candidateOf(parsed.value, isWhole, now, pipeline.id)!, etag)
        break
      } catch (reason) {
        if (!(reason instanceof ApiError) || reason.status !== 412) throw reason
        const newest = await draft.reload()
        etag = newest.etag
        now = newest.body
      }
    }
    const { id } = Object(parsed.value) as { id?: string }
    if (!isWhole && id !== undefined && id !== pipeline.id)
      await navigate({
        to: '/pipelines/$pipeline',
        params: { pipeline: id },
        search: (search) => search,
        ignoreBlocker: true,
      })
    return true
  }
  const discard = () => {
    setTyped(undefined)
    setError(null)
    setTheirs(undefined)
  }
  useShortcuts({
    'mod+s': () => {
      if (isDirty && !isBroken) void apply(typed.base)
      else toast(isDirty ? 'The text is kept in this tab; it cannot be applied yet' : 'The draft is kept')
    },
  })
  const actions = (
    <>
      <SelectField
        label="What the text shows"
        hiddenLabel
        className="w-48"
        options={scopes}
        value={isWhole ? 'document' : 'pipeline'}
        onChange={({ target }) =>
          void navigate({
            search: (search) => ({ ...search, scope: target.value === 'document' ? ('document' as const) : undefined }),
          })
        }
      />
      {canEdit && (
        <>
          <Button icon={RotateCcw} disabled={typed === undefined} onClick={discard}>
            Discard
          </Button>
          <Button
            look="primary"
            icon={Check}
            busy={busy}
            disabled={!isDirty || isBroken}
            onClick={() => void apply(typed?.base)}
          >
            Apply to the draft
          </Button>
        </>
      )}
    </>
  )
  return (
    <Card
      title={isWhole ? 'The draft as YAML' : 'The pipeline as YAML'}
      hint={hintOf(canEdit, isDirty)}
      actions={actions}
      flush
    >
      <ProblemNote error={error} className="mx-4 mb-3" />
      {elsewhere > 0 && (
        <p role="status" className="mx-4 mb-3 rounded-md bg-warn-soft px-3 py-2 text-sm text-warn">
          {elsewhere === 1 ? '1 problem' : `${elsewhere} problems`} in other parts of the document; the whole document
          shows where.
        </p>
      )}
      <div className="border-t border-line">
        <CodeEditor
          label={isWhole ? 'The draft as YAML' : `The pipeline ${pipeline.id} as YAML`}
          language="yaml"
          value={text}
          {...(canEdit && {
            onChange: (next: string) => setTyped({ text: next, base: typed === undefined ? value : typed.base }),
          })}
          problems={problems}
          height="56vh"
        />
      </div>
      {theirs !== undefined && (
        <YamlConflict
          theirs={theirs === null ? '' : textOf(theirs)}
          mine={text}
          onClose={() => setTheirs(undefined)}
          onTakeTheirs={discard}
          onKeepMine={() => void apply(theirs === null ? undefined : theirs)}
          busy={busy}
        />
      )}
    </Card>
  )
}

function hintOf(canEdit: boolean, isDirty: boolean): string {
  if (!canEdit) return 'To read: it cannot be changed here.'
  return isDirty
    ? 'Not applied yet: kept in this tab. Ctrl+S applies it to the draft.'
    : 'It is what the draft says. Comments stay in this tab only.'
}
