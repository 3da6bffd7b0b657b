/** A line in a process like the component's, as the benchmarks ask it: one request at a time. */
import { JsonLinesProgram, whileRunning } from '../json-lines-program';
import { bundledChild } from './child';
import type { LineParts } from './line-context';

/** Where frames are decoded: in the decoder's process, or in that of the line, which a hostile image would end with it. */
export type DecodedIn = 'its own process' | 'the process of the line';

export interface FramesRequest {
  /** Paths of JPEGs. */
  readonly frames: readonly string[];
  readonly count: number;
}

/** What the line is asked, by name. */
export interface LineRequests {
  /** The real pipeline with int8, without a pause. */
  sustained: FramesRequest & { readonly decodedIn: DecodedIn };
  /** Decoding alone. */
  decode: FramesRequest;
  /** Decoding alone, beside a model that never rests. */
  decodeBeside: FramesRequest;
  /** The int8 graph alone. */
  run: { readonly count: number };
  /** Replaces the release again and again, with a window of frames without a swap before each. */
  swap: {
    readonly frames: readonly string[];
    readonly swaps: number;
    readonly windowFrames: number;
    readonly newReleaseFrames: number;
  };
  /** Replaces it under load, and looks at the memory of all processes after so many swaps. */
  memory: {
    readonly frames: readonly string[];
    readonly after: readonly number[];
    readonly framesBetween: number;
    readonly settleFrames: number;
  };
}

export interface LineAnswers {
  sustained: { readonly millisecondsPerFrame: number; readonly processorMillisecondsPerFrame: number };
  decode: { readonly millisecondsPerFrame: number };
  decodeBeside: { readonly millisecondsPerFrame: number };
  run: { readonly milliseconds: number };
  swap: Swaps;
  memory: { readonly residentBytes: readonly number[] };
}

export interface Swaps {
  /** Longest time between two results of each window, milliseconds. */
  readonly steady: readonly number[];
  readonly swaps: readonly number[];
  /** From the request to load the next release to the switch, milliseconds. */
  readonly loads: readonly number[];
  readonly shown: number;
  readonly answered: number;
  /** Results that do not follow the frame before. */
  readonly unordered: number;
  /** Results whose release did not compute them. */
  readonly mixed: number;
}

export class LineProgram extends JsonLinesProgram {
  constructor(parts: LineParts) {
    super(process.execPath, [bundledChild('line'), JSON.stringify(parts)]);
  }

  async ask<Name extends keyof LineRequests>(
    name: Name,
    request: LineRequests[Name],
  ): Promise<LineAnswers[Name]> {
    return (await this.request({ do: name, ...request })) as unknown as LineAnswers[Name];
  }

  /** Starts the program for as long as `action` takes. */
  static with<Result>(
    { parts }: { readonly parts: LineParts },
    action: (line: LineProgram) => Promise<Result>,
  ): Promise<Result> {
    return whileRunning(new LineProgram(parts), action);
  }
}
