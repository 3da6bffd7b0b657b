import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { type AddCommands, integerFrom } from '../shared/commands';
import { InputError } from '../shared/errors';
import { formatTable } from '../shared/table';
import { readCaptures } from './captures';
import { knownClasses } from './known-classes';
import { type LabelRequest, labelCaptures, parseLabelFile } from './label-captures';

interface LabelOptions {
  readonly file?: string;
  readonly newClass?: boolean;
  readonly by?: string;
}

async function labelRequests(
  captureId: string | undefined,
  label: string | undefined,
  file: string | undefined,
): Promise<LabelRequest[]> {
  if (file !== undefined && captureId === undefined) {
    const text = await readFile(file, 'utf8').catch((error: Error) => {
      throw new InputError(`--file: '${file}' cannot be read: ${error.message}`);
    });
    return parseLabelFile(text, file);
  }
  if (file !== undefined || captureId === undefined || label === undefined) {
    throw new InputError('label: give either <captureId> <class> or --file <labels.csv>');
  }
  return [{ captureId, label }];
}

const addLabels: AddCommands = (program, ports, open) => {
  program
    .command('label')
    .description('writes the true class of captures')
    .argument('[captureId]', 'id of one capture, as `captures` lists it')
    .argument('[class]', 'its true class')
    .option('--file <path>', 'many at once: lines captureId,class or captureId,class,deviceId')
    .option('--new-class', 'allow classes that the release in service does not know')
    .option('--by <name>', 'who says so; default: your user name')
    .action(
      async (
        captureId: string | undefined,
        label: string | undefined,
        options: LabelOptions,
        command: Command,
      ) => {
        const labels = await labelRequests(captureId, label, options.file);
        const { clients, environment } = await open(command);
        const written = await labelCaptures(clients, environment, {
          labels,
          labelledBy: options.by ?? ports.userName(),
          now: ports.now,
          knownClasses: options.newClass ? undefined : await knownClasses(clients, environment),
        });
        ports.write(`Labelled ${written.length} capture${written.length === 1 ? '' : 's'}`);
      },
    );
};

const addCaptures: AddCommands = (program, ports, open) => {
  program
    .command('captures')
    .description('lists the images that devices have uploaded')
    .option('--unlabelled', 'only those without a label')
    .option('--limit <number>', 'at most so many, in the order of device and id', integerFrom(1))
    .action(async (options: { unlabelled?: boolean; limit?: number }, command: Command) => {
      const { clients, environment } = await open(command);
      const captures = await readCaptures(clients, environment, {
        unlabelledOnly: options.unlabelled ?? false,
        limit: options.limit,
      });
      const rows = captures.map((capture) => [
        capture.captureId,
        capture.deviceId,
        capture.capturedAt,
        capture.predictedClass ?? 'none',
        capture.confidence?.toFixed(3) ?? '',
        capture.reasons.join(','),
      ]);
      ports.write(formatTable(['capture', 'device', 'captured', 'class', 'confidence', 'reasons'], rows));
    });
};

export const addCaptureCommands: AddCommands = (...to) => {
  addCaptures(...to);
  addLabels(...to);
};
