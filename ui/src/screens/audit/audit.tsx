import { Page } from '#ui/kit/page.tsx'

export function Audit() {
  return <Page title="Audit">{null}</Page>
}
