/** Alert rules with their state, events, webhooks, and what is on its way to them. */
export interface AlertTables {
  alert_rules: {
    org_id: string
    id: string
    /** An `AlertRuleBody`; JSON. */
    definition: string
    /** 1 or 0: what is evaluated is found by it. */
    enabled: number
    /** Counts the changes of the definition. */
    revision: number
    updated_at: number
    updated_by: string
    /** A `Silence`; JSON. */
    silence: string | null
    /** A `Standing` of `alerts/evaluate.ts`; JSON. Stands in this row, so that it and the definition change one after the other. */
    standing: string
    /** End of the last minute that was evaluated; who evaluates says which one they continue from. */
    evaluated_to: number | null
    /** The event that is open. */
    event_id: string | null
  }
  alert_events: {
    org_id: string
    /** Sorts by `started_at`. */
    id: string
    rule: string
    rule_name: string
    kind: string
    severity: string
    cause: string
    value: number | null
    /** JSON. */
    subjects: string
    started_at: number
    resolved_at: number | null
    resolved_by: string | null
    /** 1 as soon as it was handed to the webhooks. */
    notified: number
    acknowledged_at: number | null
    acknowledged_by: string | null
    acknowledged_note: string | null
  }
  /** How far each organisation has been looked through for what is told without a rule: `dead_letters`, `gateways`. */
  alert_progress: { org_id: string; what: string; watched_to: number }
  /** Gateways as webhooks have last been told of them. */
  alert_gateways: {
    org_id: string
    uid: string
    /** 1 or 0. */
    online: number
    failed_version: string | null
  }
  webhooks: {
    org_id: string
    id: string
    kind: string
    name: string
    /** JSON. */
    events: string
    enabled: number
    disabled_reason: string | null
    /** What may be shown of the URL. */
    url_shown: string
    /** A `WebhookTarget` of `alerts/webhooks.ts`: URL and secrets. */
    sealed: string
    updated_at: number
    updated_by: string
  }
  webhook_deliveries: {
    org_id: string
    /** Sorts by `created_at`. */
    id: string
    webhook: string
    message_id: string
    type: string
    /** JSON, as it is signed and sent. */
    body: string
    state: string
    created_at: number
    next_at: number
    give_up_at: number
    finished_at: number | null
    /** Nobody else takes it before. 0: nobody has it. */
    claimed_until: number
    /** Who has it; nobody else may record what became of it. */
    claim: string | null
    attempts: number
    /** Since it was created or replayed; decides the next wait. */
    attempts_in_row: number
    /** JSON. */
    recent_attempts: string
    response: string | null
  }
}
