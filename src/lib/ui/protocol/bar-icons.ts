/** Line drawings on a 24 × 24 field. */
export const DRAWINGS = {
  plus: 'M12 5v14M5 12h14',
  bold: 'M7 5h6a3.5 3.5 0 0 1 0 7H7zM7 12h7a3.5 3.5 0 0 1 0 7H7z',
  italic: 'M10 5h7M7 19h7M14 5l-4 14',
  bulletList: 'M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01',
  orderedList: 'M10 6h10M10 12h10M10 18h10M4 4.5l1.2-.7V9M3.6 15.2c.2-.9 2.4-1 2.4.4 0 1.2-2.4 1.6-2.4 3.4H6',
  blockquote: 'M5 6v12M9 8h10M9 12h10M9 16h6',
  callout: 'M4 5h16v14H4zM8 10h8M8 14h5',
  link: 'M10 14a4 4 0 0 0 6 .4l2.6-2.6a4 4 0 0 0-5.7-5.7l-1.3 1.3M14 10a4 4 0 0 0-6-.4l-2.6 2.6a4 4 0 0 0 5.7 5.7l1.3-1.3',
  undo: 'M8 5 4 9l4 4M4 9h10a5.5 5.5 0 0 1 0 11h-4',
  redo: 'm16 5 4 4-4 4M20 9H10a5.5 5.5 0 0 0 0 11h4',
  print: 'M7 9V4h10v5M7 17H4v-8h16v8h-3M7 14h10v6H7z',
  up: 'M12 19V6M6 11l6-6 6 6',
  down: 'M12 5v13M6 13l6 6 6-6',
  archive: 'M4 5h16v4H4zM6 9v10h12V9M10 13h4',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l4.5 4.5',
} as const
export type Drawing = keyof typeof DRAWINGS

/** Drawings that point along the line of writing: they turn round where it does. */
export const TURNS: ReadonlySet<Drawing> = new Set([
  'undo',
  'redo',
  'bulletList',
  'orderedList',
  'blockquote',
  'callout',
])
