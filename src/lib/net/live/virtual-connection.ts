/**
 * What simple-peer 9.11 touches of an RTCPeerConnection, and no more: y-webrtc's connections run over a stream of one of
 * our links, already authenticated and sealed, and no second RTCPeerConnection is made. Offers and answers carry
 * nothing; they only keep simple-peer's steps in order. See docs/adr/0002.
 */
export type Carrier = {
  /** Sends bytes of this connection's only channel. */
  send(bytes: Uint8Array): void
}

type Handler<E> = ((event: E) => void) | null
type Description = { readonly type: 'offer' | 'answer'; readonly sdp: string }

export class VirtualConnection {
  iceConnectionState = 'new'
  iceGatheringState = 'complete'
  signalingState = 'stable'
  connectionState = 'new'
  localDescription: Description | null = null
  remoteDescription: Description | null = null
  oniceconnectionstatechange: Handler<unknown> = null
  onicegatheringstatechange: Handler<unknown> = null
  onconnectionstatechange: Handler<unknown> = null
  onsignalingstatechange: Handler<unknown> = null
  onicecandidate: Handler<unknown> = null
  ontrack: Handler<unknown> = null
  ondatachannel: Handler<{ readonly channel: VirtualChannel }> = null
  readonly #carrier: Carrier
  #channel: VirtualChannel | null = null
  #early: Uint8Array[] = []
  #open = false

  constructor(carrier: Carrier) {
    this.#carrier = carrier
  }

  createDataChannel(label: string): VirtualChannel {
    return (this.#channel ??= new VirtualChannel(label, this.#carrier))
  }

  createOffer(): Promise<Description> {
    return Promise.resolve({ type: 'offer', sdp: 'virtual' })
  }

  createAnswer(): Promise<Description> {
    return Promise.resolve({ type: 'answer', sdp: 'virtual' })
  }

  setLocalDescription(description: Description): Promise<void> {
    this.localDescription = description
    this.signalingState = description.type === 'offer' ? 'have-local-offer' : 'stable'
    this.#openWhenBoth()
    return Promise.resolve()
  }

  setRemoteDescription(description: Description): Promise<void> {
    this.remoteDescription = description
    this.signalingState = description.type === 'offer' ? 'have-remote-offer' : 'stable'
    this.onsignalingstatechange?.({})
    this.#openWhenBoth()
    return Promise.resolve()
  }

  addIceCandidate(): Promise<void> {
    return Promise.resolve()
  }

  getTransceivers(): readonly [] {
    return []
  }

  /** Without a selected pair simple-peer would look for one for ever. Takes no arguments: it counts them. */
  getStats(): Promise<Map<string, object>> {
    return Promise.resolve(new Map([['pair', { id: 'pair', type: 'candidate-pair', selected: true }]]))
  }

  close(): void {
    this.connectionState = 'closed'
    this.signalingState = 'closed'
    this.#channel?.close()
  }

  /** Bytes arrived for the channel; those that come before it is open wait. */
  receive(bytes: Uint8Array): void {
    if (this.#open && this.#channel) this.#channel.receive(bytes)
    else if (this.#early.length < 64) this.#early.push(bytes)
  }

  #openWhenBoth(): void {
    if (this.#open || !this.localDescription || !this.remoteDescription) return
    this.#open = true
    // simple-peer sets its handlers in the same turn in which it hands over the description.
    queueMicrotask(() => {
      if (this.connectionState === 'closed') return
      if (!this.#channel) {
        this.#channel = new VirtualChannel('virtual', this.#carrier)
        this.ondatachannel?.({ channel: this.#channel })
      }
      this.iceConnectionState = 'connected'
      this.connectionState = 'connected'
      this.oniceconnectionstatechange?.({})
      this.onconnectionstatechange?.({})
      this.#channel.open()
      for (const bytes of this.#early.splice(0)) this.#channel.receive(bytes)
    })
  }
}

export class VirtualChannel {
  readonly label: string
  binaryType = 'arraybuffer'
  bufferedAmount = 0
  bufferedAmountLowThreshold = 0
  readyState: 'connecting' | 'open' | 'closing' | 'closed' = 'connecting'
  onmessage: Handler<{ readonly data: ArrayBuffer }> = null
  onbufferedamountlow: Handler<unknown> = null
  onopen: Handler<unknown> = null
  onclose: Handler<unknown> = null
  onerror: Handler<unknown> = null
  readonly #carrier: Carrier

  constructor(label: string, carrier: Carrier) {
    this.label = label
    this.#carrier = carrier
  }

  open(): void {
    if (this.readyState !== 'connecting') return
    this.readyState = 'open'
    this.onopen?.({})
  }

  send(data: ArrayBuffer | ArrayBufferView): void {
    if (this.readyState !== 'open') throw new Error('channel is not open')
    const bytes =
      data instanceof ArrayBuffer
        ? new Uint8Array(data)
        : new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    this.#carrier.send(bytes.slice())
  }

  receive(bytes: Uint8Array): void {
    if (this.readyState === 'open') this.onmessage?.({ data: bytes.slice().buffer })
  }

  close(): void {
    if (this.readyState === 'closed') return
    this.readyState = 'closed'
    this.onclose?.({})
  }
}
