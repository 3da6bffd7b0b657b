/**
 * What decodes a frame and runs the network: the device's own code, so that the cloud comes to an answer as a device does.
 * It is bundled beside this function with the native files that it needs (edge-components/inference/packaging), because
 * the functions know nothing of the component.
 */
import { join } from 'node:path';
import type { Release } from '../../../contracts';
import type { Classified } from '../../../contracts/second-opinion';
import { CLASSIFIER_FILE } from '../names';

/** A network that is loaded. */
export interface FrameClassifier {
  /** Never rejects for what the image or the network does. */
  classify(image: Buffer): Promise<Classified>;
  close(): Promise<void>;
}

export interface ClassifierModule {
  /** @throws Error when the bytes are not those that the release signs, or no graph that it describes */
  openFrameClassifier(model: Buffer, release: Release): Promise<FrameClassifier>;
}

/** Loads libvips and ONNX Runtime: some hundred milliseconds, once per process. */
export const loadClassifierModule = (folder: string = __dirname): ClassifierModule =>
  require(join(folder, CLASSIFIER_FILE)) as ClassifierModule;
