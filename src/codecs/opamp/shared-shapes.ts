/** Shapes that stand in messages of both directions. */
import { bytes, list, mapOf, message, text } from './kinds.ts'
import type { AgentConfigFile, AgentConfigMap, CustomCapabilities, CustomMessage } from './messages.ts'
import { Shape } from './shape.ts'

const configFile = new Shape<AgentConfigFile>({ body: [1, bytes], contentType: [2, text] })

export const configMap = new Shape<AgentConfigMap>({
  configMap: [
    1,
    mapOf(
      message(() => configFile),
      () => ({ body: new Uint8Array(0), contentType: '' }),
    ),
  ],
})

export const customCapabilities = new Shape<CustomCapabilities>({ capabilities: [1, list(text)] })

export const customMessage = new Shape<CustomMessage>({ capability: [1, text], type: [2, text], data: [3, bytes] })
