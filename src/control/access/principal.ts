/** Who asks, and what they may. Every query of a request is confined to `org`, which comes from the credential alone. */
import { type Permission, type Role, rolePermissions } from '#contract/access.ts'
import { DEFAULT_ORG } from '../store/database.ts'

export interface Principal {
  org: string
  kind: 'user' | 'key' | 'open' | 'system'
  /** Of the user or key; unique within its kind. */
  id: string
  /** For the audit log and for authors of versions, such as an e-mail address or `key:ci`. */
  name: string
  /** How the request came: `ui`, `api`, `cli`, `system`. */
  via: string
  role: Role
  permissions: ReadonlySet<Permission>
}

/** Where no credentials are asked for: on the loopback address, or with `auth: open`. */
export const openPrincipal: Principal = {
  org: DEFAULT_ORG,
  kind: 'open',
  id: 'open',
  name: 'anonymous',
  via: 'api',
  role: 'owner',
  permissions: permissionsOf('owner', []),
}

export const systemPrincipal: Principal = {
  ...openPrincipal,
  kind: 'system',
  id: 'system',
  name: 'system',
  via: 'system',
}

/** What a role brings, and what was granted beside it. */
export function permissionsOf(role: Role, granted: readonly Permission[]): ReadonlySet<Permission> {
  return new Set([...rolePermissions[role], ...granted])
}
