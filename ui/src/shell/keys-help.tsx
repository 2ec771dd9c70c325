/** All keys, and the switch for single letters. */
import { useState } from 'react'
import { Dialog } from '#ui/kit/dialog.tsx'
import { CheckField } from '#ui/kit/field.tsx'
import { setSingleKeys, singleKeysOn } from '#ui/kit/shortcuts.ts'
import { places } from '#ui/shell/places.ts'

const keys: [string, string][] = [
  ['Ctrl K', 'Go to a screen, or do something'],
  ['Ctrl Shift Enter', 'Publish'],
  ['Ctrl Enter', 'Run the preview, in the studio'],
  ['Ctrl S', 'Keep the draft, in editors'],
  ['/', 'Search'],
  ['j  k', 'Next and previous row of a table'],
  ['Enter', 'Open a row'],
  ['n  p', 'Next and previous changed record, in the studio'],
  ['Space', 'Start, pause and resume the tap'],
  ['Esc', 'Close what is on top'],
  ['?', 'This list'],
]

export function KeysHelp({ open, onClose }: { open: boolean; onClose: () => void }) {
  const [singles, setSingles] = useState(singleKeysOn)
  const goTo = places.flatMap(({ key, label }) => (key === undefined ? [] : [[`g ${key}`, label] as [string, string]]))
  return (
    <Dialog open={open} onClose={onClose} title="Keyboard shortcuts" description="On a Mac, Command instead of Ctrl.">
      <dl className="grid grid-cols-[max-content_1fr] gap-x-6 gap-y-1.5">
        {[...keys, ...goTo].map(([key, does]) => (
          <div key={key} className="contents">
            <dt>
              <kbd className="rounded border border-line bg-raised px-1.5 py-0.5 font-mono text-xs">{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <CheckField
        className="mt-4"
        label="Single letters do something"
        hint="Switch them off where speech input or a screen reader sends letters."
        checked={singles}
        onChange={(event) => {
          setSingleKeys(event.target.checked)
          setSingles(event.target.checked)
        }}
      />
    </Dialog>
  )
}
