/** Headers of messages between the component and its decoder. The bodies are images: encoded there, pixels or JPEG back. */
import type { CompleteImagePolicy } from '../../../../contracts/image-policy';
import type { ImageSize } from '../ports';
import type { Answer } from './child';

export interface DecodeRequest {
  readonly id: number;
  readonly type: 'decode';
  readonly maximumPixels: number;
  readonly policy?: CompleteImagePolicy;
}

export interface ToJpegRequest {
  readonly id: number;
  readonly type: 'toJpeg';
}

export type DecoderRequest = DecodeRequest | ToJpegRequest;

/** The image has had its time and is still being decoded: nothing but the end of the process ends that. */
export interface Spent {
  readonly spent: true;
}

export interface DecodedAnswer extends Answer, ImageSize {}
