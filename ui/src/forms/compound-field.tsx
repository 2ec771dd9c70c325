/** Fields for what has parts: lists, names with values, objects, one of several shapes. */
import { useContext, useState } from 'react'
import { Box, itemEntry } from '#ui/forms/box.tsx'
import { ControlField, type ControlFieldProps } from '#ui/forms/control-field.tsx'
import { FormContext, useComplaint } from '#ui/forms/form-context.ts'
import { Disclosure, GroupFields } from '#ui/forms/group-fields.tsx'
import { ChecksField, ListField } from '#ui/forms/list-fields.tsx'
import { MapField } from '#ui/forms/map-field.tsx'
import { branchOf, type Control, emptyOf, isObject, labelOf } from '#ui/forms/schema.ts'
import { inputLook } from '#ui/kit/field.tsx'

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

/** Objects that may be left out are closed until they are wanted; items of a list, and what was chosen, are open. */
function GroupField({ entry, control, value, onChange, pointer, label, hiddenLabel = false }: Of<'group'>) {
  const { problems } = useContext(FormContext)
  const object = isObject(value) ? value : {}
  const set = Object.keys(object).length
  const isWrong = problems.some((one) => one.pointer === pointer || one.pointer.startsWith(`${pointer}/`))
  const complaint = useComplaint(pointer)
  const change = (next: Record<string, unknown>) =>
    onChange(Object.keys(next).length === 0 && !entry.required ? undefined : next)
  if (hiddenLabel)
    return (
      <fieldset className="min-w-0">
        <legend className="sr-only">{label ?? labelOf(entry)}</legend>
        {complaint !== undefined && <p className="pb-2 text-xs text-bad">{complaint}</p>}
        <GroupFields entries={control.entries} value={object} onChange={(next) => onChange(next)} pointer={pointer} />
      </fieldset>
    )
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
      {branch !== undefined && branch.control.kind !== 'constant' && (
        <div className={branch.control.kind === 'group' ? 'rounded-md border border-line p-3' : undefined}>
          <ControlField
            entry={{ ...itemEntry(entry, branch.control), required: true }}
            label={name}
            hiddenLabel
            value={value}
            onChange={(next) => onChange(next ?? emptyOf(branch.control))}
            pointer={pointer}
          />
        </div>
      )}
    </Box>
  )
}
