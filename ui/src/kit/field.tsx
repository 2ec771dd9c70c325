/** Form fields: a label, what it is for, what is wrong with it. */
import {
  type InputHTMLAttributes,
  type ReactNode,
  type Ref,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from 'react'
import { cx } from '#ui/kit/cx.ts'

export const inputLook =
  'w-full min-h-8 rounded-md border border-edge bg-panel px-2.5 py-1 text-sm text-ink placeholder:text-muted ' +
  'aria-invalid:border-bad disabled:opacity-55'

export interface FieldProps {
  label: ReactNode
  hint?: ReactNode
  error?: string | undefined
  /** The label is there, but not seen. */
  hiddenLabel?: boolean
  className?: string
  children: (parts: {
    id: string
    'aria-describedby': string | undefined
    'aria-invalid': true | undefined
  }) => ReactNode
}

/** Ties label, hint and error to the control that `children` makes. */
export function Field({ label, hint, error, hiddenLabel = false, className, children }: FieldProps) {
  const id = useId()
  const described = hint !== undefined || error !== undefined ? `${id}-note` : undefined
  return (
    <div className={cx('flex min-w-0 flex-col gap-1', className)}>
      <label htmlFor={id} className={hiddenLabel ? 'sr-only' : 'text-sm font-medium'}>
        {label}
      </label>
      {children({ id, 'aria-describedby': described, 'aria-invalid': error === undefined ? undefined : true })}
      {described !== undefined && (
        <div id={described} className="text-xs">
          {error !== undefined && <p className="text-bad">{error}</p>}
          {hint !== undefined && <div className="text-muted">{hint}</div>}
        </div>
      )}
    </div>
  )
}

type Labelled = Omit<FieldProps, 'children'>

export function TextField({
  label,
  hint,
  error,
  hiddenLabel,
  className,
  ref,
  ...rest
}: Labelled & InputHTMLAttributes<HTMLInputElement> & { ref?: Ref<HTMLInputElement> }) {
  return (
    <Field {...given({ label, hint, error, hiddenLabel, className })}>
      {(parts) => <input ref={ref} type="text" autoComplete="off" {...rest} {...parts} className={inputLook} />}
    </Field>
  )
}

/** A whole number that must be given; `NaN` while there is none. */
export function NumberField({
  value,
  onNumber,
  ...rest
}: Labelled &
  Pick<InputHTMLAttributes<HTMLInputElement>, 'min' | 'max' | 'disabled'> & {
    value: number
    onNumber: (value: number) => void
  }) {
  return (
    <TextField
      type="number"
      step={1}
      required
      value={Number.isFinite(value) ? value : ''}
      onChange={(event) => onNumber(event.target.valueAsNumber)}
      {...rest}
    />
  )
}

export function TextArea({
  label,
  hint,
  error,
  hiddenLabel,
  className,
  ...rest
}: Labelled & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  return (
    <Field {...given({ label, hint, error, hiddenLabel, className })}>
      {(parts) => <textarea rows={3} {...rest} {...parts} className={inputLook} />}
    </Field>
  )
}

export interface Option {
  value: string
  label: string
}

/** The browser's own select: right on every device, and for every reader. */
export function SelectField({
  label,
  hint,
  error,
  hiddenLabel,
  className,
  options,
  ...rest
}: Labelled & SelectHTMLAttributes<HTMLSelectElement> & { options: readonly Option[] }) {
  return (
    <Field {...given({ label, hint, error, hiddenLabel, className })}>
      {(parts) => (
        <select {...rest} {...parts} className={inputLook}>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

export function CheckField({
  label,
  hint,
  className,
  ...rest
}: { label: ReactNode; hint?: ReactNode; className?: string } & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId()
  return (
    <div className={cx('flex items-start gap-2', className)}>
      <input
        type="checkbox"
        {...rest}
        id={id}
        aria-describedby={hint === undefined ? undefined : `${id}-note`}
        className="mt-0.5 size-4 min-h-4 min-w-4 accent-accent"
      />
      <div>
        <label htmlFor={id} className="text-sm font-medium">
          {label}
        </label>
        {hint !== undefined && (
          <div id={`${id}-note`} className="text-xs text-muted">
            {hint}
          </div>
        )}
      </div>
    </div>
  )
}

/** Without what is undefined, which a property that may be left out does not take. */
function given(labelled: { [Key in keyof Labelled]: Labelled[Key] | undefined }): Labelled {
  return Object.fromEntries(Object.entries(labelled).filter(([, value]) => value !== undefined)) as unknown as Labelled
}
