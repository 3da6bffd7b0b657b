/**
 * A frame on the camera's socket: u32 big-endian header length, header as JSON, then the encoded image.
 * The component's socket frame source reads the same.
 */
export interface FrameHeader {
  readonly frameId: string;
  /** RFC 3339. */
  readonly capturedAt: string;
  /** Length of the encoded image in bytes. */
  readonly bytes: number;
}

export function encodeFrame(header: FrameHeader, image: Buffer): Buffer {
  const headerJson = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(headerJson.length);
  return Buffer.concat([length, headerJson, image]);
}
