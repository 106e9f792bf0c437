// Looks for a code in one picture at a time, so that the page stays alive on a slow phone.
import decodeQR from 'qr/decode.js'

self.onmessage = ({ data }: MessageEvent<ImageData>) => {
  try {
    self.postMessage(decodeQR(data))
  } catch {
    self.postMessage(null)
  }
}
