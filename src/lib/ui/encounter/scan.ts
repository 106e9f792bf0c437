import { workerAddress } from '../../core/worker-policy.ts'

/** Pictures are looked at in this width: enough for a code of ours at arm’s length, and quick on a cheap phone. */
const WIDTH = 640
/** Between two looks. ms. */
const PAUSE_MS = 100

export interface Scanner {
  /** Reads codes in what `video` shows until stopped, and tells each text found. */
  watch(video: HTMLVideoElement, found: (text: string) => void): void
  /** Lets go of the camera. */
  stop(): void
}

/** Asks for the camera. `null`: there is none, or the person said no. No picture leaves this function or is kept. */
export const openScanner = async (): Promise<{ scanner: Scanner; stream: MediaStream } | null> => {
  const stream = await cameraStream()
  if (!stream) return null
  const { default: url } = await import('./scan-worker.ts?worker&url')
  const worker = new Worker(workerAddress(url), { type: 'module' })
  const canvas = document.createElement('canvas')
  const context = canvas.getContext('2d', { willReadFrequently: true })
  let waiting: ReturnType<typeof setTimeout> | undefined
  const stop = () => {
    clearTimeout(waiting)
    worker.terminate()
    for (const track of stream.getTracks()) track.stop()
  }
  const watch: Scanner['watch'] = (video, found) => {
    const look = () => {
      if (!context || video.videoWidth === 0) return later()
      canvas.width = Math.min(WIDTH, video.videoWidth)
      canvas.height = Math.round((canvas.width / video.videoWidth) * video.videoHeight)
      context.drawImage(video, 0, 0, canvas.width, canvas.height)
      worker.postMessage(context.getImageData(0, 0, canvas.width, canvas.height))
    }
    const later = () => {
      waiting = setTimeout(look, PAUSE_MS)
    }
    worker.onmessage = ({ data }: MessageEvent<string | null>) => {
      if (data !== null) found(data)
      later()
    }
    look()
  }
  return { scanner: { watch, stop }, stream }
}

const cameraStream = async (): Promise<MediaStream | null> => {
  try {
    return await navigator.mediaDevices.getUserMedia({
      video: { facingMode: 'environment', width: { ideal: 1280 } },
    })
  } catch {
    return null
  }
}
