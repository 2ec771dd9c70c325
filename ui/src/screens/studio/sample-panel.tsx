/** Where samples come from: typed or pasted, a file, the live tap, or sets that are there. */
import { Eraser, FileUp, ListTree, Radio, Square } from 'lucide-react'
import { type DragEvent, useRef, useState } from 'react'
import { Button, IconButton } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { cx } from '#ui/kit/cx.ts'
import { inputLook, SelectField } from '#ui/kit/field.tsx'
import { exact } from '#ui/kit/format.ts'
import { Menu } from '#ui/kit/menu.tsx'
import { Needs } from '#ui/kit/needs.tsx'
import { ProblemNote } from '#ui/kit/states.tsx'
import type { LikeKind } from '#ui/screens/studio/like-dialog.tsx'
import { sampleSets } from '#ui/screens/studio/sample-sets.ts'
import { SAMPLE_CHARACTERS_MAX, SAMPLE_RECORDS_MAX, type Samples, type Splitting } from '#ui/screens/studio/samples.ts'
import { SelectionBar } from '#ui/screens/studio/selection-bar.tsx'
import type { BenchControl } from '#ui/screens/studio/use-bench.ts'
import type { SampleSources } from '#ui/screens/studio/use-sample-sources.ts'
import { TAKEN_RECORDS } from '#ui/screens/studio/use-tap-taker.ts'

export function SamplePanel({
  control,
  sources,
  samples,
  selection,
  onSelect,
  onLike,
}: {
  control: BenchControl
  sources: SampleSources
  samples: Samples
  selection: string
  onSelect: (text: string, at?: { x: number; y: number }) => void
  onLike: (kind: LikeKind) => void
}) {
  const { bench, setText, setSplitting } = control
  const { replace, readFile, mayTap, taken } = sources
  const dropping = useDropping(readFile)
  const area = useRef<HTMLTextAreaElement>(null)
  const tellSelection = (at?: { x: number; y: number }) => {
    const { value, selectionStart, selectionEnd } = area.current!
    onSelect(value.slice(selectionStart, selectionEnd), at)
  }
  return (
    <Card
      title="Samples"
      hint="It runs in this page: nothing you paste leaves it."
      className={cx(dropping.isOver && 'outline-2 outline-accent')}
      actions={
        <>
          <Menu
            trigger={
              <Button icon={ListTree} look="quiet">
                Examples
              </Button>
            }
            items={sampleSets.map((set) => ({ label: set.label, run: () => sources.takeSet(set) }))}
          />
          <FileButton onFile={readFile} />
          {taken === undefined ? (
            <Button
              icon={Radio}
              look="quiet"
              disabled={!mayTap}
              title={mayTap ? undefined : 'Needs the permission tap'}
              onClick={sources.takeFromTap}
            >
              From the tap
            </Button>
          ) : (
            <Button icon={Square} onClick={sources.stopTap}>
              Stop: {taken} of {TAKEN_RECORDS}
            </Button>
          )}
        </>
      }
    >
      <div {...dropping.handlers} className="flex flex-col gap-2">
        <textarea
          ref={area}
          aria-label="Samples"
          spellCheck={false}
          wrap="off"
          className={cx(
            inputLook,
            'h-52 resize-y min-[110rem]:h-[34rem] overflow-auto font-mono text-xs leading-5 whitespace-pre',
          )}
          placeholder="Paste log lines here, or drop a file."
          value={bench.text}
          onChange={(event) => setText(event.target.value)}
          onPaste={(event) => {
            const pasted = event.clipboardData.getData('text/plain')
            if (pasted.length < LARGE_PASTE) return
            event.preventDefault()
            const { value, selectionStart, selectionEnd } = event.currentTarget
            const text = value.slice(0, selectionStart) + pasted + value.slice(selectionEnd)
            replace(text, bench.splitting, bench.isRaw)
          }}
          onSelect={() => tellSelection()}
          onMouseUp={(event) => tellSelection({ x: event.clientX, y: event.clientY })}
        />
        <SelectionBar selection={selection} onLike={onLike} />
        <div className="flex flex-wrap items-center justify-between gap-2">
          <SelectField
            label="Records"
            hiddenLabel
            className="w-56"
            value={bench.splitting}
            onChange={(event) => setSplitting(event.target.value as Splitting)}
            options={[
              { value: 'lines', label: 'Each line is a record' },
              { value: 'indented', label: 'Stack traces belong to their line' },
            ]}
          />
          <p className="text-xs text-muted">{exact(samples.records.length)} records</p>
          <IconButton
            label="Clear the samples"
            icon={Eraser}
            disabled={bench.text === ''}
            onClick={() => replace('')}
          />
        </div>
        {bench.isRaw === true && (
          <p className="rounded-md bg-warn-soft px-3 py-1.5 text-sm text-warn">
            These are unredacted records: they are not kept over a reload.
          </p>
        )}
        <Limits cut={control.cut} left={samples.left} />
        <Needs permission="tap" to="take records from the tap" />
        <ProblemNote error={sources.error} />
      </div>
    </Card>
  )
}

/** Browsers take many seconds to insert thousands of lines into a text area; as its new value they are there at once. */
const LARGE_PASTE = 20_000

function Limits({ cut, left }: { cut: number; left: number }) {
  if (cut === 0 && left === 0) return null
  return (
    <p role="status" className="rounded-md bg-warn-soft px-3 py-1.5 text-sm text-warn">
      {cut > 0 &&
        `Samples have ${exact(SAMPLE_CHARACTERS_MAX)} characters at most: the last ${exact(cut)} were cut off. `}
      {left > 0 && `The first ${exact(SAMPLE_RECORDS_MAX)} records are tried; ${exact(left)} are not.`}
    </p>
  )
}

function FileButton({ onFile }: { onFile: (file: File) => void }) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <Button icon={FileUp} look="quiet" onClick={() => input.current?.click()}>
        Open a file
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        aria-label="File with samples"
        onChange={(event) => {
          const file = event.target.files?.[0]
          if (file !== undefined) onFile(file)
          event.target.value = ''
        }}
      />
    </>
  )
}

function useDropping(onFile: (file: File) => void) {
  const [isOver, setOver] = useState(false)
  const hasFiles = (event: DragEvent) => event.dataTransfer.types.includes('Files')
  return {
    isOver,
    handlers: {
      onDragOver: (event: DragEvent) => {
        if (!hasFiles(event)) return
        event.preventDefault()
        setOver(true)
      },
      onDragLeave: () => setOver(false),
      onDrop: (event: DragEvent) => {
        setOver(false)
        const file = event.dataTransfer.files[0]
        if (file === undefined) return
        event.preventDefault()
        onFile(file)
      },
    },
  }
}
