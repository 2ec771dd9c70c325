/** What every area uses: the audit log, leases of periodic work, repeated requests, settings. */
export interface SystemTables {
  migrations: { name: string; applied_at: number }
  settings: { org_id: string; name: string; value: string }
  audit: {
    org_id: string
    /** Counts from 1 without gaps. */
    seq: number
    at: number
    actor: string
    via: string
    action: string
    object: string
    /** JSON. */
    detail: string
    reason: string | null
    /** Hash of the entry before it; of the first: 64 zeros. */
    previous_hash: string
    hash: string
  }
  /** The newest entry of each organisation; locked by whoever adds one. */
  audit_heads: { org_id: string; seq: number; hash: string }
  leases: { name: string; holder: string; until: number }
  idempotency: {
    org_id: string
    key: string
    /** SHA-256 of method, path and body. */
    request_hash: string
    /** Null while the first request is under way. */
    status: number | null
    content_type: string | null
    body: string | null
    /** Further headers of the answer; JSON. */
    headers: string | null
    created_at: number
  }
}
