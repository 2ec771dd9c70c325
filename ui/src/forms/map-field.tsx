/** Values by name, such as headers. Two rows may have one name while it is typed, so rows are kept here. */
import { Plus, X } from 'lucide-react'
import { useContext, useEffect, useRef, useState } from 'react'
import { Box, Fallback, itemEntry } from '#ui/forms/box.tsx'
import { ControlField, type ControlFieldProps } from '#ui/forms/control-field.tsx'
import { below, FormContext } from '#ui/forms/form-context.ts'
import { type Control, emptyOf, isObject, labelOf } from '#ui/forms/schema.ts'
import { Button, IconButton } from '#ui/kit/button.tsx'
import { inputLook } from '#ui/kit/field.tsx'

interface Row {
  name: string
  value: unknown
}

export function MapField({
  entry,
  control,
  value,
  onChange,
  pointer,
  label,
}: ControlFieldProps & { control: Extract<Control, { kind: 'map' }> }) {
  const { disabled } = useContext(FormContext)
  const [rows, setRows] = useState<Row[]>(() => rowsOf(value))
  const told = useRef(JSON.stringify(value))
  const box = useRef<HTMLFieldSetElement>(null)
  const name = label ?? labelOf(entry)
  useEffect(() => {
    // Changed from elsewhere: names that are being typed are only here.
    if (JSON.stringify(value) === told.current) return
    told.current = JSON.stringify(value)
    setRows(rowsOf(value))
  }, [value])
  const change = (next: Row[]) => {
    setRows(next)
    const named = next.filter((row) => row.name !== '')
    const result =
      named.length === 0 && !entry.required ? undefined : Object.fromEntries(named.map((row) => [row.name, row.value]))
    told.current = JSON.stringify(result)
    onChange(result)
  }
  const isTwice = (row: Row) => row.name !== '' && rows.filter((other) => other.name === row.name).length > 1
  return (
    <Box entry={entry} pointer={pointer} label={name} ref={box}>
      {rows.map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: names change while they are typed.
        <div key={index} className="flex flex-wrap items-start gap-1">
          <div className="w-44">
            <input
              aria-label={`Name ${index + 1} of ${name}`}
              aria-invalid={isTwice(row) || undefined}
              value={row.name}
              placeholder="Name"
              autoComplete="off"
              spellCheck={false}
              disabled={disabled}
              onChange={(event) => change(rows.with(index, { ...row, name: event.target.value }))}
              className={inputLook}
            />
            {isTwice(row) && <p className="text-xs text-bad">this name is there twice</p>}
          </div>
          <div className="min-w-40 flex-1">
            <ControlField
              entry={itemEntry(entry, control.item)}
              label={`Value of ${row.name === '' ? `name ${index + 1}` : row.name}`}
              hiddenLabel
              value={row.value}
              onChange={(next) => change(rows.with(index, { ...row, value: next ?? emptyOf(control.item) }))}
              pointer={below(pointer, row.name)}
            />
          </div>
          {!disabled && (
            <IconButton
              label={`Remove ${row.name === '' ? `name ${index + 1}` : row.name}`}
              icon={X}
              onClick={() => change(rows.toSpliced(index, 1))}
            />
          )}
        </div>
      ))}
      {rows.length === 0 && <Fallback value={entry.fallback} />}
      {!disabled && (
        <Button
          icon={Plus}
          aria-label={`Add to ${name}`}
          className="self-start"
          onClick={() => setRows([...rows, { name: '', value: emptyOf(control.item) }])}
        >
          Add
        </Button>
      )}
    </Box>
  )
}

function rowsOf(value: unknown): Row[] {
  return isObject(value) ? Object.entries(value).map(([name, item]) => ({ name, value: item })) : []
}
