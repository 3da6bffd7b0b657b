/** [S5] The project's own pipeline with a Gluon script, on request: `npm run setup -- --mxnet`, `npm test -- mxnet`. */
import { type RunningTrainingPipeline, startTrainingPipeline } from '../training/running-training-pipeline';

const TIMEOUT = 300_000;
let pipeline: RunningTrainingPipeline | undefined;

afterAll(() => pipeline?.stop(), TIMEOUT);

test(
  '[S4] [S5] [S14] parameter servers on two hosts train a network of the model zoo, up to its registration',
  async () => {
    pipeline = await startTrainingPipeline({
      datasetItems: 240,
      training: {
        image:
          '763104351884.dkr.ecr.us-east-1.amazonaws.com/mxnet-training:1.9.0-cpu-py38-ubuntu20.04-sagemaker',
        script: 'scripts/mxnet-gluon/model_zoo.py',
        instanceCount: 2,
      },
    });
    const { status, steps, reasons } = await pipeline.execute({ Epochs: '1' });
    expect(reasons).toEqual([]);
    expect(status).toBe('Succeeded');
    expect(steps.Register?.Metadata?.RegisterModel?.Arn).toContain(`/${pipeline.modelPackageGroup}/1`);
    const { classes, parity, files } = await pipeline.exported();
    expect(classes).toEqual(['dent', 'good', 'scratch', 'stain']);
    expect(parity.maximumDifference).toBeLessThan(1e-4);
    expect(files.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['model-fp32.onnx', 'model-int8.onnx']),
    );
  },
  TIMEOUT,
);
