import { Page } from '#ui/kit/page.tsx'

export function Versions() {
  return <Page title="Versions">{null}</Page>
}
