/** Strokes on a square of 24. Own drawings; none says anything that a word beside it does not say. */
export const ICONS = {
  back: 'M14.5 5.5 8 12l6.5 6.5',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  clock: 'M12 7.5V12l3 2M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17',
  close: 'm6.5 6.5 11 11m0-11-11 11',
  copy: 'M9 8.5h10V20H9zM15 8.5V4H5v11.5h4',
  dots: 'M5.5 12h.01M12 12h.01M18.5 12h.01',
  exit: 'M13 4H6v16h7M10.5 12H20m-3.5-3.5L20 12l-3.5 3.5',
  file: 'M6 3.5h8l4 4v13H6zM14 3.5v4h4M12 10v6.5m-3-3 3 3 3-3',
  flag: 'M6.5 21V4c4-2 7 2 11 0v9c-4 2-7-2-11 0',
  help: 'M9.3 9.2c.3-1.6 1.4-2.4 2.9-2.4 1.7 0 2.8 1 2.8 2.5 0 2.2-2.8 2.3-2.8 4.6M12.1 17.3h.01M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17',
  lock: 'M6 10.5h12V20H6zM8.5 10.5V8a3.5 3.5 0 0 1 7 0v2.5M12 14.2v2.2',
  out: 'M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17M9.7 9v6M14.3 9v6',
  page: 'M6 3.5h9L18.5 7v13.5H6zM9 10h6.5M9 13.5h6.5M9 17h4',
  people:
    'M9 11.2a3.1 3.1 0 1 0 0-6.2 3.1 3.1 0 0 0 0 6.2M3.3 19.5c.3-3.4 2.6-5.3 5.7-5.3s5.4 1.9 5.7 5.3M15.7 5.6a2.8 2.8 0 0 1 0 5.4M17.3 14.7c2 .6 3.2 2.3 3.4 4.8',
  phone: 'M7.5 3h9v18h-9zM11 18h2',
  plus: 'M12 5.5v13M5.5 12h13',
  ring: 'M12 4a8 8 0 1 1-8 8',
  settings: 'M4 7.5h9M17 7.5h3M15 5.3v4.4M4 16.5h3M11 16.5h9M9 14.3v4.4',
  table: 'M4 5.5h16v13H4zM4 10h16M9.5 10v8.5M4 14.2h16',
} as const

export type IconName = keyof typeof ICONS

/** Drawings that point somewhere turn round where text does. */
export const POINTS: ReadonlySet<IconName> = new Set(['back', 'exit'])
