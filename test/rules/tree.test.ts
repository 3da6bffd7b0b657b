/** Every file of the four rooms lies where the tree of docs/architecture.md has a place for its kind. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const NOUNS = 'dataset|training|registry|rollout|device|telemetry|monitoring|retraining';
const NAME = '[a-z0-9]+(?:-[a-z0-9]+)*';
/** Folders of the component, by the way of a frame. */
const COMPONENT_FOLDERS =
  'cameras(?:/sources)?|models(?:/onnx)?|inspection|releases|results|captures|decisions|opinions|nucleus|configuration|shared|supervision';

/** What may lie where: `%` stands for the name of a file or of a function. */
const PLACES = [
  'lib/edge-mlops-stage.ts',
  'lib/stacks/(?:data|training|fleet|operations)-stack.ts',
  `lib/(?:${NOUNS}|rules|shared)/%.ts`,
  'lib/training/sagemaker-pipeline/%.ts',
  'lib/delivery/%.ts',
  'lib/delivery/(?:github|inventory|pipeline|review|update)/%.ts',
  'lib/rules/edge-ml/%.ts',
  `lambda/(?:${NOUNS})/%.ts`,
  `lambda/(?:${NOUNS})/%/%.ts`,
  'lambda/shared/%.ts',
  'cli/(?:program|run-program|commands|command-reference|redrive-queue|status|waiting).ts',
  'cli/(?:dataset|dataset/layouts|captures|device|registry|delivery|teardown|training|cost|shared)/%.ts',
  // What a device's folder brings along: the check runs there and here, the script only there.
  'cli/device/check/%.ts',
  'cli/device/on-device/install.sh',
  'edge-components/README.md',
  'edge-components/inference/README.md',
  'edge-components/inference/(?:build|recipe).ts',
  'edge-components/inference/packaging/%.ts',
  'edge-components/inference/trial/%.ts',
  'edge-components/inference/src/(?:main|agent-main|component|agent|environment|ports).ts',
  `edge-components/inference/src/(?:${COMPONENT_FOLDERS})/%.ts`,
  // The sources of the WebAssembly in <name>-kernel.ts.
  'edge-components/inference/src/models/(?:resample|statistics)-kernel.wat',
  'edge-components/model/build.ts',
  'edge-components/model/src/deliver-release.ts',
].map((place) => new RegExp(`^${place.replaceAll('.', '\\.').replaceAll('%', NAME)}$`));

const ROOMS = ['lib', 'lambda', 'edge-components', 'cli'];

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

const hasPlace = (file: string): boolean => PLACES.some((place) => place.test(file));
const files = ROOMS.flatMap(filesBelow);

test.each(ROOMS)('no file of %s lies outside the tree', (room) => {
  const here = files.filter((file) => file.startsWith(`${room}/`));
  expect(here.length).toBeGreaterThan(0);
  expect(here.filter((file) => !hasPlace(file))).toEqual([]);
});

test.each([
  'lib/alarms.ts',
  'lib/helpers/names.ts',
  'lib/models/model-registry.ts',
  'lambda/ingest-results/handler.ts',
  'lambda/telemetry/ingest-results/parsers/batch.ts',
  'lambda/shared/aws/clients.ts',
  'lambda/dataset/Split.ts',
  'cli/captures.ts',
  'cli/serving/start.ts',
  'edge-components/inference/src/outbox.ts',
  'edge-components/inference/src/core/pipeline.ts',
  'edge-components/inference/src/cameras/sources/http/mjpeg.ts',
  'edge-components/model/src/retry.ts',
])('%s would', (file) => {
  expect(hasPlace(file)).toBe(false);
});

test('every function is an adapter and a core of its own name', () => {
  const functions = new Set(files.flatMap((file) => file.match(/^lambda\/[a-z]+\/[a-z-]+(?=\/)/) ?? []));
  expect(functions.size).toBeGreaterThan(0);
  const incomplete = [...functions].filter((folder) => {
    const core = `${folder}/${folder.split('/').at(-1)}.ts`;
    return !files.includes(`${folder}/handler.ts`) || !files.includes(core);
  });
  expect(incomplete).toEqual([]);
});
