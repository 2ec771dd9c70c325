/** What went through gateways, by minute and by hour, and what it costs elsewhere. */

/** Of every row of a series. */
interface Place {
  org_id: string
  configuration: string
  /** Seconds that a row stands for: 60 or 3600. */
  step: number
  /** When those begin. */
  at: number
}

type Columns<Name extends string> = Record<Name, number>
type Amounts<Name extends string> = Columns<`${Name}_records` | `${Name}_bytes`>

export interface SeriesTables {
  series_pipelines: Place & { pipeline: string } & Amounts<
      | 'in'
      | 'emitted'
      | 'edited'
      | 'dropped'
      | 'sampled'
      | 'deduplicated'
      | 'aggregated'
      | 'quarantined'
      | 'rejected'
      | 'overwritten'
      | 'forwarded'
      | 'bypassed'
    > & {
      /** Messages that said of it that it is past its rules, or holds records back. */
      held: number
    }
  series_rules: Place & { pipeline: string; rule: string; type: string } & Amounts<'ended' | 'quarantined' | 'edited'> &
    Columns<'errors'>
  series_outputs: Place & { output: string; type: string } & Amounts<
      'forwarded' | 'replayed' | 'delivered' | 'rejected' | 'expired' | 'overwritten' | 'lost' | 'kept'
    > &
    Columns<'retries' | 'queue_bytes' | 'spool_bytes' | 'dead_letter_records' | 'dead_letter_bytes'>
  /** Over all pipelines and outputs. There is one for each minute in which it was heard, also of nothing. */
  series_gateways: Place & { gateway: string } & Amounts<'in' | 'out' | 'bypassed'> &
    Columns<'refused_records' | 'lost_records' | 'held' | 'spool_bytes'>
  /** Weights, of which only the shares mean something: they are scaled to the exact figures when they are read. */
  series_estimates: Place & {
    /** `service` or `severity`. */
    dimension: string
    pipeline: string
    name: string
    /** Records that were looked at. */
    samples: number
  } & Amounts<'in' | 'forwarded' | 'dropped' | 'sampled' | 'deduplicated' | 'aggregated' | 'quarantined'>
  /** The counters that a run of a gateway has last told, so that only what is new is added. */
  series_baselines: {
    org_id: string
    gateway: string
    /** Names the run. */
    started_at: number
    seen_at: number
    /** Another one with each change. */
    revision: string
    /** JSON. */
    state: string
  }
  prices: {
    org_id: string
    id: string
    /** Of the output; empty for outputs of this id in all configurations. */
    configuration: string
    /** Exactly one of the two is not empty. */
    output: string
    output_type: string
    currency: string
    per_unit: number | null
    /** `GB` or `GiB`. */
    unit: string
    per_million_events: number | null
    /** Such as `2026-01-31`. */
    since: string
    note: string
    updated_at: number
    updated_by: string
  }
}
