// Why something could not be saved on the phone. In each case nothing of it was.

/** The phone's storage is full. */
export class StorageFullError extends Error {
  override readonly name = 'StorageFullError'
}

/** The browser's database refused; its own error is the cause. */
export class SaveFailedError extends Error {
  override readonly name = 'SaveFailedError'
}

/** A value that can never be sent; `field` names it. A screen should have kept it from coming here. */
export class InvalidInputError extends Error {
  override readonly name = 'InvalidInputError'

  constructor(readonly field: string, why: string) {
    super(`${field}: ${why}`)
  }
}

/** The error to hand on for whatever a write raised. */
export function asSaveError(error: unknown): Error {
  if (error instanceof InvalidInputError) return error
  if (isQuota(error)) return new StorageFullError('the storage of this phone is full', { cause: error })
  return new SaveFailedError(error instanceof Error ? error.message : String(error), { cause: error })
}

/** True where storage is full; Dexie hands the browser's error on as an inner one, or as one of several. */
export function isQuota(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  if ('name' in error && error.name === 'QuotaExceededError') return true
  if ('failures' in error && Array.isArray(error.failures) && error.failures.some(isQuota)) return true
  return 'inner' in error && error.inner !== error && isQuota(error.inner)
}
