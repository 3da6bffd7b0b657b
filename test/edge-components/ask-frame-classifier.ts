/**
 * What the larger network says, for tests: ONNX Runtime does not run inside Jest. `tsx ask-frame-classifier.ts
 * <request.json>` asks every graph about every image, as a device's variant and in the cloud, and writes what came of it.
 */
import { readFileSync } from 'node:fs';
import type { Release } from '../../contracts';
import { OnnxSession } from '../../edge-components/inference/src/models/inference-session';
import { openFrameClassifier } from '../../edge-components/inference/src/opinions/frame-classifier';
import type { ClassifierModule } from '../../lambda/telemetry/answer-question/frame-classifier';

/** As the function in the cloud knows it. */
const { openFrameClassifier: open }: ClassifierModule = { openFrameClassifier };

export interface Asked {
  readonly path: string;
  readonly release: Release;
  /** base64 */
  readonly images: readonly string[];
}

const messageOf = async (attempt: Promise<unknown>): Promise<string | undefined> =>
  attempt.then(
    () => undefined,
    (error: Error) => error.message,
  );

async function ask({ path, release, images }: Asked): Promise<object> {
  const { input, classes, secondOpinion } = release;
  const sha256 = secondOpinion?.model.sha256 ?? '';
  const onDevice = await messageOf(OnnxSession.load({ path, sha256, input, classes: classes.length }));
  const said: unknown[] = [];
  const inCloud = await messageOf(
    open(readFileSync(path), release).then(async (classifier) => {
      for (const image of images) said.push(await classifier.classify(Buffer.from(image, 'base64')));
      await classifier.close();
    }),
  );
  return { onDevice, inCloud, said };
}

async function main(requestFile: string): Promise<void> {
  const asked = JSON.parse(readFileSync(requestFile, 'utf8')) as readonly Asked[];
  const answers = [];
  for (const each of asked) answers.push(await ask(each));
  process.stdout.write(JSON.stringify(answers));
}

main(process.argv[2] ?? '').catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
