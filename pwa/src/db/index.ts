// The local store as the rest of the app sees it.
export { Db, databaseName } from './schema'
export { StorageFullError, SaveFailedError, InvalidInputError } from './errors'
export { saveDraft, loadDraft, draftsOf, dropDraft } from './drafts'
export type * from './types'
