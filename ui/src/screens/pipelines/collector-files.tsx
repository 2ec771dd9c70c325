/** The files that collectors of a configuration are given, as text. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { FilePlus2, Save, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { CollectorDocument } from '#contract/configuration.ts'
import { ApiError, getTagged, sendTagged, type Tagged } from '#ui/api/client.ts'
import { configurationChanged, pathOf } from '#ui/api/queries.ts'
import { CodeEditor } from '#ui/editor/code-editor.tsx'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { TextField } from '#ui/kit/field.tsx'
import { Page } from '#ui/kit/page.tsx'
import { useShortcuts } from '#ui/kit/shortcuts.ts'
import { Empty, ProblemNote, QueryView } from '#ui/kit/states.tsx'
import { Tabs } from '#ui/kit/tabs.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { useLeaveGuard, useUnsaved } from '#ui/kit/unsaved.ts'
import { ConfigurationMenu } from './configuration-menu.tsx'
import { DraftBanner } from './draft-banner.tsx'
import { useDraft } from './use-draft.ts'
import { YamlConflict } from './yaml-conflict.tsx'

type Files = CollectorDocument['files']

interface Work {
  files: Files
  /** Of the draft that it began with. */
  etag: string
}

const FIRST_NAME = 'collector.yaml'

export function CollectorFiles({ configuration }: { configuration: string }) {
  const { canEdit, reset } = useDraft(configuration)
  const query = useQuery({
    queryKey: ['configurations', configuration, 'draft', 'files'],
    queryFn: ({ signal }) => getTagged<CollectorDocument>(`${pathOf(configuration)}/draft`, {}, signal),
  })
  return (
    <Page
      title="Collector files"
      intro="What OpenTelemetry collectors of this configuration are given. They read it themselves, so that only the YAML is checked here."
      actions={<ConfigurationMenu configuration={configuration} />}
    >
      <DraftBanner configuration={configuration} draft={{ canEdit, reset }} />
      <QueryView query={query} lines={10}>
        {(draft) => <FilesEditor configuration={configuration} draft={draft} canEdit={canEdit} />}
      </QueryView>
    </Page>
  )
}

function FilesEditor({
  configuration,
  draft,
  canEdit,
}: {
  configuration: string
  draft: Tagged<CollectorDocument>
  canEdit: boolean
}) {
  const client = useQueryClient()
  const [work, setWork] = useUnsaved<Work>(`files.${configuration}`)
  const [chosen, setChosen] = useState<string>()
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const files = work?.files ?? draft.body.files
  const names = Object.keys(files)
  const current = chosen !== undefined && chosen in files ? chosen : names[0]
  const isDirty = work !== undefined && JSON.stringify(work.files) !== JSON.stringify(draft.body.files)
  useLeaveGuard(isDirty)
  const change = (next: Files) => setWork({ files: next, etag: work?.etag ?? draft.etag })
  const save = async (etag: string) => {
    setBusy(true)
    setError(null)
    try {
      await sendTagged('PUT', `${pathOf(configuration)}/draft`, { files }, { etag })
      setWork(undefined)
      await configurationChanged(client)
      toast('The draft is kept')
    } catch (reason) {
      // Somebody else was faster: what the draft says now is shown beside it.
      if (reason instanceof ApiError && reason.status === 412) await configurationChanged(client)
      setError(reason)
    } finally {
      setBusy(false)
    }
  }
  useShortcuts({ 'mod+s': () => isDirty && void save(work.etag) })
  const add = () => {
    const name = names.length === 0 ? FIRST_NAME : `file_${names.length + 1}.yaml`
    change({ ...files, [name]: { body: '', content_type: 'text/yaml' } })
    setChosen(name)
  }
  const rename = (from: string, to: string) => {
    if (to === from || to in files) return
    change(Object.fromEntries(Object.entries(files).map(([name, file]) => [name === from ? to : name, file])))
    setChosen(to)
  }
  const isConflict = error instanceof ApiError && error.status === 412
  const actions = canEdit && (
    <>
      <Button icon={FilePlus2} onClick={add}>
        Add a file
      </Button>
      <Button look="primary" icon={Save} busy={busy} disabled={!isDirty} onClick={() => work && void save(work.etag)}>
        Keep in the draft
      </Button>
    </>
  )
  return (
    <Card
      title="Files"
      {...(isDirty && { hint: 'Not kept yet: Ctrl+S keeps them in the draft.' })}
      actions={actions}
      flush
    >
      <ProblemNote error={isConflict ? null : error} className="mx-4 mb-3" />
      {isConflict && (
        <YamlConflict
          theirs={textOfFiles(draft.body.files)}
          mine={textOfFiles(files)}
          busy={busy}
          onClose={() => setError(null)}
          onTakeTheirs={() => {
            setWork(undefined)
            setError(null)
          }}
          onKeepMine={() => void save(draft.etag)}
        />
      )}
      {current === undefined ? (
        <Empty title="No files yet">Collectors get the files that are here, each under its name.</Empty>
      ) : (
        <Tabs
          label="Files"
          value={current}
          onChange={setChosen}
          tabs={names.map((name) => ({
            id: name,
            label: name === '' ? '(no name)' : name,
            content: (
              <OneFile
                key={name}
                name={name}
                text={files[name]!.body}
                canEdit={canEdit}
                onText={(body) => change({ ...files, [name]: { ...files[name]!, body } })}
                onRename={(to) => rename(name, to)}
                onDelete={() => change(Object.fromEntries(Object.entries(files).filter(([other]) => other !== name)))}
              />
            ),
          }))}
        />
      )}
    </Card>
  )
}

function OneFile({
  name,
  text,
  canEdit,
  onText,
  onRename,
  onDelete,
}: {
  name: string
  text: string
  canEdit: boolean
  onText: (text: string) => void
  onRename: (name: string) => void
  onDelete: () => void
}) {
  const [typed, setTyped] = useState(name)
  const { data } = useQuery({
    queryKey: ['yaml', text],
    queryFn: async () => (await import('./yaml-text.ts')).parseText(text).problems,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: (before) => before,
  })
  return (
    <div className="flex flex-col">
      {canEdit && (
        <div className="flex flex-wrap items-end gap-3 border-b border-line px-4 pb-3">
          <TextField
            label="Name of the file"
            className="w-72 max-w-full"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            onBlur={() => onRename(typed)}
          />
          <Button look="danger" icon={Trash2} onClick={onDelete}>
            Delete the file
          </Button>
        </div>
      )}
      <CodeEditor
        label={`Text of ${name}`}
        language="yaml"
        value={text}
        {...(canEdit && { onChange: onText })}
        {...(data !== undefined && { problems: data })}
      />
    </div>
  )
}

/** All files in one text, each under its name. */
function textOfFiles(files: Files): string {
  return Object.entries(files)
    .map(([name, { body }]) => `# ${name}\n${body}`)
    .join('\n')
}
