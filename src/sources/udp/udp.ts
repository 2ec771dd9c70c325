/** `udp` takes datagrams, each one record. How they are received: `DatagramSource`. */
import { z } from 'zod'
import { defineSource } from '#component/source.ts'
import { DatagramSource, datagramOptions } from '../datagram-source.ts'

const config = z.strictObject(datagramOptions('0.0.0.0:8082'))

export const udp = defineSource({
  name: 'udp',
  summary: 'One record per UDP datagram.',
  config,
  create: (options, context) => new DatagramSource(options, context),
})
