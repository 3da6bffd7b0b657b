/** dataset -> training -> registry: upload, gate, pipeline, and a model package that waits for approval. */
import { join } from 'node:path';
import { readDatasetSource } from '../../cli/dataset/read-source';
import { uploadDataset } from '../../cli/dataset/upload-dataset';
import { s3Uri } from '../../contracts/s3-address';
import { type DemoContext, note } from '../context';
import { followExecution, type PipelineExecution, startPipeline } from '../pipeline';

export async function trainFirstModel(context: DemoContext): Promise<PipelineExecution> {
  const { clients, console, environment, images } = context;
  const accepted = await console.phase(
    'dataset: uploading the parts; the gate checks every line and digest',
    async () => {
      const { items } = await readDatasetSource(join(images.dataset, 'manifest.jsonl'));
      return uploadDataset(clients, environment, { items });
    },
  );
  note(
    context,
    'training',
    `dataset accepted: ${accepted.items} images of ${accepted.classes.join(', ')}; manifest ${accepted.manifestSha256.slice(0, 12)}`,
  );
  return console.phase('training: prepare -> train -> evaluate -> export -> gate -> register', async () => {
    const manifestUri = s3Uri(environment.output('DatasetBucketName'), accepted.key);
    return followExecution(context, await startPipeline(context, manifestUri));
  });
}
