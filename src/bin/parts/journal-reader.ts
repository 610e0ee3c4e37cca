import type { ReadJournalFile } from '../../api/journal-files.ts'
import type { Objects } from '../../archive/objects.ts'
import { readResource } from '../../archive/resource.ts'
import { refuse } from '../../base/outcome.ts'
import { refusal } from '../../model/refusal.ts'

/** The published journal as its readers ask for it. What the archive's keeper says is for the operator: a reader learns that it cannot be read now. */
export const readPath =
  (objects: Pick<Objects, 'get'>): ReadJournalFile =>
  async (path) => {
    const resource = await readResource(objects, path)
    return resource.ok ? resource : refuse(refusal('source_unavailable', "the journal's archive cannot be read"))
  }
