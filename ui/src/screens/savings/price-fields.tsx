/** The fields of a price. */
import { useId, useMemo } from 'react'
import { SelectField, TextArea, TextField } from '#ui/kit/field.tsx'
import { currencies, type PriceForm } from '#ui/screens/savings/price-form.ts'

export function PriceFields({
  form,
  set,
  errorAt,
  outputs,
  configurations,
}: {
  form: PriceForm
  set: (patch: Partial<PriceForm>) => void
  errorAt: (pointer: string) => string | undefined
  outputs: readonly { output: string; type: string }[]
  configurations: readonly string[]
}) {
  const listId = useId()
  const codes = useMemo(currencies, [])
  const isOutput = form.target === 'output'
  const known = [...new Set(outputs.map(({ output, type }) => (isOutput ? output : type)))].sort()
  return (
    <>
      <SelectField
        label="Price of"
        value={form.target}
        onChange={(event) => set({ target: event.target.value as PriceForm['target'] })}
        options={[
          { value: 'output', label: 'One output' },
          { value: 'output_type', label: 'All outputs of a type' },
        ]}
      />
      <TextField
        label={isOutput ? 'Output' : 'Type of outputs'}
        required
        list={listId}
        error={errorAt(isOutput ? '/output' : '/output_type')}
        value={isOutput ? form.output : form.outputType}
        onChange={({ target: { value } }) => set(isOutput ? { output: value } : { outputType: value })}
      />
      <datalist id={listId}>
        {known.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {isOutput && (
        <SelectField
          label="Configuration"
          hint="Outputs of the same id may have another price in another configuration."
          value={form.configuration}
          onChange={(event) => set({ configuration: event.target.value })}
          options={[
            { value: '', label: 'All configurations' },
            ...[...new Set([...configurations, form.configuration])]
              .filter((name) => name !== '')
              .map((name) => ({ value: name, label: name })),
          ]}
        />
      )}
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField
          label="Currency"
          hint="Amounts in different currencies are never added."
          error={errorAt('/currency')}
          value={form.currency}
          onChange={(event) => set({ currency: event.target.value })}
          options={codes}
        />
        <TextField
          label="Since (UTC)"
          type="date"
          required
          hint="The first day on which it holds. Days before it keep the price before it."
          error={errorAt('/since')}
          value={form.since}
          onChange={(event) => set({ since: event.target.value })}
        />
        <TextField
          label={`Price per ${form.unit}`}
          type="number"
          min={0}
          step="any"
          hint="Of bytes as the output sends them, before compression."
          error={errorAt('/per_gb')}
          value={form.perGb}
          onChange={(event) => set({ perGb: event.target.value })}
        />
        <SelectField
          label="Unit"
          value={form.unit}
          onChange={(event) => set({ unit: event.target.value as PriceForm['unit'] })}
          options={[
            { value: 'GB', label: 'GB (10⁹ bytes)' },
            { value: 'GiB', label: 'GiB (2³⁰ bytes)' },
          ]}
        />
        <TextField
          label="Price per million events"
          type="number"
          min={0}
          step="any"
          error={errorAt('/per_million_events')}
          value={form.perMillionEvents}
          onChange={(event) => set({ perMillionEvents: event.target.value })}
        />
      </div>
      <TextArea
        label="Note"
        hint="Such as where it stands in the contract."
        maxLength={500}
        value={form.note}
        onChange={(event) => set({ note: event.target.value })}
      />
    </>
  )
}
