/** The picture cannot be decoded by this browser. */
export class UnreadablePhotoError extends Error {
  override readonly name = 'UnreadablePhotoError'
}
