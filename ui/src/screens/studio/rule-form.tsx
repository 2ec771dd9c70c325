/** Edits one rule of a trial in place: each change is tried at once. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { ComponentCatalog } from '#contract/component.ts'
import { componentsQuery } from '#ui/api/queries.ts'
import type { RuleProblem } from '#ui/engine/messages.ts'
import { typeIn } from '#ui/forms/catalog.ts'
import { ConditionForm } from '#ui/forms/condition-form.tsx'
import { FormContext, useFaults } from '#ui/forms/form-context.ts'
import { Guarding } from '#ui/forms/guarding.tsx'
import { JsonField } from '#ui/forms/json-field.tsx'
import { SchemaForm } from '#ui/forms/schema-form.tsx'
import { TypeList } from '#ui/forms/type-list.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { TextField } from '#ui/kit/field.tsx'
import { QueryView } from '#ui/kit/states.tsx'
import type { Rule } from '#ui/screens/studio/trial.ts'

export interface RuleFormProps {
  rule: Rule
  /** Its id can be changed: the draft does not have it. */
  isNew: boolean
  problems: readonly RuleProblem[]
  /** Ids of the other rules. */
  taken: readonly string[]
  onChange: (rule: Rule) => void
}

export function RuleForm(props: RuleFormProps) {
  const catalog = useQuery(componentsQuery)
  return <QueryView query={catalog}>{(data) => <Fields {...props} catalog={data} />}</QueryView>
}

/** Chooses the type of a rule to add. */
export function AddRule({
  open,
  onClose,
  onChoose,
}: {
  open: boolean
  onClose: () => void
  onChoose: (type: string) => void
}) {
  const catalog = useQuery({ ...componentsQuery, enabled: open })
  return (
    <Dialog open={open} onClose={onClose} place="side" title="Add a rule to the trial" description="What should it do?">
      <QueryView query={catalog}>
        {({ components }) => (
          <TypeList
            label="Type of rule"
            types={components.filter(({ kind, signals }) => kind === 'processor' && signals.includes('logs'))}
            signal="logs"
            onChoose={({ type }) => onChoose(type)}
          />
        )}
      </QueryView>
    </Dialog>
  )
}

function Fields({ rule, isNew, problems, taken, onChange, catalog }: RuleFormProps & { catalog: ComponentCatalog }) {
  const definition = typeIn(catalog, 'processor', rule.type)
  const { report } = useFaults()
  const facts = useMemo(() => ({ problems, disabled: false, report }), [problems, report])
  return (
    <FormContext value={facts}>
      <div className="flex flex-col gap-3">
        {isNew && <IdField id={rule.id} taken={taken} onChange={(id) => onChange({ ...rule, id })} />}
        {definition === undefined ? (
          <JsonField
            label="Params"
            value={rule.params}
            onChange={(params) => onChange({ ...rule, params: (params ?? {}) as Rule['params'] })}
            pointer="/params"
          />
        ) : (
          <SchemaForm
            schema={definition.schema}
            value={rule.params}
            onChange={(params) => onChange({ ...rule, params })}
            base="/params"
          />
        )}
        <div className="flex flex-col gap-2 border-t border-line pt-3">
          <h4 className="text-sm font-medium">Only when</h4>
          <ConditionForm
            value={rule.when}
            onChange={(when) => {
              const { when: _before, ...rest } = rule
              onChange(when === undefined ? rest : { ...rest, when })
            }}
          />
        </div>
        <Guarding part={rule} onChange={onChange} definition={definition} />
      </div>
    </FormContext>
  )
}

/** As the API takes them. */
const ID = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$/

/** An id that cannot be is not taken over, so what is typed stays here until it can. */
function IdField({ id, taken, onChange }: { id: string; taken: readonly string[]; onChange: (id: string) => void }) {
  const check = (text: string) =>
    !ID.test(text)
      ? 'must be letters, digits or _ . : - and begin with a letter or digit'
      : taken.includes(text)
        ? 'is taken'
        : ''
  return (
    <TextField
      label="ID"
      defaultValue={id}
      spellCheck={false}
      onChange={(event) => event.target.setCustomValidity(check(event.target.value))}
      onBlur={(event) => {
        const text = event.target.value
        if (check(text) !== '') event.target.reportValidity()
        else if (text !== id) onChange(text)
      }}
    />
  )
}
