import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { Capture } from '../../contracts';
import { s3Uri } from '../../contracts/s3-address';
import { captureImageKey } from '../../lambda/telemetry/names';
import { type AnswerOptions, answer } from '../shared/answer';
import { withPage } from '../shared/command-page';
import { type AddCommands, integerFrom } from '../shared/commands';
import { decodeText } from '../shared/decode-text';
import type { KaizenEnvironment } from '../shared/environment';
import { InputError } from '../shared/errors';
import { progressOf } from '../shared/progress';
import { formatTable } from '../shared/table';
import { readCaptures } from './captures';
import { type DownloadedCaptures, downloadCaptures, SHEET_FILE } from './download-captures';
import { knownClasses } from './known-classes';
import { type LabelFile, labelCaptures, parseLabelFile } from './label-captures';

interface LabelOptions extends AnswerOptions {
  readonly file?: string;
  readonly newClass?: boolean;
  readonly by?: string;
}

async function labelRequests(
  captureId: string | undefined,
  label: string | undefined,
  file: string | undefined,
): Promise<LabelFile> {
  if (file !== undefined && captureId === undefined) {
    const bytes = await readFile(file).catch((error: Error) => {
      throw new InputError(`--file: '${file}' cannot be read: ${error.message}`);
    });
    return parseLabelFile(decodeText(bytes).text, file);
  }
  if (file !== undefined || captureId === undefined || label === undefined) {
    throw new InputError('label: give either <captureId> <class> or --file <labels.csv>');
  }
  return { labels: [{ captureId, label }], open: 0 };
}

/** How much of a sheet is done, for who has filled in a part of it. */
function labelledText(labelled: number, open: number): string {
  const done = `Labelled ${labelled} capture${labelled === 1 ? '' : 's'}`;
  return open === 0 ? done : `${done}; ${open} line${open === 1 ? ' has' : 's have'} no class yet`;
}

const addLabels: AddCommands = (program, ports, open) => {
  const command = program
    .command('label')
    .description('writes the true class of captures')
    .argument('[captureId]', 'id of one capture, as `captures` lists it')
    .argument('[class]', 'its true class')
    .option(
      '--file <path>',
      'many at once: lines captureId,class or captureId,class,deviceId; lines without a class are left for later',
    )
    .option('--new-class', 'allow classes that the release in service does not know')
    .option('--by <name>', 'who says so; default: your user name');
  withPage(command, {
    examples: [
      { line: 'label --file ./to-label/labels.csv --env dev' },
      { line: 'label c1 scratch --env dev' },
      { line: 'label c1 dent --new-class --by ann --env dev' },
    ],
    json: {
      fields: {
        labelled: 'captures that got a label',
        open: 'lines of the file without a class, which were left out',
        classes: 'class -> captures that got it',
      },
    },
  }).action(
    async (
      captureId: string | undefined,
      label: string | undefined,
      options: LabelOptions,
      action: Command,
    ) => {
      const { labels, open: left } = await labelRequests(captureId, label, options.file);
      const { clients, environment } = await open(action);
      const written = await labelCaptures(clients, environment, {
        labels,
        labelledBy: options.by ?? ports.userName(),
        now: ports.now,
        knownClasses: options.newClass ? undefined : await knownClasses(clients, environment),
      });
      const classes: Record<string, number> = {};
      for (const one of written) classes[one.label] = (classes[one.label] ?? 0) + 1;
      const document = { labelled: written.length, open: left, classes };
      answer(ports, options, document, labelledText(written.length, left));
    },
  );
};

interface ListOptions extends AnswerOptions {
  readonly unlabelled?: boolean;
  readonly labelled?: string;
  readonly limit?: number;
  readonly download?: string;
}

/** With the address of its image, and what became of it when it was brought here. */
function withImage(
  capture: Capture,
  environment: KaizenEnvironment,
  brought: DownloadedCaptures['brought'] = new Map(),
) {
  const key = captureImageKey(environment.useCase, capture);
  const imageUri = s3Uri(environment.output('TelemetryBucketName'), key);
  return { ...capture, imageUri, ...brought.get(capture.captureId) };
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
  const command = program
    .command('captures')
    .description('lists the images that devices have uploaded, and brings them here to be looked at')
    .addOption(new Option('--unlabelled', 'only those without a label').conflicts('labelled'))
    .option('--labelled <class>', 'only those with this label')
    .option('--limit <number>', 'at most so many, in the order of device and id', integerFrom(1))
    .option('--download <folder>', 'write images, a contact sheet and a table of labels to fill in');
  withPage(command, {
    examples: [
      { line: 'captures --env dev' },
      {
        line: 'captures --unlabelled --download ./to-label --env dev',
        what: 'images, index.html to look at them, labels.csv to fill in',
      },
    ],
    json: {
      isList: true,
      contract: 'capture',
      fields: {
        captureId: 'of the capture',
        deviceId: 'that took it',
        'predictedClass?': 'what the model said',
        'confidence?': 'how sure it was',
        reasons: 'why it was kept',
        imageUri: 's3:// address of the image',
        'file?': 'with --download: where it lies here',
        'problem?': 'with --download: why it does not',
        '...': 'and the other fields of the contract',
      },
    },
  }).action(async ({ unlabelled, labelled, limit, download, json }: ListOptions, action: Command) => {
    const { clients, environment } = await open(action);
    const filter = { unlabelledOnly: unlabelled ?? false, labelledAs: labelled, limit };
    const captures = await readCaptures(clients, environment, filter);
    // The list first: bringing the images takes minutes.
    if (!json) ports.write(captureTable(captures));
    const downloaded =
      download === undefined || captures.length === 0
        ? undefined
        : await downloadCaptures(clients, environment, captures, {
            folder: download,
            onProgress: progressOf(ports, { json }, 'Downloading image'),
          });
    if (json) {
      const shown = captures.map((capture) => withImage(capture, environment, downloaded?.brought));
      ports.write(JSON.stringify(shown, null, 2));
    } else if (download !== undefined && downloaded) {
      for (const problem of downloaded.problems) ports.writeError(`warning: ${problem}`);
      ports.write(`${downloaded.images} images in ${download}: open ${join(download, SHEET_FILE)}`);
    }
  });
};

export const addCaptureCommands: AddCommands = (...to) => {
  addCaptures(...to);
  addLabels(...to);
};
