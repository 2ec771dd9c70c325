import { Page } from '#ui/kit/page.tsx'

export function Alerts() {
  return <Page title="Alerts">{null}</Page>
}
