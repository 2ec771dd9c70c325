/** Organisations, users, and what they prove themselves with. Booleans are 0 and 1. */
export interface AccessTables {
  orgs: { org_id: string; name: string; created_at: number }
  users: {
    org_id: string
    id: string
    /** Normalised; unique in the whole store, because a login names no organisation. */
    email: string
    /** PHC string of argon2id; null: invited, has set none yet. */
    password_hash: string | null
    role: string
    /** JSON list. */
    grants: string
    disabled: number
    /** Secret of the second factor, sealed; in force once `totp_confirmed`. */
    totp_sealed: string | null
    totp_confirmed: number
    /** The newest time step whose code was taken: neither it nor an older one works again. */
    totp_last_step: number
    created_at: number
    last_login_at: number | null
  }
  recovery_codes: { org_id: string; user_id: string; code_hash: string }
  sessions: {
    /** SHA-256 of the token in the cookie, in hex. */
    token_hash: string
    org_id: string
    id: string
    user_id: string
    created_at: number
    used_at: number
    address: string
    client: string
  }
  api_keys: {
    org_id: string
    /** Unique in the whole store: it stands in the key. */
    id: string
    name: string
    /** SHA-256 of the secret part, in hex. */
    secret_hash: string
    role: string
    /** JSON list. */
    grants: string
    /** Whose it is; null: the organisation's. */
    user_id: string | null
    created_by: string
    created_at: number
    expires_at: number | null
    last_used_at: number | null
  }
  one_time_tokens: {
    /** SHA-256 in hex. */
    token_hash: string
    org_id: string
    /** Who sets a password with it; empty: makes the first owner. */
    user_id: string
    expires_at: number
  }
  /** Failed logins by account and by address, of all organisations, because nobody is known yet. */
  login_attempts: {
    /** Kind and keyed hash. */
    subject: string
    failures: number
    failed_at: number
    locked_until: number
  }
}
