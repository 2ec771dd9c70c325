/** All built-in detectors, by the name that a rule gives. */
import { creditCard } from './credit-card.ts'
import type { Detector } from './detector.ts'
import { email } from './email.ts'
import { iban } from './iban.ts'
import { ipv4, ipv6 } from './ip.ts'
import { ssn } from './ssn.ts'
import { awsKey, jwt } from './tokens.ts'

export const detectorNames = ['ssn', 'email', 'credit_card', 'ipv4', 'ipv6', 'jwt', 'aws_key', 'iban'] as const

export const detectors: Record<(typeof detectorNames)[number], Detector> = {
  ssn,
  email,
  credit_card: creditCard,
  ipv4,
  ipv6,
  jwt,
  aws_key: awsKey,
  iban,
}
