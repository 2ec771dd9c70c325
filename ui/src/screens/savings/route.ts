import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { asSearch, flagIn, oneOf, type RawSearch, textIn } from '#ui/kit/search.ts'
import { appRoute } from '#ui/routes.tsx'
import { type Span, spans } from '#ui/screens/savings/span.ts'

const savingsViews = ['rules', 'services', 'outputs', 'prices'] as const
export type SavingsView = (typeof savingsViews)[number]

export interface SavingsSearch {
  span?: Span
  view?: SavingsView
  /** `bytes`, `records`, or a currency: what the chart shows. */
  measure?: string
  /** All configurations together. */
  all?: true
}

export const savingsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/savings',
  validateSearch: (search: RawSearch): SavingsSearch =>
    asSearch({
      span: oneOf(search, 'span', spans),
      view: oneOf(search, 'view', savingsViews),
      measure: textIn(search, 'measure', 7),
      all: flagIn(search, 'all'),
    }),
  component: lazyRouteComponent(() => import('#ui/screens/savings/savings.tsx'), 'Savings'),
})
