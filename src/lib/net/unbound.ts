let frame: HTMLIFrameElement | null = null

/**
 * A connection made in an empty frame that may not use the camera. To a page that may, Chromium shows the addresses of its
 * networks, and gives it sockets that end with the network they belong to, though it come back a moment later with the same
 * address. Here the sockets belong to none. Measured: docs/adr/0068.
 */
export const createUnboundConnection = (configuration: RTCConfiguration): RTCPeerConnection => {
  if (!frame?.isConnected) {
    frame = document.createElement('iframe')
    frame.allow = "camera 'none'; microphone 'none'"
    frame.hidden = true
    document.body.append(frame)
  }
  const inside = frame.contentWindow as Window & typeof globalThis
  return new inside.RTCPeerConnection(configuration)
}
