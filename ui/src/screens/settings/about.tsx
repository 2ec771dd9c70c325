/** What this controller is and where things listen; and what holds for this browser. */
import { useQuery } from '@tanstack/react-query'
import { ExternalLink } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { aboutQuery } from '#ui/api/queries.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { textLink } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { CopyButton } from '#ui/kit/copy.tsx'
import { CheckField, SelectField } from '#ui/kit/field.tsx'
import { localTime, utcTime } from '#ui/kit/format.ts'
import { setSingleKeys, singleKeysOn } from '#ui/kit/shortcuts.ts'
import { QueryView } from '#ui/kit/states.tsx'
import { type Theme, useTheme } from '#ui/kit/theme.ts'
import { Ago, Moment, useNow } from '#ui/kit/time.tsx'

export function About() {
  return (
    <div className="grid items-start gap-4 xl:grid-cols-2">
      <ControllerCard />
      <div className="flex flex-col gap-4">
        <ThisBrowser />
        <Card title="Reference">
          <ul className="flex flex-col gap-1.5 text-sm">
            <Reference href="/docs">The API as a page to try things on</Reference>
            <Reference href="/openapi.json">The API as OpenAPI 3.1</Reference>
          </ul>
        </Card>
      </div>
    </div>
  )
}

function ControllerCard() {
  const query = useQuery(aboutQuery)
  return (
    <Card title="Controller">
      <QueryView query={query} lines={8}>
        {(about) => (
          <dl className="grid items-center gap-x-6 text-sm sm:grid-cols-[max-content_minmax(0,1fr)] sm:gap-y-1.5">
            <Fact name="Version">StreamGate {about.version}</Fact>
            <Fact name="Started">
              <Moment at={about.started_at} />{' '}
              <span className="text-muted">
                (<Ago at={about.started_at} />)
              </span>
            </Fact>
            <Fact name="Logins">
              {about.auth_mode === 'required' ? (
                <Badge tone="ok">Asked for</Badge>
              ) : (
                <>
                  <Badge tone="warn">Open</Badge> <span className="text-muted">whoever reaches it is an owner</span>
                </>
              )}
            </Fact>
            <Fact name="Public address">
              {about.public_url === null ? (
                <span className="text-muted">not set (control.public_url)</span>
              ) : (
                <Address text={about.public_url} />
              )}
            </Fact>
            <Fact name="Store">{about.store === 'sqlite' ? 'SQLite, in the data directory' : 'PostgreSQL'}</Fact>
            <Fact name="Redis">
              {about.redis ? 'connected: versions of default are published there too' : 'not in use'}
            </Fact>
            <Fact name="Gateways connect at">
              {about.opamp === null ? (
                <span className="text-muted">nowhere: OpAMP is off</span>
              ) : (
                <>
                  <Address text={about.opamp.address} />
                  <span className="text-xs text-muted">
                    {about.opamp.auth === 'required' ? 'with a registration token' : 'without a token'}
                  </span>
                </>
              )}
            </Fact>
            {about.node !== null && (
              <Fact name={`Sources of ${about.node.id}`}>
                <ul>
                  {about.node.sources.map(({ id, address }) => (
                    <li key={id}>
                      <Address text={address} note={id} />
                    </li>
                  ))}
                </ul>
              </Fact>
            )}
          </dl>
        )}
      </QueryView>
    </Card>
  )
}

function ThisBrowser() {
  const { theme, setTheme } = useTheme()
  const [singles, setSingles] = useState(singleKeysOn)
  const now = useNow()
  return (
    <Card title="This browser" hint="Kept here, not in your account.">
      <div className="flex flex-col gap-4">
        <SelectField
          label="Theme"
          value={theme}
          options={[
            { value: 'system', label: 'As the system' },
            { value: 'light', label: 'Light' },
            { value: 'dark', label: 'Dark' },
          ]}
          className="max-w-60"
          onChange={(event) => setTheme(event.target.value as Theme)}
        />
        <CheckField
          label="Single letters do something"
          hint="Switch them off where speech input or a screen reader sends letters. The key ? lists them."
          checked={singles}
          onChange={(event) => {
            setSingleKeys(event.target.checked)
            setSingles(event.target.checked)
          }}
        />
        <dl className="grid gap-x-6 text-sm sm:grid-cols-[max-content_minmax(0,1fr)]">
          <Fact name="Time zone">{Intl.DateTimeFormat().resolvedOptions().timeZone}</Fact>
          <Fact name="Now">
            {localTime(now)} <span className="text-muted">· {utcTime(now)}</span>
          </Fact>
        </dl>
      </div>
    </Card>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="self-start pt-1 text-muted sm:pb-1">{name}</dt>
      <dd className="min-w-0 py-1 break-words">{children}</dd>
    </>
  )
}

function Address({ text, note }: { text: string; note?: string }) {
  return (
    <span className="flex min-w-0 items-center gap-x-2">
      {note !== undefined && <span className="w-14 shrink-0 truncate text-muted">{note}</span>}
      <code className="min-w-0 font-mono text-xs break-all">{text}</code>
      <CopyButton text={text} label={`Copy ${text}`} />
    </span>
  )
}

function Reference({ href, children }: { href: string; children: ReactNode }) {
  return (
    <li>
      <a href={href} target="_blank" rel="noreferrer" className={textLink}>
        {children} <ExternalLink aria-hidden className="inline size-3.5 align-text-bottom" />
        <span className="sr-only">(in a new tab)</span>
      </a>{' '}
      <code className="font-mono text-xs text-muted">{href}</code>
    </li>
  )
}
