/** The dashboard's entry. */
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ApiError } from '#ui/api/client.ts'
import { meQuery } from '#ui/api/queries.ts'
import { Toasts } from '#ui/kit/toast.tsx'
import { TooltipProvider } from '#ui/kit/tooltip.tsx'
import { makeRouter } from '#ui/router.tsx'
import { watchParts } from '#ui/shell/parts.ts'
import './main.css'

/** So soon after it was read, what one may has not changed again. */
const ME_FRESH_MS = 5000

const client = new QueryClient({
  defaultOptions: {
    queries: { retry: (failures, error) => failures < 2 && isPassing(error), staleTime: 5000 },
  },
  queryCache: new QueryCache({ onError: followAccess }),
  mutationCache: new MutationCache({ onError: followAccess }),
})
const router = makeRouter(client)
watchParts()

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <TooltipProvider delayDuration={400}>
        <RouterProvider router={router} />
        <Toasts />
      </TooltipProvider>
    </QueryClientProvider>
  </StrictMode>,
)

/**
 * The session has ended somewhere: whoever logs in again comes back to where they were. Or what one may has changed: then the page
 * offers what is left.
 */
function followAccess(error: unknown): void {
  if (!(error instanceof ApiError)) return
  if (error.status === 403 && Date.now() - (client.getQueryState(meQuery.queryKey)?.dataUpdatedAt ?? 0) > ME_FRESH_MS)
    void client.invalidateQueries({ queryKey: meQuery.queryKey, exact: true })
  if (error.status !== 401) return
  const { pathname, href } = router.state.location
  if (pathname === '/login' || pathname === '/setup') return
  client.removeQueries({ queryKey: meQuery.queryKey })
  void router.navigate({ to: '/login', search: { next: href } })
}

/** Worth asking again: nobody answered, or nobody could. */
function isPassing(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status >= 500)
}
