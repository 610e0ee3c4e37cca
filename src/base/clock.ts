/** Milliseconds since the Unix epoch. A port: pure rooms are told the time, tests freeze it. */
export type Clock = () => number

/** That many unpredictable bytes. A port: only tests may pass anything but the system's source. */
export type Random = (bytes: number) => Uint8Array
