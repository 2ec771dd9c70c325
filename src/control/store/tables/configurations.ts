/** Configurations, their versions, and secrets. */
export interface ConfigurationTables {
  configurations: {
    org_id: string
    name: string
    kind: string
    /** The document as it is edited; JSON. */
    draft: string
    /** Counts the changes of the draft. */
    revision: number
    live_version: number | null
    /** What a publication must fulfil; JSON. */
    policy: string
    created_at: number
    updated_at: number
    updated_by: string
  }
  versions: {
    org_id: string
    configuration: string
    number: number
    /** Of `content`, in hex. */
    sha256: string
    content: string
    parent: number | null
    /** Whose content this one has again. */
    restored_from: number | null
    author: string
    message: string
    created_at: number
    /** JSON. */
    receipt: string | null
  }
  /** Impact receipts that no version has taken yet; the oldest go. */
  receipts: {
    org_id: string
    id: string
    configuration: string
    /** Of the candidate's content. */
    sha256: string
    created_at: number
    /** JSON. */
    receipt: string
  }
  secrets: {
    org_id: string
    name: string
    /** Nonce, ciphertext and tag, in base64. */
    sealed: string
    updated_at: number
    updated_by: string
  }
}
