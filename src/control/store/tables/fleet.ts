/** Gateways, what they report, their attempts and credentials. */
export interface FleetTables {
  gateways: {
    org_id: string
    /** OpAMP instance uid, as UUID text. */
    uid: string
    /** `open`, `token:<id>`, `credential:<id>` or `certificate:<id>`. */
    holder: string
    /** As people set it; null: not. */
    name: string | null
    /** JSON. */
    labels: string
    configuration: string | null
    token_configuration: string | null
    restart_requested_at: number | null
    /** When people last changed something here, so that other controllers see it. */
    touched_at: number
    /** 64 bits, in decimal. */
    seq: string | null
    /** Bits, in decimal. */
    capabilities: string
    /** JSON list. */
    custom_capabilities: string
    kind: string | null
    product: string
    version: string
    host: string
    transport: string
    first_seen_at: number
    last_seen_at: number
    /** Null while it is not. */
    connected_at: number | null
    restarts: number
    /** 1, 0, or null: it has not said. */
    healthy: number | null
    /** JSON, and so are the next. */
    health: string | null
    effective: string | null
    reported: string | null
    offered: string | null
    settings_offered: string | null
    settings: string | null
    components_hash: string | null
    note: string | null
  }
  /** What is too long to be read for each gateway of a list; JSON. */
  gateway_reports: {
    org_id: string
    uid: string
    description: string | null
    health: string | null
    /** Masked. */
    effective: string | null
  }
  gateway_attempts: {
    org_id: string
    uid: string
    hash: string
    configuration: string
    version: number
    offered_at: number | null
    applying_at: number | null
    deadline: number
    result: string | null
    error: string
    rolled_back_to: string | null
    finished_at: number | null
    offers: number
    interruptions: number
    retries: number
  }
  /** Lists of components, once for all gateways that have the same. */
  gateway_components: {
    org_id: string
    hash: string
    /** JSON. */
    tree: string
  }
  /** Looked up by the hash of what an agent shows. */
  registration_tokens: {
    /** SHA-256 in hex. */
    hash: string
    org_id: string
    id: string
    name: string
    prefix: string
    configuration: string | null
    /** JSON. */
    labels: string
    expires_at: number | null
    uses: number
    uses_max: number | null
    created_at: number
    created_by: string
    last_used_at: number | null
    revoked_at: number | null
  }
  /** A gateway's own: a bearer secret made for it, or its certificate. */
  gateway_credentials: {
    /** SHA-256 in hex: of the secret, or of the certificate's subject. */
    hash: string
    org_id: string
    id: string
    kind: 'bearer' | 'certificate'
    uid: string
    /** Registration token that it came from. */
    token_id: string | null
    created_at: number
    /** Null until it was used. */
    seen_at: number | null
    revoked_at: number | null
  }
}
