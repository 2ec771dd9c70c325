/** What the pages before the login have around them. */
import { type ReactNode, useEffect } from 'react'

export function Frame({ title, children }: { title: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · StreamGate`
  }, [title])
  return (
    <main className="flex min-h-dvh items-start justify-center px-4 pt-[12vh] pb-8">
      <div className="flex w-full max-w-sm flex-col gap-5 rounded-lg border border-line bg-panel p-6">
        <div className="flex items-center gap-2 font-semibold">
          <img src="/ui/icon.svg" alt="" className="size-7" />
          StreamGate
        </div>
        <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
        {children}
      </div>
    </main>
  )
}
