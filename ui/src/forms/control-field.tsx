/** One key of an object as the control that fits it. */
import { CompoundField } from '#ui/forms/compound-field.tsx'
import { JsonField } from '#ui/forms/json-field.tsx'
import { ScalarField } from '#ui/forms/scalar-field.tsx'
import { type Entry, labelOf } from '#ui/forms/schema.ts'
import { SecretField } from '#ui/forms/secret-field.tsx'
import { FlagField, NumberField, OptionsField, TextInput } from '#ui/forms/simple-fields.tsx'

export interface ControlFieldProps {
  entry: Entry
  value: unknown
  /** `undefined`: it is left out. */
  onChange: (value: unknown) => void
  pointer: string
  /** Items of a list have no label that is seen. */
  hiddenLabel?: boolean
  /** Instead of the words of the key. */
  label?: string
  onKeyDown?: (event: React.KeyboardEvent) => void
}

export function ControlField(props: ControlFieldProps) {
  const { entry, value, onChange, pointer } = props
  const { control } = entry
  switch (control.kind) {
    case 'text':
      return <TextInput {...props} control={control} />
    case 'number':
      return <NumberField {...props} control={control} />
    case 'flag':
      return <FlagField {...props} />
    case 'options':
      return <OptionsField {...props} control={control} />
    case 'scalar':
      return <ScalarField {...props} />
    case 'secret':
      return <SecretField {...props} />
    case 'json':
      return (
        <JsonField
          label={props.label ?? labelOf(entry)}
          hint={entry.hint}
          value={value}
          onChange={onChange}
          pointer={pointer}
        />
      )
    case 'constant':
      return null
    default:
      return <CompoundField {...props} control={control} />
  }
}
