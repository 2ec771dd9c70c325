/** Which gateways are shown: all of it stands in the URL. */
import { useQuery } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { type Ref, useEffect, useRef, useState } from 'react'
import type { GatewayStateName } from '#contract/fleet.ts'
import { fleetSummaryQuery } from '#ui/api/queries.ts'
import { Button } from '#ui/kit/button.tsx'
import { SelectField, TextField } from '#ui/kit/field.tsx'
import { asSearch } from '#ui/kit/search.ts'
import { useShortcuts } from '#ui/kit/shortcuts.ts'
import { type FleetSearch, gatewayStateNames } from '#ui/screens/fleet/route.ts'

/** What one types is looked for when one pauses. */
const PAUSE_MS = 300

const words: Record<GatewayStateName, string> = {
  online: 'Online',
  offline: 'Offline',
  in_sync: 'In sync',
  drift: 'In drift',
  failed: 'Failed or rolled back',
  unhealthy: 'Unhealthy',
}

type Change = { [Name in keyof FleetSearch]?: FleetSearch[Name] | undefined }

export function Filters({ search, onChange }: { search: FleetSearch; onChange: (next: FleetSearch) => void }) {
  const { data } = useQuery(fleetSummaryQuery)
  const first = useRef<HTMLInputElement>(null)
  useShortcuts({ '/': () => first.current?.focus() })
  const { state, follows, label, text } = search
  const names = (data?.configurations.map(({ configuration }) => configuration) ?? []).sort()
  const isFiltered = [state, follows, label, text].some((value) => value !== undefined)
  const change = (next: Change) => onChange(asSearch({ ...search, ...next }))
  return (
    <search className="flex flex-wrap items-end gap-2" aria-label="Filter gateways">
      <Typed
        label="Text"
        placeholder="Name, host, version  ( / )"
        value={text}
        inputRef={first}
        onChange={(value) => change({ text: value })}
      />
      <Typed
        label="Label"
        placeholder="site or site=fra"
        value={label}
        onChange={(value) => change({ label: value })}
      />
      <SelectField
        label="State"
        hiddenLabel
        className="w-44"
        value={state ?? ''}
        options={[
          { value: '', label: 'All states' },
          ...gatewayStateNames.map((value) => ({ value, label: words[value] })),
        ]}
        onChange={({ target }) => change({ state: gatewayStateNames.find((name) => name === target.value) })}
      />
      <SelectField
        label="Follows"
        hiddenLabel
        className="w-48"
        value={follows ?? ''}
        options={[
          { value: '', label: 'All configurations' },
          ...[...new Set([...names, ...(follows === undefined ? [] : [follows])])].map((value) => ({
            value,
            label: `Follows ${value}`,
          })),
        ]}
        onChange={({ target }) => change({ follows: target.value || undefined })}
      />
      {isFiltered && (
        <Button look="quiet" icon={X} onClick={() => onChange({})}>
          Clear filters
        </Button>
      )}
    </search>
  )
}

function Typed({
  label,
  placeholder,
  value,
  inputRef,
  onChange,
}: {
  label: string
  placeholder: string
  value: string | undefined
  inputRef?: Ref<HTMLInputElement>
  onChange: (value: string | undefined) => void
}) {
  const [text, setText] = useState(value ?? '')
  const asked = useRef(value)
  useEffect(() => {
    // The URL changed by something else, such as a link or Back.
    if (value !== asked.current) setText(value ?? '')
    asked.current = value
  }, [value])
  const latest = useRef(onChange)
  latest.current = onChange
  useEffect(() => {
    const next = text.trim() || undefined
    if (next === asked.current) return
    const timer = setTimeout(() => {
      asked.current = next
      latest.current(next)
    }, PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <TextField
      label={label}
      hiddenLabel
      type="search"
      className="w-52 max-sm:w-full"
      placeholder={placeholder}
      value={text}
      {...(inputRef !== undefined && { ref: inputRef })}
      onChange={({ target }) => setText(target.value)}
    />
  )
}
