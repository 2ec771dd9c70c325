/** Fields for what has parts: lists, names with values, objects, one of several shapes. */
import { Plus, X } from 'lucide-react'
import { useContext, useEffect, useRef, useState } from 'react'
import { ControlField, type ControlFieldProps } from '#ui/forms/control-field.tsx'
import { below, FormContext, useComplaint } from '#ui/forms/form-context.ts'
import { Disclosure, GroupFields } from '#ui/forms/group-fields.tsx'
import { branchOf, type Control, type Entry, emptyOf, isObject, labelOf, type Scalar } from '#ui/forms/schema.ts'
import { Button, IconButton } from '#ui/kit/button.tsx'
import { CheckField, inputLook } from '#ui/kit/field.tsx'

type Compound = Extract<Control, { kind: 'list' | 'map' | 'group' | 'choice' }>
type Of<Kind extends Control['kind']> = ControlFieldProps & { control: Extract<Control, { kind: Kind }> }

export function CompoundField({ control, ...props }: ControlFieldProps & { control: Compound }) {
  switch (control.kind) {
    case 'list':
      return control.item.kind === 'options' ? (
        <ChecksField {...props} control={control} />
      ) : (
        <ListField {...props} control={control} />
      )
    case 'map':
      return <MapField {...props} control={control} />
    case 'group':
      return <GroupField {...props} control={control} />
    case 'choice':
      return <ChoiceField {...props} control={control} />
  }
}

/** Several of a few. */
function ChecksField({ entry, control, value, onChange, pointer, label }: Of<'list'>) {
  const { disabled } = useContext(FormContext)
  const values = control.item.kind === 'options' ? control.item.values : []
  const chosen = Array.isArray(value) ? (value as Scalar[]) : []
  const toggle = (one: Scalar) => {
    const next = chosen.includes(one) ? chosen.filter((other) => other !== one) : [...chosen, one]
    onChange(next.length === 0 ? undefined : next)
  }
  return (
    <Box entry={entry} pointer={pointer} {...(label !== undefined && { label })}>
      <div className="flex flex-wrap gap-x-5 gap-y-2">
        {[...new Set([...values, ...chosen])].map((one) => (
          <CheckField
            key={String(one)}
            label={String(one)}
            disabled={disabled}
            checked={chosen.includes(one)}
            onChange={() => toggle(one)}
          />
        ))}
      </div>
    </Box>
  )
}

function ListField({ entry, control, value, onChange, pointer, label }: Of<'list'>) {
  const { disabled } = useContext(FormContext)
  const items = Array.isArray(value) ? (value as unknown[]) : []
  const box = useRef<HTMLFieldSetElement>(null)
  const [added, setAdded] = useState(-1)
  const isSimple = control.item.kind !== 'group' && control.item.kind !== 'choice' && control.item.kind !== 'list'
  useEffect(() => {
    if (added >= 0) box.current?.querySelector<HTMLElement>(`[data-item="${added}"] :is(input, select)`)?.focus()
  }, [added])
  const add = () => {
    setAdded(items.length)
    onChange([...items, emptyOf(control.item)])
  }
  const remove = (index: number) => {
    setAdded(-1)
    const rest = items.toSpliced(index, 1)
    onChange(rest.length === 0 && !entry.required ? undefined : rest)
  }
  const name = label ?? labelOf(entry)
  return (
    <Box entry={entry} pointer={pointer} ref={box} label={name}>
      {items.map((item, index) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: items have no names, and each is shown as its value says.
          key={index}
          data-item={index}
          className={isSimple ? 'flex items-start gap-1' : 'flex items-start gap-1 rounded-md border border-line p-3'}
        >
          <div className="min-w-0 flex-1">
            <ControlField
              entry={{ ...itemEntry(entry, control.item), required: isSimple ? false : entry.required }}
              label={`${name} ${index + 1}`}
              hiddenLabel={isSimple}
              value={item}
              // An item that was emptied is still one.
              onChange={(next) => onChange(items.with(index, next ?? emptyOf(control.item)))}
              pointer={below(pointer, index)}
              onKeyDown={(event) => {
                if (event.key !== 'Enter' || event.nativeEvent.isComposing) return
                event.preventDefault()
                add()
              }}
            />
          </div>
          {!disabled && <IconButton label={`Remove ${name} ${index + 1}`} icon={X} onClick={() => remove(index)} />}
        </div>
      ))}
      {items.length === 0 && <Fallback value={entry.fallback} />}
      {!disabled && (
        <Button icon={Plus} onClick={add} className="self-start" aria-label={`Add to ${name}`}>
          Add
        </Button>
      )}
    </Box>
  )
}

