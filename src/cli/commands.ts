import type { Command } from './command.ts'
import { controller } from './controller.ts'
import { explain } from './explain.ts'
import { node } from './node.ts'
import { up } from './up.ts'
import { validate } from './validate.ts'

export const commands: readonly Command[] = [up, node, controller, validate, explain]
