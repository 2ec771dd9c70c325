/** Type to go anywhere or do something: screens, configurations, and what screens offer while they are open. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Dialog as Radix } from 'radix-ui'
import { type KeyboardEvent, useId, useRef, useState } from 'react'
import { configurationsQuery, useMe } from '#ui/api/queries.ts'
import { cx } from '#ui/kit/cx.ts'
import { setTheme } from '#ui/kit/theme.ts'
import { type Action, matching } from '#ui/shell/actions.ts'
import { places } from '#ui/shell/places.ts'
import { useActions } from '#ui/shell/use-actions.ts'

const SHOWN_MAX = 50

export function Palette({ open, onClose }: { open: boolean; onClose: () => void }) {
  const hasRun = useRef(false)
  // What was done may have led elsewhere: where the palette was opened is then no place to go back to.
  const leave = (event: Event) => {
    if (!hasRun.current) return
    hasRun.current = false
    event.preventDefault()
    if (document.activeElement === document.body) document.getElementById('main')?.focus({ preventScroll: true })
  }
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/50" />
        <Radix.Content
          aria-describedby={undefined}
          onCloseAutoFocus={leave}
          className="fixed top-[12vh] left-1/2 z-50 w-[calc(100vw-2rem)] max-w-xl -translate-x-1/2 overflow-hidden rounded-lg border border-line bg-panel shadow-2xl"
        >
          <Radix.Title className="sr-only">Go to or do</Radix.Title>
          <Chooser
            onClose={onClose}
            onRun={() => {
              hasRun.current = true
            }}
          />
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

/** An editable combobox with a listbox, by the ARIA authoring practices: the focus stays in the field. */
function Chooser({ onClose, onRun }: { onClose: () => void; onRun: () => void }) {
  const id = useId()
  const [text, setText] = useState('')
  const [active, setActive] = useState(0)
  const shown = matching(useAllActions(), text).slice(0, SHOWN_MAX)
  const run = (action: Action | undefined) => {
    if (action === undefined) return
    onRun()
    onClose()
    action.run()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setActive((active + 1) % Math.max(1, shown.length))
    else if (event.key === 'ArrowUp') setActive((active + shown.length - 1) % Math.max(1, shown.length))
    else if (event.key === 'Enter') run(shown[active])
    else return
    event.preventDefault()
  }
  return (
    <>
      <input
        role="combobox"
        aria-label="Go to or do"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={shown[active] === undefined ? undefined : `${id}-${active}`}
        autoComplete="off"
        placeholder="Go to or do…"
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setActive(0)
        }}
        onKeyDown={onKeyDown}
        className="w-full border-b border-line bg-transparent px-4 py-3 text-base focus-visible:outline-none"
      />
      <div id={`${id}-list`} role="listbox" aria-label="What there is" className="max-h-[50vh] overflow-y-auto p-1">
        {shown.map((action, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys
          <div
            key={action.id}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === active}
            ref={(element) => {
              if (index === active) element?.scrollIntoView({ block: 'nearest' })
            }}
            onClick={() => run(action)}
            onPointerMove={() => setActive(index)}
            className={cx(
              'flex cursor-pointer items-center justify-between gap-3 rounded px-3 py-2',
              index === active && 'bg-raised',
            )}
          >
            <span>{action.label}</span>
            {action.keys !== undefined && <kbd className="font-mono text-xs text-muted">{action.keys}</kbd>}
          </div>
        ))}
      </div>
      <p role="status" className={shown.length === 0 ? 'px-4 pb-4 text-muted' : 'sr-only'}>
        {shown.length === 0 ? 'Nothing is called that' : `${shown.length} found`}
      </p>
    </>
  )
}

/** As the screen of rules calls it, which offers it itself. */
const ADD_RULE = 'Add a rule'

function useAllActions(): Action[] {
  const navigate = useNavigate()
  const { permissions } = useMe()
  const { data } = useQuery(configurationsQuery)
  const offered = useActions()
  return [
    ...offered,
    ...places
      .filter(({ permission }) => permissions.includes(permission))
      .map(({ to, label, key }) => ({
        id: `go ${to}`,
        label: `Go to ${label}`,
        ...(key !== undefined && { keys: `g ${key}` }),
        run: () => void navigate({ to }),
      })),
    ...(permissions.includes('edit') && !offered.some(({ label }) => label === ADD_RULE)
      ? [
          {
            id: 'add rule',
            label: ADD_RULE,
            also: 'drop redact sample filter mask deduplicate new',
            run: () => void navigate({ to: '/rules', search: { add: true } }),
          },
        ]
      : []),
    { id: 'go account', label: 'Go to your account', run: () => void navigate({ to: '/account' }) },
    ...(data?.items ?? []).map(({ name }) => ({
      id: `configuration ${name}`,
      label: `Look at configuration ${name}`,
      run: () => void navigate({ to: '.', search: (search) => ({ ...search, configuration: name }) }),
    })),
    { id: 'dark', label: 'Switch to the dark theme', run: () => setTheme('dark') },
    { id: 'light', label: 'Switch to the light theme', run: () => setTheme('light') },
    { id: 'system', label: 'Follow the theme of the system', run: () => setTheme('system') },
  ]
}
