/** A device without a process: the real installer, store and decoder over fake hosts. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { ReleaseOffer } from '../../contracts';
import type { UseCaseSettings } from '../../edge-components/inference/src/configuration/configuration';
import { SharpImageDecoder } from '../../edge-components/inference/src/models/image-decoder';
import type {
  DecodedImage,
  LoadedModel,
  ModelError,
  ModelHost,
  ModelSpecification,
} from '../../edge-components/inference/src/ports';
import type { ChallengeOutcome } from '../../edge-components/inference/src/releases/challenge';
import { ReleaseInstaller } from '../../edge-components/inference/src/releases/release-installer';
import {
  DiskReleaseStore,
  listFolder,
  readEnvelope,
} from '../../edge-components/inference/src/releases/release-store';
import { ServingSlot } from '../../edge-components/inference/src/releases/serving-slot';
import { COMPONENT, expectedProbabilities, type SigningKey, USE_CASE } from './release-fixture';

export const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Stands for ONNX Runtime: the "graph" is the text `gain <n>`, and its answer is that of the formula. */
export class FakeHost implements ModelHost {
  open = 0;
  loads = 0;
  milliseconds: Record<string, number> = {};
  failure: ModelError | undefined;

  /** @param read bytes of a stored file */
  constructor(private readonly read: (path: string) => Buffer = readFileSync) {}

  async load({ path, sha256 }: ModelSpecification): Promise<LoadedModel> {
    this.loads++;
    if (this.failure) throw this.failure;
    const bytes = this.read(path);
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) throw new Error(`${path}: other digest`);
    const gain = Number(bytes.toString().split(' ')[1]);
    this.open++;
    let closed = false;
    return {
      gone: new Promise(() => undefined),
      run: async ({ pixels }: DecodedImage) => ({
        probabilities: expectedProbabilities(gain, pixels[0] as number),
        statistics: { brightness: 0, contrast: 0, sharpness: 0 },
        milliseconds: this.milliseconds[path.split('/').pop() as string] ?? 1,
      }),
      close: async () => {
        if (!closed) this.open--;
        closed = true;
      },
    };
  }
}

export type FakeDevice = Awaited<ReturnType<typeof newFakeDevice>>;

/** @param work folder of the releases; one of before makes this the next start of the same device */
export async function newFakeDevice(work: string, key: SigningKey) {
  const store = await DiskReleaseStore.open(work);
  const slot = new ServingSlot();
  const trialHost = new FakeHost();
  const servingHost = new FakeHost();
  const settings = {
    modelComponentName: COMPONENT,
    challenger: {
      frames: 0,
      maximumDisagreement: 1,
      minimumFrames: 20,
      maximumLatencyRatio: 5,
      timeoutSeconds: 60,
    },
    shadow: { frames: 0 },
  };
  const challenges: [string, ChallengeOutcome][] = [];
  const ports = {
    store,
    slot,
    trialHost,
    servingHost,
    decoder: new SharpImageDecoder(),
    clock: { now: () => Date.now(), monotonic: () => 0 },
    log: silent,
    useCase: USE_CASE,
    settings: (): Pick<UseCaseSettings, 'modelComponentName' | 'challenger' | 'shadow'> => settings,
    trustedKeys: async () => [key.trusted],
    architecture: 'linux-x64',
    offers: { envelope: readEnvelope, list: listFolder },
    onChallenge: (releaseId: string, outcome: ChallengeOutcome) => {
      challenges.push([releaseId, outcome]);
    },
  };
  return {
    work,
    store,
    slot,
    trialHost,
    servingHost,
    settings,
    challenges,
    ports,
    installer: new ReleaseInstaller(ports),
  };
}

/** The offer of a model component whose artifacts lie in `artifactsPath`. */
export const offerOf = (artifactsPath: string): ReleaseOffer => ({
  schemaVersion: 1,
  offerId: `offer-${basename(artifactsPath)}`,
  componentName: COMPONENT,
  componentVersion: '1.0.1',
  artifactsPath,
  offeredAt: new Date().toISOString(),
});
