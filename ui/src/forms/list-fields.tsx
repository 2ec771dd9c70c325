/** Lists: boxes for several of a few, rows for all else. */
import { ArrowUp, Plus, X } from 'lucide-react'
import { useContext, useEffect, useRef, useState } from 'react'
import { Box, Fallback, itemEntry } from '#ui/forms/box.tsx'
import { ControlField, type ControlFieldProps } from '#ui/forms/control-field.tsx'
import { below, FormContext } from '#ui/forms/form-context.ts'
import { type Control, emptyOf, labelOf, type Scalar } from '#ui/forms/schema.ts'
import { Button, IconButton } from '#ui/kit/button.tsx'
import { CheckField } from '#ui/kit/field.tsx'

type Props = ControlFieldProps & { control: Extract<Control, { kind: 'list' }> }

/** Several of a few. */
export function ChecksField({ entry, control, value, onChange, pointer, label }: Props) {
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

export function ListField({ entry, control, value, onChange, pointer, label }: Props) {
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
              hiddenLabel
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
          {!disabled && !isSimple && index > 0 && (
            <IconButton
              label={`Move ${name} ${index + 1} up`}
              icon={ArrowUp}
              onClick={() => onChange(items.toSpliced(index, 1).toSpliced(index - 1, 0, item))}
            />
          )}
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
