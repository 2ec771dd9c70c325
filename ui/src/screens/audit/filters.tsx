/** What of the log is shown; it stands in the URL. */
import { useNavigate } from '@tanstack/react-router'
import { Button } from '#ui/kit/button.tsx'
import { SelectField, TextField } from '#ui/kit/field.tsx'
import { oneOf } from '#ui/kit/search.ts'
import { rangeNames, rangeWords } from '#ui/kit/time-span.ts'
import { auditRoute } from '#ui/screens/audit/route.ts'

const texts = [
  { name: 'actor', label: 'Who', hint: 'ada@example.com, key:ci' },
  { name: 'action', label: 'What begins with', hint: 'version., user.' },
  { name: 'object', label: 'On what begins with', hint: 'configurations/default' },
] as const

export function Filters() {
  const search = auditRoute.useSearch()
  const navigate = useNavigate({ from: auditRoute.fullPath })
  const set = (name: string, value: string | undefined) =>
    void navigate({ search: (before) => ({ ...before, [name]: value === '' ? undefined : value }), replace: true })
  const isFiltered = texts.some(({ name }) => search[name] !== undefined) || search.range !== undefined
  return (
    <search className="flex flex-wrap items-end gap-3 border-b border-line px-4 py-3">
      {texts.map(({ name, label, hint }, index) => (
        <TextField
          key={name}
          label={label}
          placeholder={hint}
          value={search[name] ?? ''}
          onChange={(event) => set(name, event.target.value)}
          className="w-52"
          {...(index === 0 && { 'data-search': true })}
        />
      ))}
      <SelectField
        label="When"
        value={search.range ?? ''}
        onChange={(event) => set('range', oneOf({ range: event.target.value }, 'range', rangeNames))}
        options={[
          { value: '', label: 'All there is' },
          ...rangeNames.map((value) => ({ value, label: rangeWords[value] })),
        ]}
        className="w-44"
      />
      {isFiltered && (
        <Button
          look="quiet"
          onClick={() =>
            void navigate({
              search: ({ configuration }) => ({ ...(configuration !== undefined && { configuration }) }),
              replace: true,
            })
          }
        >
          Clear
        </Button>
      )}
    </search>
  )
}
