import { DemoConsole } from '../../demo/console';
import { PROGRESS_PREFIX, TrainingProgressPrinter } from '../../demo/training-progress';

function printed(...jobs: string[]): string[] {
  const written: string[] = [];
  const out = { write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
  const printer = new TrainingProgressPrinter(new DemoConsole(out));
  const progress = { epoch: 2, epochs: 12, loss: 0.5, accuracy: 0.875, secondsLeft: 9.6 };
  for (const job of jobs) {
    printer.print({ kind: 'log', job, host: 'algo-1', line: PROGRESS_PREFIX + JSON.stringify(progress) });
  }
  return written;
}

test('[B1] epochs of two networks that train side by side are told apart by their step', () => {
  expect(
    printed('pipelines-yuq4tsniw7ip-Train-a1b2c3d4e5', 'pipelines-yuq4tsniw7ip-TrainCloudVariant-f6a7b8c9d0'),
  ).toEqual([
    '    Train: epoch 2/12  loss 0.500  validation accuracy 87.5 %  10 s left\n',
    '    TrainCloudVariant: epoch 2/12  loss 0.500  validation accuracy 87.5 %  10 s left\n',
  ]);
});

test('a job that no pipeline has started is shown by its name', () => {
  expect(printed('by-hand')).toEqual([
    '    by-hand: epoch 2/12  loss 0.500  validation accuracy 87.5 %  10 s left\n',
  ]);
});
