import { Page } from '#ui/kit/page.tsx'

export function Settings() {
  return <Page title="Settings">{null}</Page>
}
