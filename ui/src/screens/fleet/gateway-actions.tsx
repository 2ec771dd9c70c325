/** What can be done to one gateway. What may not be done says which permission it takes. */
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Ban, Ellipsis, Pencil, RefreshCcw, RotateCw, Send, Trash2 } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { Permission } from '#contract/access.ts'
import type { Gateway } from '#contract/fleet.ts'
import { send, type Tagged } from '#ui/api/client.ts'
import { gatewayPath } from '#ui/api/gateway-queries.ts'
import { useMe } from '#ui/api/queries.ts'
import { Button, IconButton } from '#ui/kit/button.tsx'
import { Confirm } from '#ui/kit/dialog.tsx'
import { Menu, type MenuItem } from '#ui/kit/menu.tsx'
import { Needs } from '#ui/kit/needs.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { AssignDialog, RenameDialog } from '#ui/screens/fleet/gateway-dialogs.tsx'
import { fleetChanged } from '#ui/screens/fleet/queries.ts'
import { useOffer } from '#ui/shell/use-actions.ts'

type Kind = 'retry' | 'restart' | 'rename' | 'assign' | 'revoke' | 'forget'

export function GatewayActions({ shown }: { shown: Tagged<Gateway> }) {
  const gateway = shown.body
  const { permissions } = useMe()
  const client = useQueryClient()
  const navigate = useNavigate()
  const [kind, setKind] = useState<Kind>()
  const close = () => setKind(undefined)
  const why = (needs: readonly Permission[], obstacle?: string) => {
    const missing = needs.find((permission) => !permissions.includes(permission))
    const note = missing === undefined ? obstacle : `Needs the permission ${missing}`
    return note === undefined ? {} : { disabled: true, note }
  }
  const isBlocked = gateway.attempts.some(({ blocked }) => blocked) && gateway.drift !== null
  const takesRestart = gateway.capabilities.includes('accepts_restart_command')
  const retry = why(['operate'], isBlocked ? undefined : 'Nothing has failed there')
  const restart = why(['operate'], takesRestart ? undefined : 'It does not take this command')
  const items: MenuItem[] = [
    { label: 'Rename', icon: Pencil, run: () => setKind('rename'), ...why(['operate']) },
    {
      label: 'Assign a configuration',
      icon: Send,
      run: () => setKind('assign'),
      ...why(['operate', 'publish']),
    },
    {
      label: 'Revoke its credential',
      icon: Ban,
      danger: true,
      run: () => setKind('revoke'),
      ...why(['admin'], gateway.credential === 'revoked' ? 'It is revoked' : undefined),
    },
    { label: 'Forget it', icon: Trash2, danger: true, run: () => setKind('forget'), ...why(['operate']) },
  ]
  const offers = useMemo(
    () =>
      [
        { id: 'gateway-retry', label: 'Retry this gateway', run: () => setKind('retry'), may: retry.disabled },
        { id: 'gateway-restart', label: 'Restart this gateway', run: () => setKind('restart'), may: restart.disabled },
      ].filter(({ may }) => may !== true),
    [retry.disabled, restart.disabled],
  )
  useOffer(offers)

  const command = (name: 'retry' | 'restart' | 'revoke', words: string) => async () => {
    await send('POST', `${gatewayPath(gateway.id)}/${name}`)
    await fleetChanged(client)
    toast(words)
  }
  const forget = async () => {
    await send('DELETE', gatewayPath(gateway.id), undefined, { etag: shown.etag })
    await navigate({ to: '/fleet' })
    client.removeQueries({ queryKey: ['gateway', gateway.id] })
    await fleetChanged(client)
    toast(`${gateway.name} is forgotten`)
  }
  return (
    <>
      <Needs permission="operate" to="change, retry or restart it" />
      <Button icon={RefreshCcw} disabled={retry.disabled} title={retry.note} onClick={() => setKind('retry')}>
        Retry
      </Button>
      <Button icon={RotateCw} disabled={restart.disabled} title={restart.note} onClick={() => setKind('restart')}>
        Restart
      </Button>
      <Menu trigger={<IconButton look="plain" label="More actions" icon={Ellipsis} />} items={items} />
      <Confirm
        open={kind === 'retry'}
        onClose={close}
        title={`Offer it again to ${gateway.name}`}
        action="Retry"
        look="primary"
        run={command('retry', 'It is offered again')}
      >
        It is offered the version again that has failed there. Put right first what the error says, or it fails again.
      </Confirm>
      <Confirm
        open={kind === 'restart'}
        onClose={close}
        title={`Restart ${gateway.name}`}
        action="Restart"
        run={command('restart', 'Told to restart')}
      >
        It hands on what it has, then starts anew. Until it listens again, what senders have waits with them.
        {!gateway.online && ' It is not connected: it is told when it is back.'}
      </Confirm>
      <Confirm
        open={kind === 'revoke'}
        onClose={close}
        title={`Revoke the credential of ${gateway.name}`}
        action="Revoke"
        typed={gateway.name}
        run={command('revoke', 'Its credential is void')}
      >
        It is disconnected, and nobody comes in under its id again. It runs on with what it has, and is told nothing
        more. This cannot be undone.
      </Confirm>
      <Confirm open={kind === 'forget'} onClose={close} title={`Forget ${gateway.name}`} action="Forget" run={forget}>
        It disappears from the fleet, with its name, labels and attempts. If it still has a valid credential or token,
        it comes back as a new one.
      </Confirm>
      {kind === 'rename' && <RenameDialog shown={shown} onClose={close} />}
      {kind === 'assign' && <AssignDialog shown={shown} onClose={close} />}
    </>
  )
}
