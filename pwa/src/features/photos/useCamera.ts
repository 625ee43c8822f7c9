// The phone's rear camera inside the page: no other app is opened that could push this one out of memory.
import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue'

export type CameraState = 'off' | 'starting' | 'on' | 'denied' | 'missing'

export interface Camera {
  state: Readonly<Ref<CameraState>>
  /** For the video element's srcObject. */
  stream: Readonly<ShallowRef<MediaStream | null>>
  /** null: this camera has no lamp. */
  torch: Readonly<Ref<boolean | null>>
  start(): Promise<void>
  stop(): void
  setTorch(on: boolean): Promise<void>
}

/** Is there a camera to ask for at all? */
export function cameraPossible(): boolean {
  // Typed as always there; missing on plain http and in some webviews.
  const devices: MediaDevices | undefined = navigator.mediaDevices
  return typeof devices?.getUserMedia === 'function'
}

/** Take what the video shows now as a JPEG of high quality. Raises Error when there is no picture yet. */
export async function grab(video: HTMLVideoElement): Promise<Blob> {
  const canvas = document.createElement('canvas')
  canvas.width = video.videoWidth
  canvas.height = video.videoHeight
  const pen = canvas.getContext('2d')
  if (!pen || canvas.width === 0) throw new Error('the camera shows nothing yet')
  pen.drawImage(video, 0, 0)
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.95))
  if (!blob) throw new Error('the picture could not be encoded')
  return blob
}

/** A camera that goes dark with the component, and while the app is in the background. */
export function useCamera(): Camera {
  const state = ref<CameraState>('off')
  const stream = shallowRef<MediaStream | null>(null)
  const torch = ref<boolean | null>(null)
  // The permission question can be answered long after the camera was closed again.
  let wanted = 0

  async function start(): Promise<void> {
    if (stream.value || !cameraPossible()) {
      if (!stream.value) state.value = 'missing'
      return
    }
    const mine = (wanted += 1)
    state.value = 'starting'
    try {
      const found = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: { ideal: 'environment' }, width: { ideal: 1920 }, height: { ideal: 1440 } },
      })
      if (mine !== wanted) {
        for (const track of found.getTracks()) track.stop()
        return
      }
      stream.value = found
      torch.value = hasTorch(found) ? false : null
      state.value = 'on'
    } catch (error) {
      if (mine !== wanted) return
      const denied = error instanceof DOMException && error.name === 'NotAllowedError'
      state.value = denied ? 'denied' : 'missing'
    }
  }

  function stop(): void {
    wanted += 1
    for (const track of stream.value?.getTracks() ?? []) track.stop()
    stream.value = null
    torch.value = null
    state.value = 'off'
  }

  async function setTorch(on: boolean): Promise<void> {
    const track = stream.value?.getVideoTracks()[0]
    if (!track || torch.value === null) return
    // `torch` is in the MediaStream Image Capture draft, not in TypeScript's library.
    await track.applyConstraints({ advanced: [{ torch: on } as MediaTrackConstraintSet] })
    torch.value = on
  }

  let pausedByHiding = false
  function onVisibility(): void {
    if (document.visibilityState === 'hidden' && stream.value) {
      stop()
      pausedByHiding = true
    } else if (document.visibilityState === 'visible' && pausedByHiding) {
      pausedByHiding = false
      void start()
    }
  }
  document.addEventListener('visibilitychange', onVisibility)
  onScopeDispose(() => {
    document.removeEventListener('visibilitychange', onVisibility)
    stop()
  })
  return { state, stream, torch, start, stop, setTorch }
}

function hasTorch(stream: MediaStream): boolean {
  const track = stream.getVideoTracks()[0]
  // getCapabilities is missing in older Firefox.
  if (!track || typeof track.getCapabilities !== 'function') return false
  return 'torch' in track.getCapabilities()
}
