import { Page } from '#ui/kit/page.tsx'

export function Savings() {
  return <Page title="Savings">{null}</Page>
}
