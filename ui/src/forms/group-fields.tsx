/** The fields of one object: what is asked for or set at first, the rest behind a line that says how many there are. */
import { ChevronRight } from 'lucide-react'
import { type ReactNode, useContext, useState } from 'react'
import { ControlField } from '#ui/forms/control-field.tsx'
import { below, FormContext } from '#ui/forms/form-context.ts'
import { JsonField } from '#ui/forms/json-field.tsx'
import { type Entry, fits, unknownKeys } from '#ui/forms/schema.ts'

/** An object with at most so many options shows them all. */
const SHOWN_AT_FIRST = 8

interface GroupFieldsProps {
  entries: readonly Entry[]
  value: Record<string, unknown>
  onChange: (value: Record<string, unknown>) => void
  pointer: string
  omit?: readonly string[]
}

export function GroupFields({ entries, value, onChange, pointer, omit = [] }: GroupFieldsProps) {
  const { problems } = useContext(FormContext)
  // Chosen once: a field that moves while one types in it would lose the focus.
  const [first] = useState(() => firstKeys(entries, value))
  const [foreign] = useState(() => unknownKeys(entries, value).filter((key) => !omit.includes(key)))
  const isWrong = (key: string) =>
    problems.some((one) => one.pointer === below(pointer, key) || one.pointer.startsWith(`${below(pointer, key)}/`))
  const set = (key: string, next: unknown) => onChange(withKey(value, key, next))
  const fieldOf = (entry: Entry) =>
    fits(entry.control, value[entry.key]) ? (
      <ControlField
        key={entry.key}
        entry={entry}
        value={value[entry.key]}
        onChange={(next) => set(entry.key, next)}
        pointer={below(pointer, entry.key)}
      />
    ) : (
      <JsonField
        key={entry.key}
        label={entry.key}
        hint={`${entry.hint} It is not as the form would have it, so it is shown as JSON.`}
        value={value[entry.key]}
        onChange={(next) => set(entry.key, next)}
        pointer={below(pointer, entry.key)}
      />
    )
  const more = entries.filter(({ key }) => !first.has(key))
  return (
    <div className="flex flex-col gap-4">
      {entries.filter(({ key }) => first.has(key)).map(fieldOf)}
      {more.length > 0 && (
        <Disclosure title={`${more.length} more options`} forced={more.some(({ key }) => isWrong(key))}>
          {more.map(fieldOf)}
        </Disclosure>
      )}
      {foreign.map((key) => (
        <JsonField
          key={key}
          label={key}
          hint="The schema does not know this key. It is kept as it is."
          value={value[key]}
          onChange={(next) => set(key, next)}
          pointer={below(pointer, key)}
        />
      ))}
    </div>
  )
}

/** Closed until somebody opens it, or something in it is wrong. */
export function Disclosure({
  title,
  note,
  forced = false,
  children,
}: {
  title: ReactNode
  note?: ReactNode
  forced?: boolean
  children: ReactNode
}) {
  const [wanted, setWanted] = useState(false)
  const open = wanted || forced
  return (
    <div className="rounded-md border border-line">
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setWanted(!open)}
        className="flex min-h-8 w-full items-center gap-1.5 rounded-md px-2.5 py-1 text-left text-sm font-medium hover:bg-raised"
      >
        <ChevronRight aria-hidden className={open ? 'size-4 shrink-0 rotate-90' : 'size-4 shrink-0'} />
        <span className="min-w-0 flex-1">{title}</span>
        {note !== undefined && <span className="text-xs font-normal text-muted">{note}</span>}
      </button>
      {open && <div className="flex flex-col gap-4 border-t border-line p-3">{children}</div>}
    </div>
  )
}

/** Without the key where there is nothing to say. */
function withKey(value: Record<string, unknown>, key: string, next: unknown): Record<string, unknown> {
  if (next !== undefined) return { ...value, [key]: next }
  const { [key]: _, ...rest } = value
  return rest
}

function firstKeys(entries: readonly Entry[], value: Record<string, unknown>): ReadonlySet<string> {
  if (entries.length <= SHOWN_AT_FIRST) return new Set(entries.map(({ key }) => key))
  const wanted = entries.filter(({ key, required }) => required || value[key] !== undefined)
  const simple = entries.filter(({ control: { kind } }) => kind !== 'group' && kind !== 'choice')
  return new Set([...wanted, ...simple.slice(0, Math.max(0, 4 - wanted.length))].map(({ key }) => key))
}
