import pg from 'pg'

const BYTEA = pg.types.builtins.BYTEA

/**
 * A `bytea[]` in PostgreSQL's binary form (array_send: dimensions, null flag, element type, length, lower bound, then each behind its length).
 * The driver would spell it in hex: twice the bytes, and reading them costs the server more than keeping them.
 */
export function byteaArray(items: readonly Uint8Array[]): Buffer {
  const array = Buffer.allocUnsafe(items.reduce((bytes, item) => bytes + 4 + item.length, 20))
  let at = 0
  for (const word of [1, 0, BYTEA, items.length, 1]) at = array.writeInt32BE(word, at)
  for (const item of items) {
    at = array.writeInt32BE(item.length, at)
    array.set(item, at)
    at += item.length
  }
  return array
}
