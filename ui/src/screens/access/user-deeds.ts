/** What can be done with a user beside changing what they may: in words, with what follows from it. */
import type { User } from '#contract/access.ts'

export type DeedName = 'invite' | 'revoke-sessions' | 'reset-totp' | 'disable' | 'enable' | 'delete'

export interface Deed {
  name: DeedName
  label: string
  /** When one would do it. */
  about: string
  question: string
  consequence: string
  /** Said when it is done. */
  done: string
  danger: boolean
}

export function deedOf(name: DeedName, user: Pick<User, 'email' | 'invited'>, isSelf: boolean): Deed {
  const deed = { name, ...wordsFor(user)[name] }
  return isSelf && deed.danger ? { ...deed, consequence: `This is you. ${deed.consequence}` } : deed
}

function wordsFor({ email, invited }: Pick<User, 'email' | 'invited'>): Record<DeedName, Omit<Deed, 'name'>> {
  return {
    invite: {
      label: invited ? 'Invite again' : 'Make a link',
      about: invited ? 'The first link is lost or too old.' : 'They have forgotten their password.',
      question: invited ? `Invite ${email} again?` : `Make a link with which ${email} sets a new password?`,
      consequence: invited
        ? 'You get a new one-time link for them. Links made before stop working.'
        : 'You get a one-time link for them. Until it is used their password holds; the second factor stays.',
      done: '',
      danger: false,
    },
    'revoke-sessions': {
      label: 'End sessions',
      about: 'A device is lost, or somebody else may have used it.',
      question: `End all sessions of ${email}?`,
      consequence: 'They are logged out everywhere at once and can log in again. Their API keys go on working.',
      done: `All sessions of ${email} have ended`,
      danger: true,
    },
    'reset-totp': {
      label: 'Reset second factor',
      about: 'The phone and the recovery codes are gone.',
      question: `Switch the second factor of ${email} off?`,
      consequence: 'Their password alone lets them in until they set up another. Make sure that it is they who ask.',
      done: `The second factor of ${email} is switched off`,
      danger: true,
    },
    disable: {
      label: 'Disable',
      about: 'They are not to come in for now.',
      question: `Disable ${email}?`,
      consequence: 'Their sessions and personal API keys stop working at once. They can be enabled again.',
      done: `${email} is disabled`,
      danger: true,
    },
    enable: {
      label: 'Enable',
      about: 'They may come in again.',
      question: `Let ${email} come in again?`,
      consequence: 'They log in with the password that they had.',
      done: `${email} is enabled`,
      danger: false,
    },
    delete: {
      label: 'Delete',
      about: 'They are gone for good.',
      question: `Delete ${email}?`,
      consequence:
        'Their sessions and personal API keys end at once, and do not come back. What they did stays in the audit log.',
      done: `${email} is deleted`,
      danger: true,
    },
  }
}
