/** The list of places at the left. */
import { Link } from '@tanstack/react-router'
import { useMe } from '#ui/api/queries.ts'
import { groups } from '#ui/shell/places.ts'

export function Navigation({ onGo }: { onGo?: () => void }) {
  const { permissions } = useMe()
  return (
    <nav aria-label="Screens" className="flex flex-col gap-4 p-3">
      <Link
        to="/"
        className="flex items-center gap-2 rounded-md px-2 py-1 text-base font-semibold tracking-tight"
        {...(onGo && { onClick: onGo })}
      >
        <img src="/ui/icon.svg" alt="" className="size-6" />
        StreamGate
      </Link>
      {groups.map(({ label, places }) => {
        const offered = places.filter(({ permission }) => permissions.includes(permission))
        if (offered.length === 0) return null
        return (
          <div key={label}>
            <h2 className="px-2 pb-1 text-xs font-medium text-muted">{label}</h2>
            <ul className="flex flex-col gap-0.5">
              {offered.map(({ to, label: name, icon: Icon }) => (
                <li key={to}>
                  <Link
                    to={to}
                    activeOptions={{ exact: to === '/', includeSearch: false }}
                    activeProps={{ className: 'bg-accent-soft text-accent font-medium' }}
                    inactiveProps={{ className: 'hover:bg-raised' }}
                    className="flex min-h-8 items-center gap-2 rounded-md px-2 text-sm"
                    {...(onGo && { onClick: onGo })}
                  >
                    <Icon aria-hidden className="size-4 shrink-0" />
                    {name}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        )
      })}
    </nav>
  )
}
