/** Where one can go: the navigation, the palette and the keys know these. */
import type { LinkProps } from '@tanstack/react-router'
import {
  BellRing,
  Blocks,
  Cog,
  Filter,
  FlaskConical,
  GitCommitHorizontal,
  History,
  LayoutDashboard,
  type LucideIcon,
  PiggyBank,
  Radio,
  ScrollText,
  Send,
  Server,
  UserCog,
} from 'lucide-react'
import type { Permission } from '#contract/access.ts'

export interface Place {
  to: NonNullable<LinkProps['to']>
  label: string
  icon: LucideIcon
  /** The second letter, after `g`. */
  key?: string
  /** Without it the place is not offered. */
  permission: Permission
}

export interface Group {
  label: string
  places: readonly Place[]
}

export const groups: readonly Group[] = [
  {
    label: 'Observe',
    places: [
      { to: '/', label: 'Overview', icon: LayoutDashboard, key: 'o', permission: 'read' },
      { to: '/tap', label: 'Tap', icon: Radio, key: 't', permission: 'tap' },
      { to: '/savings', label: 'Savings', icon: PiggyBank, key: 's', permission: 'read' },
      { to: '/alerts', label: 'Alerts', icon: BellRing, key: 'l', permission: 'read' },
    ],
  },
  {
    label: 'Change',
    places: [
      { to: '/pipelines', label: 'Pipelines', icon: Blocks, key: 'p', permission: 'read' },
      { to: '/rules', label: 'Rules', icon: Filter, key: 'r', permission: 'read' },
      { to: '/studio', label: 'Studio', icon: FlaskConical, key: 'x', permission: 'read' },
      { to: '/publish', label: 'Publish', icon: GitCommitHorizontal, key: 'd', permission: 'read' },
      { to: '/versions', label: 'Versions', icon: History, key: 'v', permission: 'read' },
    ],
  },
  {
    label: 'Run',
    places: [
      { to: '/fleet', label: 'Fleet', icon: Server, key: 'f', permission: 'read' },
      { to: '/outputs', label: 'Outputs', icon: Send, key: 'u', permission: 'read' },
    ],
  },
  {
    label: 'Manage',
    places: [
      { to: '/audit', label: 'Audit', icon: ScrollText, key: 'a', permission: 'read' },
      { to: '/access', label: 'Access', icon: UserCog, permission: 'self' },
      { to: '/settings', label: 'Settings', icon: Cog, permission: 'read' },
    ],
  },
]

export const places: readonly Place[] = groups.flatMap((group) => group.places)
