/** Dialogs and drawers: they take the focus, give it back, and close with Escape. */
import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import { type ReactNode, useState } from 'react'
import { Button, type ButtonLook } from '#ui/kit/button.tsx'
import { cx } from '#ui/kit/cx.ts'
import { ProblemNote } from '#ui/kit/states.tsx'

export interface DialogProps {
  open: boolean
  onClose: () => void
  title: string
  /** What it is about, in a sentence; read out when it opens. */
  description?: ReactNode
  children?: ReactNode
  footer?: ReactNode
  /** `side`: a drawer at the right, for details beside a list. */
  place?: 'middle' | 'side'
  wide?: boolean
}

export function Dialog({
  open,
  onClose,
  title,
  description,
  children,
  footer,
  place = 'middle',
  wide = false,
}: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/50" />
        <Radix.Content
          {...(description === undefined && { 'aria-describedby': undefined })}
          onOpenAutoFocus={focusFirstField}
          onInteractOutside={keepForMessages}
          className={cx(
            'fixed z-40 flex flex-col border border-line bg-panel shadow-2xl focus-visible:outline-none',
            place === 'middle'
              ? cx(
                  'top-[8vh] left-1/2 max-h-[84vh] w-[calc(100vw-2rem)] -translate-x-1/2 rounded-lg',
                  wide ? 'max-w-4xl' : 'max-w-lg',
                )
              : 'inset-y-0 right-0 w-full max-w-2xl',
          )}
        >
          <header className="flex items-start justify-between gap-3 border-b border-line px-4 py-3">
            <div className="min-w-0">
              <Radix.Title className="text-base font-semibold break-words">{title}</Radix.Title>
              {description !== undefined && (
                <Radix.Description asChild>
                  <div className="text-sm text-muted">{description}</div>
                </Radix.Description>
              )}
            </div>
            <Radix.Close asChild>
              {/* Without a tooltip: that would take the first Escape for itself. */}
              <Button look="quiet" icon={X} aria-label="Close" className="size-8 px-0" />
            </Radix.Close>
          </header>
          {/* What scrolls must be reachable without a pointer. */}
          <div className="min-h-0 flex-1 overflow-y-auto p-4" tabIndex={0} role="group" aria-label={title}>
            {children}
          </div>
          {footer !== undefined && (
            <footer className="flex flex-wrap justify-end gap-2 border-t border-line px-4 py-3">{footer}</footer>
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

/** To undo something from its message is no reason to close. */
function keepForMessages(event: Event): void {
  if (event.target instanceof Element && event.target.closest('[data-toasts]') !== null) event.preventDefault()
}

/** What is to be filled in comes before the button that closes. */
function focusFirstField(event: Event): void {
  const content = event.currentTarget as HTMLElement
  const field = content.querySelector<HTMLElement>(
    'input:not([type=hidden]):not(:disabled), select:not(:disabled), textarea:not(:disabled)',
  )
  event.preventDefault()
  ;(field ?? content).focus()
}

export interface ConfirmProps {
  open: boolean
  onClose: () => void
  title: string
  /** What it will do, to how much. */
  children: ReactNode
  /** A verb: `Delete the key`. */
  action: string
  look?: ButtonLook
  /** It must be typed before the button can be pressed: for what cannot be undone. */
  typed?: string
  run: () => Promise<unknown>
}

/** Asks before something wide or final; shows what went wrong in place. */
export function Confirm({ open, onClose, title, children, action, look = 'danger', typed, run }: ConfirmProps) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [text, setText] = useState('')
  const close = () => {
    setError(null)
    setText('')
    onClose()
  }
  const confirm = async () => {
    setBusy(true)
    setError(null)
    try {
      await run()
      close()
    } catch (reason) {
      setError(reason)
    } finally {
      setBusy(false)
    }
  }
  const footer = (
    <>
      <Button onClick={close}>Cancel</Button>
      <Button look={look} busy={busy} disabled={typed !== undefined && text !== typed} onClick={() => void confirm()}>
        {action}
      </Button>
    </>
  )
  return (
    <Dialog open={open} onClose={close} title={title} footer={footer}>
      <div className="flex flex-col gap-3">
        <div>{children}</div>
        {typed !== undefined && (
          <label className="flex flex-col gap-1 text-sm">
            <span>
              Type <code className="font-mono font-semibold">{typed}</code> to go on
            </span>
            <input
              value={text}
              onChange={(event) => setText(event.target.value)}
              autoComplete="off"
              className="min-h-8 rounded-md border border-edge bg-panel px-2.5 py-1"
            />
          </label>
        )}
        <ProblemNote error={error} />
      </div>
    </Dialog>
  )
}
