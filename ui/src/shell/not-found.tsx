/** There is no such screen. */
import { Link } from '@tanstack/react-router'
import { textLink } from '#ui/kit/button.tsx'
import { Page } from '#ui/kit/page.tsx'

export function NotFound() {
  return (
    <Page title="Not found">
      <p>
        There is nothing at this address.{' '}
        <Link to="/" className={textLink}>
          Go to the overview
        </Link>
      </p>
    </Page>
  )
}
