/** What every screen begins with: its title in the page and in the browser, a line of explanation, and what one can do. */
import { Link, type LinkProps } from '@tanstack/react-router'
import { ArrowLeft } from 'lucide-react'
import { type ReactNode, useEffect } from 'react'
import { textLink } from '#ui/kit/button.tsx'

export interface PageProps {
  title: string
  /** One sentence: what this screen is for. */
  intro?: ReactNode
  actions?: ReactNode
  /** A `BackLink`, where the screen shows one of many. */
  back?: ReactNode
  children: ReactNode
}

export function Page({ title, intro, actions, back, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · StreamGate`
  }, [title])
  return (
    <div className="mx-auto flex w-full max-w-[100rem] flex-col gap-4 p-4 md:p-6">
      <header className="flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          {back}
          <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
          {intro !== undefined && <p className="max-w-3xl text-muted">{intro}</p>}
        </div>
        {actions !== undefined && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      {children}
    </div>
  )
}

export function BackLink({ children, ...link }: LinkProps & { children: ReactNode }) {
  return (
    <Link {...link} className={`${textLink} inline-flex min-h-6 items-center gap-1 text-sm`}>
      <ArrowLeft aria-hidden className="size-3.5" />
      {children}
    </Link>
  )
}
