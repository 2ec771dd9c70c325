/**
 * Roles and permissions. A role brings permissions; `publish` and `tap:raw` are granted beside it, one by one. Values without
 * schemas, so that a page can have them.
 */

export const permissions = [
  /** One's own name, password, second factor, sessions and keys. Every role has it. */
  'self',
  /** Look at everything but records and secrets. */
  'read',
  /** Look at records, redacted: taps, samples, dead letters. */
  'tap',
  /** Look at records as they came. */
  'tap:raw',
  /** Change drafts, prices, alerts. */
  'edit',
  /** Put a version to work. */
  'publish',
  /** Restart gateways, retry, replay. */
  'operate',
  /** Users, keys, secrets, settings. */
  'admin',
] as const
export type Permission = (typeof permissions)[number]

export const roles = ['viewer', 'operator', 'editor', 'owner'] as const
export type Role = (typeof roles)[number]

/** What may be granted to anybody beside their role. */
export const grantable = ['publish', 'tap:raw'] as const satisfies readonly Permission[]

export const rolePermissions: Record<Role, readonly Permission[]> = {
  viewer: ['self', 'read'],
  operator: ['self', 'read', 'tap', 'operate'],
  editor: ['self', 'read', 'tap', 'edit'],
  owner: permissions,
}

export const PASSWORD_CHARACTERS_MIN = 12
export const PASSWORD_CHARACTERS_MAX = 256
export const EMAIL_CHARACTERS_MAX = 254
export const GRANTS_MAX = grantable.length

export const authModes = ['open', 'required'] as const
export type AuthMode = (typeof authModes)[number]
