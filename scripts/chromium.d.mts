export declare const chromiumFlags: string[]
export declare const findChromium: () => string | null
