import { Page } from '#ui/kit/page.tsx'

export function Overview() {
  return <Page title="Overview">{null}</Page>
}
