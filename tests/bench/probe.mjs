// Loaded into a hub under measurement (node --import): asked over the channel of its parent, it says what it has used.
process.on('message', () => {
  // Twice: what array buffers hold is counted behind the back of the first collection, and may be there or not.
  globalThis.gc?.()
  globalThis.gc?.()
  const { rss, heapUsed, external } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  process.send({ rss, held: heapUsed + external, cpu: user + system })
})
// The channel alone keeps nothing alive.
process.channel?.unref()
