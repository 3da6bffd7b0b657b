import { CommanderError } from 'commander';
import { type TryRequest, tryProgram } from '../../try/arguments';

async function parsed(...args: string[]): Promise<TryRequest> {
  let request: TryRequest | undefined;
  const program = tryProgram(async (found) => {
    request = found;
  }, '/root');
  program.configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  await program.parseAsync(args, { from: 'user' });
  return request as TryRequest;
}

describe('[B27] the command line of a try', () => {
  test('a folder is enough: its name is that of the use case and of the output', async () => {
    expect(await parsed('/data/Rad 7 (neu)/')).toMatchObject({
      source: '/data/Rad 7 (neu)/',
      name: 'rad-7-neu',
      outputFolder: '/root/out/try/rad-7-neu',
      keep: false,
      hyperparameters: {},
    });
  });

  test.each([
    ['labels.csv', 'labels'],
    ['s3://bucket/parts/', 'parts'],
    ['/data/2026', 'own-parts'],
  ])('%s is called %s', async (source, name) => {
    expect((await parsed(source)).name).toBe(name);
  });

  test('has the options of kaizen dataset import, and those of the loop', async () => {
    const request = await parsed(
      'parts',
      ...['--map', 'NG=scratch', '--map', 'OK=good', '--group-by-prefix', '_', '--split-seed', '7'],
      ...['--group-duplicates', '--skip-corrupt', '--image-policy', '{"width":256,"height":256}'],
      ...[
        '--pass-classes',
        'good, fine',
        '--script',
        'my.py',
        '--hyperparameter',
        'dropout=0.5',
        '--epochs',
        '3',
      ],
      ...[
        '--minimum-accuracy',
        '0.5',
        '--escape-limit',
        '0.4',
        '--false-reject-limit',
        '1',
        '--output',
        '/o',
        '--keep',
      ],
    );
    expect(request.taking).toMatchObject({
      map: [
        ['NG', 'scratch'],
        ['OK', 'good'],
      ],
      groupByPrefix: '_',
      splitSeed: 7,
      groupDuplicates: true,
      skipCorrupt: true,
      imagePolicy: { width: 256, height: 256, fit: 'stretch', colour: 'rgb' },
    });
    expect(request).toMatchObject({
      passClasses: ['good', 'fine'],
      script: 'my.py',
      hyperparameters: { dropout: '0.5' },
      epochs: 3,
      minimumAccuracy: 0.5,
      escapeLimit: 0.4,
      falseRejectLimit: 1,
      outputFolder: '/o',
      keep: true,
    });
  });

  test.each([
    [[], /missing required argument/],
    [['parts', '--epochs', '0'], /at least 1/],
    [['parts', '--minimum-accuracy', '80'], /share from 0 to 1/],
    [['parts', '--escape-limit', ''], /share from 0 to 1/],
    [['parts', '--speed', '9'], /unknown option/],
    [['parts', '--image-policy', '{"width":3}'], /width/],
  ])('%j is refused', async (args, says) => {
    await expect(parsed(...args)).rejects.toThrow(says);
    await expect(parsed(...args)).rejects.toThrow(CommanderError);
  });
});
