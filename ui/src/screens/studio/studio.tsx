import { Page } from '#ui/kit/page.tsx'

export function Studio() {
  return <Page title="Studio">{null}</Page>
}
