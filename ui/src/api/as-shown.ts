/** Deletes something only as it was shown: who confirms has seen what is there, or is told that it has changed. */
import { getTagged, send } from '#ui/api/client.ts'

export async function deleteAsShown(path: string, shown: { updated_at: number }): Promise<void> {
  const { body, etag } = await getTagged<{ updated_at: number }>(path)
  if (body.updated_at !== shown.updated_at)
    throw new Error('It has been changed since it was shown here. Close this, look at it again, and delete it then.')
  await send('DELETE', path, undefined, { etag })
}
