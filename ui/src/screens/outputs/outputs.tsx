import { Page } from '#ui/kit/page.tsx'

export function Outputs() {
  return <Page title="Outputs">{null}</Page>
}