interface Row {
  name: string
  value: unknown
}

function MapField({ entry, control, value, onChange, pointer, label }: Of<'map'>) {
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

/** Objects that may be left out are closed until they are wanted. */
function GroupField({ entry, control, value, onChange, pointer, label }: Of<'group'>) {
  const { problems } = useContext(FormContext)
  const object = isObject(value) ? value : {}
  const set = Object.keys(object).length
  const isWrong = problems.some((one) => one.pointer === pointer || one.pointer.startsWith(`${pointer}/`))
  const complaint = useComplaint(pointer)
  const change = (next: Record<string, unknown>) =>
    onChange(Object.keys(next).length === 0 && !entry.required ? undefined : next)
  return (
    <Disclosure
      title={label ?? labelOf(entry)}
      note={set === 0 ? (entry.required ? 'required' : 'not set') : `${set} set`}
      forced={isWrong || (entry.required && set === 0)}
    >
      {entry.hint !== '' && <p className="-mb-2 text-xs text-muted">{entry.hint}</p>}
      {complaint !== undefined && <p className="-mb-2 text-xs text-bad">{complaint}</p>}
      <GroupFields entries={control.entries} value={object} onChange={change} pointer={pointer} />
    </Disclosure>
  )
}

function ChoiceField({ entry, control, value, onChange, pointer, label, hiddenLabel = false }: Of<'choice'>) {
  const { disabled } = useContext(FormContext)
  const [chosen, setChosen] = useState(() => branchOf(control.branches, value))
  const fitting = branchOf(control.branches, value)
  const at = value === undefined ? -1 : chosen === -1 ? fitting : chosen
  const branch = control.branches[at]
  const choose = (next: number) => {
    setChosen(next)
    onChange(next === -1 ? undefined : emptyOf(control.branches[next]!.control))
  }
  const name = label ?? labelOf(entry)
  return (
    <Box entry={hiddenLabel ? { ...entry, hint: '' } : entry} pointer={pointer} label={name}>
      <select
        aria-label={`What ${name} is`}
        disabled={disabled}
        value={String(at)}
        onChange={(event) => choose(Number(event.target.value))}
        className={`${inputLook} max-w-64`}
      >
        <option value="-1">{entry.required ? 'Choose…' : 'By default'}</option>
        {control.branches.map((one, index) => (
          <option key={one.label} value={String(index)}>
            {one.label}
          </option>
        ))}
      </select>
      {branch !== undefined && (
        <ControlField
          entry={{ ...itemEntry(entry, branch.control), required: true }}
          label={name}
          hiddenLabel
          value={value}
          onChange={(next) => onChange(next ?? emptyOf(branch.control))}
          pointer={pointer}
        />
      )}
    </Box>
  )
}

function Box({
  entry,
  pointer,
  label = labelOf(entry),
  ref,
  children,
}: {
  entry: Entry
  pointer: string
  label?: string
  ref?: React.Ref<HTMLFieldSetElement>
  children: React.ReactNode
}) {
  const complaint = useComplaint(pointer)
  return (
    <fieldset ref={ref} className="flex min-w-0 flex-col gap-1.5">
      <legend className="mb-1 text-sm font-medium">
        {label} {entry.required && <span className="font-normal text-muted">(required)</span>}
      </legend>
      {entry.hint !== '' && <p className="-mt-1.5 text-xs text-muted">{entry.hint}</p>}
      {complaint !== undefined && <p className="text-xs text-bad">{complaint}</p>}
      {children}
    </fieldset>
  )
}

/** What holds while the list is empty. */
function Fallback({ value }: { value: unknown }) {
  if (!Array.isArray(value) || value.length === 0) return null
  return <p className="text-xs text-muted">By default: {value.map(String).join(', ')}</p>
}

function itemEntry({ hint: _, ...entry }: Entry, control: Control): Entry {
  return { ...entry, control, hint: '', fallback: undefined }
}

function rowsOf(value: unknown): Row[] {
  return isObject(value) ? Object.entries(value).map(([name, item]) => ({ name, value: item })) : []
}
