/**
 * Decodes a frame and runs a network as a device does, for the function that answers questions: composition root of the
 * bundle that lies beside it (packaging/frame-classifier.ts).
 */
import type { Release } from '../../../../contracts';
import { policyOfInput } from '../../../../contracts/image-policy';
import type { Classified } from '../../../../contracts/second-opinion';
import { dispositionOf } from '../inspection/disposition';
import { decide } from '../models/decision';
import { SharpImageDecoder } from '../models/image-decoder';
import { OnnxSession } from '../models/inference-session';
import { UnreadableFrame } from '../ports';

/** As the contract component-configuration has it by default. */
const MAXIMUM_PIXELS = 16_777_216;

/** An int8 graph's softmax may lie a little outside; what is no number stays none. */
const clamped = (probability: number): number => Math.min(1, Math.max(0, probability));

class LoadedClassifier {
  private readonly decoder = new SharpImageDecoder();

  constructor(
    private readonly session: OnnxSession,
    private readonly release: Release,
  ) {}

  /** Never rejects for what the image or the network does. */
  async classify(image: Buffer): Promise<Classified> {
    try {
      const decoded = await this.decoder.decode(image, MAXIMUM_PIXELS, policyOfInput(this.release.input));
      const { height, width } = this.release.input;
      if (decoded.height !== height || decoded.width !== width) {
        return { kind: 'unreadable', problem: `frame is ${decoded.width}x${decoded.height}` };
      }
      const { probabilities, milliseconds } = await this.session.run(decoded.pixels);
      return this.decided(probabilities.map(clamped), milliseconds);
    } catch (error) {
      const kind = error instanceof UnreadableFrame ? 'unreadable' : 'failed';
      return { kind, problem: (error as Error).message };
    }
  }

  close(): Promise<void> {
    return this.session.close();
  }

  private decided(probabilities: number[], inferenceMilliseconds: number): Classified {
    const { release } = this;
    const decision = decide(probabilities, {
      ...release,
      thresholds: release.secondOpinion?.thresholds ?? {},
    });
    if (decision.status === 'invalid') return { kind: 'failed', problem: decision.reason };
    return {
      probabilities,
      ...decision,
      disposition: dispositionOf(decision, false, release),
      inferenceMilliseconds,
    };
  }
}

/**
 * @param model bytes of the release's larger network
 * @throws ModelError when they are not those that the release signs, or no graph that it describes
 */
export async function openFrameClassifier(model: Buffer, release: Release): Promise<LoadedClassifier> {
  const { secondOpinion, input, classes } = release;
  if (!secondOpinion) throw new Error(`${release.releaseId} has no larger network`);
  const session = await OnnxSession.open(
    model,
    { path: secondOpinion.model.name, sha256: secondOpinion.model.sha256, input, classes: classes.length },
    'cloud',
  );
  return new LoadedClassifier(session, release);
}
