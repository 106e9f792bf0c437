import { sveltekit } from '@sveltejs/kit/vite'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [sveltekit()],
  worker: {
    format: 'es', // libsodium's top-level await breaks an iife worker
    // One file each: pieces of a worker are not in the list of files that the service worker keeps.
    rolldownOptions: { output: { codeSplitting: false } },
  },
  build: {
    target: 'chrome111',
    rolldownOptions: {
      output: {
        // What every screen is made of comes in one piece: a dozen small ones weigh more, and each is a journey on a slow
        // network.
        codeSplitting: { groups: [{ name: 'pieces', test: /src\/lib\/ui\/[A-Z]\w+\.svelte/ }] },
      },
    },
  },
})
