/** Roles and permissions. A role brings permissions; `publish` and `tap:raw` are granted beside it, one by one. */
import { z } from 'zod'

export const permissions = [
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
  viewer: ['read'],
  operator: ['read', 'tap', 'operate'],
  editor: ['read', 'tap', 'edit'],
  owner: permissions,
}

export const role = z.enum(roles)
export const grant = z.enum(grantable)
