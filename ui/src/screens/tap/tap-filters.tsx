/** What to watch: each choice stands in the URL, and the tap begins anew with it. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { ListFilter } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { GatewaySummary } from '#contract/fleet.ts'
import { followersQuery } from '#ui/api/gateway-queries.ts'
import { draftQuery, liveQuery } from '#ui/api/queries.ts'
import { IconButton } from '#ui/kit/button.tsx'
import { type Option, SelectField, TextField } from '#ui/kit/field.tsx'
import { useConfiguration } from '#ui/routes.tsx'
import { conditionProblem } from '#ui/screens/tap/condition.ts'
import { ConditionDialog } from '#ui/screens/tap/condition-dialog.tsx'
import {
  fateNames,
  RATE_DEFAULT,
  RATE_MAX,
  type TapSearch,
  tapRoute,
  WHEN_CHARACTERS_MAX,
} from '#ui/screens/tap/route.ts'

export function TapFilters() {
  const search = tapRoute.useSearch()
  const navigate = useNavigate({ from: tapRoute.fullPath })
  const change = (part: { [Key in keyof TapSearch]?: TapSearch[Key] | undefined }) =>
    void navigate({
      search: (before) => {
        const next = Object.entries({ ...before, ...part }).filter(([, value]) => value !== undefined && value !== '')
        return Object.fromEntries(next)
      },
      replace: true,
    })
  const gateways = useGateways()
  const { pipelines, rules } = useParts(search.pipeline)
  return (
    <div className="grid grid-cols-2 gap-3 sm:grid-cols-3 xl:grid-cols-[repeat(4,minmax(0,1fr))_minmax(0,2fr)_7rem]">
      <Choice
        label="Gateway"
        all="All (up to 16)"
        value={search.gateway}
        options={gateways.map(({ id, name }) => ({ value: id, label: name }))}
        onChange={(gateway) => change({ gateway })}
      />
      <Choice
        label="Pipeline"
        all="All"
        value={search.pipeline}
        options={pipelines.map(same)}
        onChange={(pipeline) => change({ pipeline, rule: undefined })}
      />
      <Choice
        label="Rule"
        all="Any, or none"
        value={search.rule}
        options={rules.map(same)}
        onChange={(rule) => change({ rule })}
      />
      <Choice
        label="What became of it"
        all="Anything"
        value={search.fate}
        options={Object.entries(fateNames).map(([value, label]) => ({ value, label }))}
        onChange={(fate) => change({ fate: fate as TapSearch['fate'] })}
      />
      <ConditionField value={search.when ?? ''} onChange={(when) => change({ when: when || undefined })} />
      <RateField value={search.rate ?? RATE_DEFAULT} onChange={(rate) => change({ rate })} />
    </div>
  )
}

/** Gateways of the configuration that are online; of a larger fleet, the first ones. */
export function useGateways(): Pick<GatewaySummary, 'id' | 'name' | 'kind' | 'transport'>[] {
  const configuration = useConfiguration()
  const { data } = useQuery(followersQuery(configuration))
  return data?.items.filter(({ online }) => online) ?? []
}

function Choice({
  label,
  all,
  value,
  options,
  onChange,
}: {
  label: string
  all: string
  value: string | undefined
  options: Option[]
  onChange: (value: string | undefined) => void
}) {
  // What the URL names may be gone, or not there yet.
  const isKnown = value === undefined || options.some((option) => option.value === value)
  return (
    <SelectField
      label={label}
      value={value ?? ''}
      options={[{ value: '', label: all }, ...options, ...(isKnown ? [] : [same(value)])]}
      onChange={(event) => onChange(event.target.value || undefined)}
    />
  )
}

/** Taken when one has done with it: half a condition is none. */
function ConditionField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  const [isBuilding, setBuilding] = useState(false)
  const problem = conditionProblem(text)
  const take = () => {
    if (problem === undefined && text.trim() !== value) onChange(text.trim())
  }
  return (
    <div className="col-span-2 flex items-start gap-1 xl:col-span-1">
      <TextField
        className="flex-1"
        label="Condition"
        value={text}
        maxLength={WHEN_CHARACTERS_MAX}
        spellCheck={false}
        placeholder='{"field": "service", "equals": "checkout"}'
        onChange={(event) => setText(event.target.value)}
        onBlur={take}
        onKeyDown={(event) => event.key === 'Enter' && take()}
        {...(problem !== undefined && { error: problem })}
      />
      <IconButton
        className="mt-6"
        label="Build a condition"
        icon={ListFilter}
        disabled={problem !== undefined}
        onClick={() => setBuilding(true)}
      />
      {isBuilding && <ConditionDialog value={value} onClose={() => setBuilding(false)} onTake={onChange} />}
    </div>
  )
}

function RateField({ value, onChange }: { value: number; onChange: (value: number | undefined) => void }) {
  const [text, setText] = useState(String(value))
  useEffect(() => setText(String(value)), [value])
  const number = Number(text)
  const isValid = Number.isInteger(number) && number >= 1 && number <= RATE_MAX
  const take = () => {
    if (isValid && number !== value) onChange(number === RATE_DEFAULT ? undefined : number)
  }
  return (
    <TextField
      label="Per second"
      inputMode="numeric"
      title="Records that each gateway shows in a second, at most"
      value={text}
      onChange={(event) => setText(event.target.value)}
      onBlur={take}
      onKeyDown={(event) => event.key === 'Enter' && take()}
      {...(!isValid && { error: `1 to ${RATE_MAX}` })}
    />
  )
}

/** Of the draft and of what gateways run: a rule may stand in one of them only. */
function useParts(pipeline: string | undefined): { pipelines: string[]; rules: string[] } {
  const configuration = useConfiguration()
  const draft = useQuery(draftQuery(configuration))
  const live = useQuery({ ...liveQuery(configuration), refetchInterval: 30_000 })
  const drafted = draft.data?.body.pipelines ?? []
  const running = (live.data?.items ?? []).flatMap(({ stats }) => stats.pipelines)
  const fits = ({ id }: { id: string }) => pipeline === undefined || id === pipeline
  return {
    pipelines: unique([...drafted, ...running].map(({ id }) => id)),
    rules: unique(
      [
        ...drafted.filter(fits).flatMap(({ processors }) => processors),
        ...running.filter(fits).flatMap(({ rules }) => rules),
      ].map(({ id }) => id),
    ),
  }
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].sort()
}

function same(value: string): Option {
  return { value, label: value }
}
