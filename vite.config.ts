import { sveltekit } from '@sveltejs/kit/vite'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [sveltekit()],
  worker: { format: 'es' }, // libsodium's top-level await breaks an iife worker
  build: { target: 'chrome111' },
})
