import { writeFileSync } from 'node:fs'
import encodeQR from 'qr'

const [WIDTH, HEIGHT, FPS] = [640, 480, 10]
/** Frames before a code comes into sight, and with one in hand. */
const [EMPTY, HELD] = [10, 20]
const [WALL, PAPER, INK] = [96, 225, 30]

/**
 * Writes a film for Chromium’s own fake camera (`--use-file-for-fake-video-capture`): a wall, then a code that a hand holds up,
 * a little askew and never quite still. Grey Y4M, which Chromium plays over and over.
 */
export const filmCode = (path: string, text: string): void => {
  const squares = encodeQR(text, 'raw', { border: 2 })
  const colours = Buffer.alloc((WIDTH * HEIGHT) / 2, 128)
  const parts: Buffer[] = [Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F${FPS}:1 Ip A1:1 C420jpeg\n`)]
  for (let n = 0; n < EMPTY + HELD; n++)
    parts.push(Buffer.from('FRAME\n'), frame(n < EMPTY ? null : squares, n), colours)
  writeFileSync(path, Buffer.concat(parts))
}

const frame = (squares: readonly (readonly boolean[])[] | null, n: number): Buffer => {
  const luma = Buffer.alloc(WIDTH * HEIGHT, WALL)
  if (!squares) return luma
  const angle = 0.06 + 0.02 * Math.sin(n / 3)
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const [x0, y0] = [WIDTH / 2 + 6 * Math.sin(n / 4), HEIGHT / 2 + 4 * Math.cos(n / 5)]
  const unit = 380 / squares.length
  for (let y = 0; y < HEIGHT; y++)
    for (let x = 0; x < WIDTH; x++) {
      const [dx, dy] = [x - x0, y - y0]
      const row = squares[Math.floor((dy * cos - dx * sin) / unit + squares.length / 2)]
      const dark = row?.[Math.floor((dx * cos + dy * sin) / unit + squares.length / 2)]
      if (dark !== undefined) luma[y * WIDTH + x] = dark ? INK : PAPER
    }
  return luma
}
