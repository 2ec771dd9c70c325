/** All screens. Each stands in a folder of its own, and is loaded when somebody goes there. */
import type { QueryClient } from '@tanstack/react-query'
import { createRouter } from '@tanstack/react-router'
import { Failed } from '#ui/kit/states.tsx'
import { appRoute, rootRoute } from '#ui/routes.tsx'
import { accessRoute } from '#ui/screens/access/route.ts'
import { accountRoute } from '#ui/screens/account/route.ts'
import { alertsRoute } from '#ui/screens/alerts/route.ts'
import { auditRoute } from '#ui/screens/audit/route.ts'
import { fleetRoute, gatewayRoute } from '#ui/screens/fleet/route.ts'
import { loginRoute, setupRoute } from '#ui/screens/login/route.ts'
import { outputRoute, outputsRoute } from '#ui/screens/outputs/route.ts'
import { overviewRoute } from '#ui/screens/overview/route.ts'
import { pipelineRoute, pipelinesRoute } from '#ui/screens/pipelines/route.ts'
import { publishRoute } from '#ui/screens/publish/route.ts'
import { rulesRoute } from '#ui/screens/rules/route.ts'
import { savingsRoute } from '#ui/screens/savings/route.ts'
import { settingsRoute } from '#ui/screens/settings/route.ts'
import { studioRoute } from '#ui/screens/studio/route.ts'
import { tapRoute } from '#ui/screens/tap/route.ts'
import { versionRoute, versionsRoute } from '#ui/screens/versions/route.ts'
import { tryAgain } from '#ui/shell/parts.ts'

export function makeRouter(client: QueryClient) {
  return createRouter({
    routeTree,
    basepath: '/ui',
    context: { client },
    defaultPreload: 'intent',
    defaultErrorComponent: ({ error, reset }) => <Failed error={error} retry={() => void tryAgain(error, reset)} />,
    scrollRestoration: true,
  })
}

const routeTree = rootRoute.addChildren([
  loginRoute,
  setupRoute,
  appRoute.addChildren([
    overviewRoute,
    tapRoute,
    savingsRoute,
    alertsRoute,
    pipelinesRoute,
    pipelineRoute,
    rulesRoute,
    studioRoute,
    publishRoute,
    versionsRoute,
    versionRoute,
    fleetRoute,
    gatewayRoute,
    outputsRoute,
    outputRoute,
    auditRoute,
    accessRoute,
    accountRoute,
    settingsRoute,
  ]),
])

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
