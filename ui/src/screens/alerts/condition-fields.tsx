/** The fields of a condition: only those that its kind has. */
import type { ReactNode } from 'react'
import { SelectField, TextField } from '#ui/kit/field.tsx'
import type { FormProps } from '#ui/screens/alerts/rule-fields.tsx'
import { type Bytes, byteUnits, type RuleForm } from '#ui/screens/alerts/rule-form.ts'

export function ConditionFields(props: FormProps) {
  const { form, set, errorAt } = props
  const threshold = errorAt('/condition/threshold')
  switch (form.kind) {
    case 'volume':
      return (
        <Fields>
          <SelectField
            label="Which way"
            value={form.direction}
            onChange={(event) => set({ direction: event.target.value as RuleForm['direction'] })}
            options={[
              { value: 'in', label: 'What comes in' },
              { value: 'out', label: 'What goes out' },
            ]}
          />
          <Measure {...props} />
          <Is {...props} />
          {form.measure === 'bytes' ? (
            <BytesField label="Bytes per minute" value={form.bytes} set={(bytes) => set({ bytes })} error={threshold} />
          ) : (
            <NumberField
              label="Records per minute"
              value={form.records}
              set={(records) => set({ records })}
              error={threshold}
            />
          )}
        </Fields>
      )
    case 'reduction':
      return (
        <Fields>
          <Measure {...props} />
          <Is {...props} />
          <NumberField
            label="Percent"
            hint="Of what comes in. A minute in which nothing came in has no data."
            min={-1000}
            max={100}
            value={form.percent}
            set={(percent) => set({ percent })}
            error={threshold}
          />
        </Fields>
      )
    case 'bypass':
      return (
        <Fields>
          <BytesField
            label="More than, per minute"
            hint="0: anything. A pipeline in the state bypass or hold is enough as well."
            value={form.bypassed}
            set={(bypassed) => set({ bypassed })}
            error={errorAt('/condition/bytes_above')}
          />
        </Fields>
      )
    case 'spool_growth':
      return (
        <Fields>
          <BytesField
            label="More than this waits"
            hint="Empty: does not matter. One of both is enough to hold."
            value={form.waiting}
            set={(waiting) => set({ waiting })}
            error={errorAt('/condition/bytes_above')}
          />
          <NumberField
            label="Or grows with each of so many minutes"
            hint="Empty: does not matter."
            max={120}
            value={form.growingMinutes}
            set={(growingMinutes) => set({ growingMinutes })}
            error={errorAt('/condition/growing_minutes')}
          />
        </Fields>
      )
    case 'dead_letters':
    case 'lost':
      return (
        <Fields>
          <NumberField
            label="More than (records)"
            value={form.moreThan}
            set={(moreThan) => set({ moreThan })}
            error={errorAt('/condition/more_than')}
          />
          <NumberField
            label="Within (minutes)"
            min={1}
            max={1440}
            value={form.withinMinutes}
            set={(withinMinutes) => set({ withinMinutes })}
            error={errorAt('/condition/within_minutes')}
          />
        </Fields>
      )
    case 'gateway_offline':
      return (
        <Fields>
          <NumberField
            label="Gateways, at least"
            min={1}
            value={form.gateways}
            set={(gateways) => set({ gateways })}
            error={errorAt('/condition/gateways')}
          />
        </Fields>
      )
    case 'config_failed':
      return null
  }
}

function Fields({ children }: { children: ReactNode }) {
  return <div className="grid gap-4 sm:grid-cols-2">{children}</div>
}

function Measure({ form, set }: FormProps) {
  return (
    <SelectField
      label="Measured in"
      value={form.measure}
      onChange={(event) => set({ measure: event.target.value as RuleForm['measure'] })}
      options={[
        { value: 'bytes', label: 'Bytes' },
        { value: 'records', label: 'Records' },
      ]}
    />
  )
}

function Is({ form, set }: FormProps) {
  return (
    <SelectField
      label="Holds when it is"
      value={form.is}
      onChange={(event) => set({ is: event.target.value as RuleForm['is'] })}
      options={[
        { value: 'above', label: 'Above' },
        { value: 'below', label: 'Below' },
      ]}
    />
  )
}

interface FigureProps<Value> {
  label: string
  hint?: string
  value: Value
  set: (value: Value) => void
  error: string | undefined
}

function NumberField({
  label,
  hint,
  value,
  set,
  error,
  min = 0,
  max,
}: FigureProps<string> & { min?: number; max?: number }) {
  return (
    <TextField
      label={label}
      hint={hint}
      type="number"
      step="any"
      min={min}
      max={max}
      error={error}
      value={value}
      onChange={(event) => set(event.target.value)}
    />
  )
}

function BytesField({ label, hint, value, set, error }: FigureProps<Bytes>) {
  return (
    <div className="flex items-start gap-2">
      <TextField
        label={label}
        hint={hint}
        type="number"
        step="any"
        min={0}
        error={error}
        value={value.amount}
        onChange={(event) => set({ ...value, amount: event.target.value })}
        className="flex-1"
      />
      <SelectField
        label={<span className="sr-only">Unit of {label}</span>}
        value={value.unit}
        onChange={(event) => set({ ...value, unit: event.target.value as Bytes['unit'] })}
        options={byteUnits.map((unit) => ({ value: unit, label: unit }))}
        className="w-20 shrink-0 pt-6"
        hiddenLabel
      />
    </div>
  )
}
