import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { Capture } from '../../contracts';
import { s3Uri } from '../../contracts/s3-address';
import { captureImageKey } from '../../lambda/telemetry/names';
import { type AddCommands, integerFrom } from '../shared/commands';
import { decodeText } from '../shared/decode-text';
import type { KaizenEnvironment } from '../shared/environment';
import { InputError } from '../shared/errors';
import { formatTable } from '../shared/table';
import { readCaptures } from './captures';
import { downloadCaptures, SHEET_FILE } from './download-captures';
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
    const bytes = await readFile(file).catch((error: Error) => {
      throw new InputError(`--file: '${file}' cannot be read: ${error.message}`);
    });
    return parseLabelFile(decodeText(bytes).text, file);
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

interface ListOptions {
  readonly unlabelled?: boolean;
  readonly labelled?: string;
  readonly limit?: number;
  readonly download?: string;
  readonly json?: boolean;
}

const LIST_EXAMPLES = `
Examples:
  kaizen captures --unlabelled --download ./to-label   images, index.html to look at them, labels.csv to fill in
  kaizen label --file ./to-label/labels.csv`;

/** With the address of its image. */
function withImage(capture: Capture, environment: KaizenEnvironment) {
  const key = captureImageKey(environment.useCase, capture);
  return { ...capture, imageUri: s3Uri(environment.output('TelemetryBucketName'), key) };
}

function captureTable(captures: readonly Capture[]): string {
  const rows = captures.map((capture) => [
    capture.captureId,
    capture.deviceId,
    capture.capturedAt,
    capture.predictedClass ?? 'none',
    capture.confidence?.toFixed(3) ?? '',
    capture.reasons.join(','),
  ]);
  return formatTable(['capture', 'device', 'captured', 'class', 'confidence', 'reasons'], rows);
}

const addCaptures: AddCommands = (program, ports, open) => {
  program
    .command('captures')
    .description('lists the images that devices have uploaded, and brings them here to be looked at')
    .addOption(new Option('--unlabelled', 'only those without a label').conflicts('labelled'))
    .option('--labelled <class>', 'only those with this label')
    .option('--limit <number>', 'at most so many, in the order of device and id', integerFrom(1))
    .option('--download <folder>', 'write images, a contact sheet and a table of labels to fill in')
    .option('--json', 'as JSON, with the address of each image')
    .addHelpText('after', LIST_EXAMPLES)
    .action(async ({ unlabelled, labelled, limit, download, json }: ListOptions, command: Command) => {
      const { clients, environment } = await open(command);
      const filter = { unlabelledOnly: unlabelled ?? false, labelledAs: labelled, limit };
      const captures = await readCaptures(clients, environment, filter);
      const shown = captures.map((capture) => withImage(capture, environment));
      ports.write(json ? JSON.stringify(shown, null, 2) : captureTable(captures));
      if (download === undefined || captures.length === 0) return;
      const { images, problems } = await downloadCaptures(clients, environment, captures, download);
      for (const problem of problems) ports.writeError(`warning: ${problem}`);
      if (!json) ports.write(`${images} images in ${download}: open ${join(download, SHEET_FILE)}`);
    });
};

export const addCaptureCommands: AddCommands = (...to) => {
  addCaptures(...to);
  addLabels(...to);
};
