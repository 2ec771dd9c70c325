/** Comes before all schemas: zod would make functions of text, and ask whether it may, which the page's policy reports as a breach. */
import { z } from 'zod'

z.config({ jitless: true })
