/** What the edge benchmarks share. */
import { whileRunning } from '../json-lines-program';
import type { SuiteContext } from '../suite';
import { Artifact } from './artifact';
import { LineContext } from './line-context';
import { Incumbent, incumbentPython } from './python';
import { makeFrames, makeModel } from './recipes';

export class EdgeContext extends LineContext implements SuiteContext {
  private constructor(
    model: string,
    /** Folder of `<width>x<height>-<n>.jpg`. */
    readonly frames: string,
    /** Interpreter of the environment with OpenCV and ONNX Runtime. */
    readonly python: string,
    readonly artifact: Artifact,
  ) {
    super({ model, host: artifact.hostProgram, decoder: artifact.decoderProgram });
  }

  static async prepare(): Promise<EdgeContext> {
    const frames = await makeFrames();
    return new EdgeContext(await makeModel(), frames, incumbentPython(), await Artifact.build());
  }

  /** Starts the Python program for as long as `action` takes. */
  withIncumbent<Result>(action: (incumbent: Incumbent) => Promise<Result>): Promise<Result> {
    return whileRunning(new Incumbent(this.python), action);
  }
}
