import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from '../../../scripts/repository';
import { brokenWalls, reachOf, type Walls } from './walls';

const SOURCE = join(REPOSITORY_ROOT, 'edge-components', 'inference', 'src');

const WALLS: Walls = {
  adapters: {
    'cameras/sources/camera-connection.ts': 'network cameras',
    'cameras/sources/child-process.ts': 'programs of the device',
    'cameras/sources/folder.ts': 'the disk',
    'cameras/sources/http-camera.ts': 'network cameras',
    'cameras/sources/http-mjpeg.ts': 'network cameras',
    'cameras/sources/http-snapshot.ts': 'network cameras',
    'cameras/sources/socket.ts': 'sockets of camera processes',
    'captures/capture-spool.ts': 'the disk',
    'captures/s3-capture-store.ts': 'S3',
    'configuration/accepted-configuration-file.ts': 'the disk',
    'configuration/document-folder.ts': 'the disk',
    'decisions/modbus-decision-output.ts': 'a controller',
    'models/child-host.ts': 'the socket of a child process',
    'models/child-processes.ts': 'child processes',
    'models/image-decoder.ts': 'libvips',
    'models/inference-session.ts': 'ONNX Runtime',
    'models/model-hosts.ts': 'child processes',
    'models/process-image-decoder.ts': 'a child process',
    'models/process-limits.ts': '/proc',
    'nucleus/ipc-client.ts': "the nucleus's socket",
    'nucleus/nucleus-ipc.ts': 'the nucleus, by way of its client',
    'releases/offer-inbox.ts': 'the disk',
    'releases/release-store.ts': 'the disk',
    'releases/trusted-keys-file.ts': 'the disk',
    'results/drop-file.ts': 'the disk',
    'results/outbox.ts': 'the disk',
    'shared/boot-clock.ts': '/proc and this process',
    'shared/durable-file.ts': 'the disk',
    'shared/json-log.ts': 'standard output',
    'shared/regular-file.ts': 'the disk',
    'shared/resource-usage.ts': 'this process',
    'shared/run-marker.ts': 'the disk',
    'supervision/process-group.ts': 'processes and /proc',
  },
  roots: {
    'main.ts': 'the process that the nucleus watches',
    'agent-main.ts': 'the process of the agent',
    'component.ts': 'the agent',
    'inspection/open-inspection.ts': 'a use case',
    'cameras/sources/index.ts': 'the source of a camera, by its type',
    'models/decoder-host.ts': 'the process of the decoder',
    'models/inference-host.ts': 'the process of a graph',
    'opinions/frame-classifier.ts': 'a network that answers in the cloud',
  },
};

function sources(): Map<string, string> {
  const paths = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  return new Map(paths.map((path) => [path, readFileSync(join(SOURCE, path), 'utf8')]));
}

test('what decides sees the world through ports only, and only composition roots know both', () => {
  const found = sources();
  expect(found.size).toBeGreaterThan(Object.keys({ ...WALLS.adapters, ...WALLS.roots }).length);
  expect(brokenWalls(found, WALLS)).toEqual([]);
});

/** The component with one line more. */
const withLine = (path: string, line: string): Map<string, string> =>
  new Map([...sources(), [path, `${line}\n${sources().get(path) ?? ''}`]]);

test.each([
  [
    'a value of an adapter',
    'inspection/inspection.ts',
    `import { Outbox } from '../results/outbox';`,
    'inspection/inspection.ts is pure and imports the adapter results/outbox.ts',
  ],
  [
    'a type of an adapter',
    'releases/release-installer.ts',
    `import type { DiskReleaseStore } from './release-store';`,
    'releases/release-installer.ts is pure and imports the adapter releases/release-store.ts',
  ],
  [
    'a type, in the middle of a line',
    'agent.ts',
    `let ipc: import('./nucleus/nucleus-ipc').NucleusIpc;`,
    'agent.ts is pure and imports the adapter nucleus/nucleus-ipc.ts',
  ],
  [
    'an adapter that is passed on',
    'captures/novelty.ts',
    `export * from './s3-capture-store';`,
    'captures/novelty.ts is pure and imports the adapter captures/s3-capture-store.ts',
  ],
  [
    'the disk',
    'inspection/frame-pipeline.ts',
    `const { readFile } = await import('node:fs/promises');`,
    'inspection/frame-pipeline.ts is pure and reaches for node:fs/promises',
  ],
  [
    'a type of the disk',
    'releases/self-test.ts',
    `import type { FileHandle } from 'node:fs/promises';`,
    'releases/self-test.ts is pure and reaches for node:fs/promises',
  ],
  [
    'an unknown package',
    'models/decision.ts',
    `import sharp from 'sharp';`,
    'models/decision.ts is pure and reaches for sharp',
  ],
  [
    'the clock',
    'results/batch-sender.ts',
    'const started = Date.now();',
    'results/batch-sender.ts is pure and reaches for Date.now',
  ],
  [
    'the process',
    'releases/release-service.ts',
    'process.exit(1);',
    'releases/release-service.ts is pure and reaches for process.exit',
  ],
  [
    'randomness',
    'agent.ts',
    `import { createHash, randomBytes } from 'node:crypto';`,
    'agent.ts is pure and reaches for randomBytes',
  ],
  [
    'a use case that is wired already',
    'shared/json-log.ts',
    `import { openInspection } from '../inspection/open-inspection';`,
    'shared/json-log.ts imports the composition root inspection/open-inspection.ts',
  ],
  [
    'the infrastructure',
    'nucleus/ipc-client.ts',
    `import { Device } from '../../../../lib/device/device';`,
    "nucleus/ipc-client.ts imports ../../../lib/device/device.ts, which is neither the component's nor a contract",
  ],
])('a wall that is broken is named: %s', (_, path, line, sentence) => {
  expect(brokenWalls(withLine(path, line), WALLS)).toEqual([sentence]);
});

test('a list that is out of date is named', () => {
  const adapters = { ...WALLS.adapters, 'models/decision.ts': 'nothing', 'models/gone.ts': 'nothing' };
  expect(brokenWalls(sources(), { ...WALLS, adapters })).toEqual([
    'models/gone.ts is listed and does not exist',
    'inspection/disposition.ts is pure and imports the adapter models/decision.ts',
    'inspection/frame-pipeline.ts is pure and imports the adapter models/decision.ts',
    'models/decision.ts is listed as an adapter and touches nothing',
    'opinions/read-answer.ts is pure and imports the adapter models/decision.ts',
    'releases/golden-samples.ts is pure and imports the adapter models/decision.ts',
  ]);
});

test('words in comments and texts are no imports', () => {
  const text = `// import { x } from 'sharp';\nconst y = "import('node:fs') process.exit Date.now()";`;
  expect(reachOf(text)).toEqual({ imports: [], world: [] });
});
