/** A name is spelled by the noun that owns it, in `lambda/<noun>/names.ts`, and nowhere else. */
import { ENVELOPE_FILE } from '../../edge-components/inference/src/releases/release-verification';
import * as dataset from '../../lambda/dataset/names';
import * as monitoring from '../../lambda/monitoring/names';
import * as registry from '../../lambda/registry/names';
import * as retraining from '../../lambda/retraining/names';
import * as rollout from '../../lambda/rollout/names';
import * as shared from '../../lambda/shared/names';
import * as telemetry from '../../lambda/telemetry/names';
import * as training from '../../lambda/training/names';
import { literalsOf, type Sources, sourcesBelow } from './source-files';

const SCOPE = { environmentName: '<environment>', useCase: '<useCase>' };
const OWNER = /^lambda\/\w+\/names\.ts$/;

const escaped = (text: string): string => text.replace(/[.+*?^${}()|[\]\\]/g, '\\$&');

/** Strings that begin with, or contain, one of these fragments spell a name. */
const FRAGMENTS: readonly string[] = [
  // Keys of buckets, also within an address.
  dataset.IMAGE_PREFIX,
  dataset.MANIFEST_PREFIX,
  training.PIPELINE_PREFIX,
  registry.RELEASE_PREFIX,
  registry.COMPONENT_PREFIX,
  telemetry.RESULT_PREFIX,
  telemetry.REJECTED_RECORD_PREFIX,
  telemetry.CAPTURE_PREFIX,
  telemetry.QUESTION_PREFIX,
  registry.ENVELOPE_FILE,
  // Sort keys and partitions.
  registry.RELEASE_ITEM_PREFIX,
  ...[registry.waveItemKey('a'), registry.packageClaimKey(1), registry.rollbackClaimKey(1)].map(
    (key) => `${key.split('#')[0]}#`,
  ),
  telemetry.batchPartition(''),
  telemetry.QUESTION_PARTITIONS,
  // Components, and the source of events.
  shared.NAMESPACE,
  // Topics, and what has a name in an account.
  telemetry.deviceTopic(SCOPE, 'results', '').split('kaizen')[0] as string,
];

/** Physical names are made of the environment's. */
const PHYSICAL = /`[^`]*kaizen[-_]\$\{/;

/** Strings that are one of these, from end to end, spell a name. */
const WORDS: readonly string[] = [
  ...[dataset.DATASET_VARIABLES, training.TRAINING_VARIABLES, registry.REGISTRY_VARIABLES],
  ...[rollout.ROLLOUT_VARIABLES, telemetry.TELEMETRY_VARIABLES, monitoring.MONITORING_VARIABLES],
  ...[retraining.RETRAINING_VARIABLES, shared.SHARED_VARIABLES],
  ...[dataset.DATASET_EVENTS, registry.REGISTRY_EVENTS, rollout.ROLLOUT_EVENTS],
  ...[monitoring.MONITORING_EVENTS, retraining.RETRAINING_EVENTS],
  training.PIPELINE_PARAMETERS,
]
  .flatMap((table): string[] => Object.values(table))
  .concat(shared.METRIC_NAMESPACE);

/** Names of metrics are ordinary words: they count where the functions or the CDK code write or ask for a metric. */
const METRICS: readonly string[] = [
  telemetry.TELEMETRY_METRICS,
  telemetry.QUESTION_METRICS,
  monitoring.MONITORING_METRICS,
  retraining.RETRAINING_METRICS,
].flatMap((table) => Object.values(table).map(({ name }) => name));

/** Sort keys that are ordinary words count where an item is asked for. */
const ITEM_KEYS: readonly string[] = [
  registry.CHAMPION_ITEM,
  registry.COUNTER_ITEM,
  registry.ROLLOUT_LOCK_ITEM,
  monitoring.OPEN_EPISODE_ITEM,
];
const ASKS_FOR_METRIC = /metric[^'"`]*$/i;
const ASKS_FOR_ITEM = /\b(item|episodeId)\s*(:|[!=]==?)\s*$/;

const FRAGMENT = new RegExp(`(^|[^\\w-])(${FRAGMENTS.map(escaped).join('|')})`);

/** `<path>:<line> <literal>` of every name that is spelled outside of its owner. */
function spelledAgain(sources: Sources): string[] {
  return [...sources].flatMap(([path, text]) => {
    if (OWNER.test(path)) return [];
    const isProduct = path.startsWith('lib/') || path.startsWith('lambda/');
    return literalsOf(text)
      .filter((literal) => {
        const inner = literal.text.slice(1, -1);
        return (
          FRAGMENT.test(inner) ||
          PHYSICAL.test(literal.text) ||
          WORDS.includes(inner) ||
          (isProduct && METRICS.includes(inner) && ASKS_FOR_METRIC.test(literal.before)) ||
          (ITEM_KEYS.includes(inner) && ASKS_FOR_ITEM.test(literal.before))
        );
      })
      .map((literal) => `${path}:${literal.line} ${literal.text}`);
  });
}

test('no file of the product, its tools and its demo spells a name that a noun owns', () => {
  const sources = sourcesBelow('lib', 'lambda', 'cli', 'demo', 'bin');
  expect(sources.size).toBeGreaterThan(150);
  expect(spelledAgain(sources)).toEqual([]);
});

describe('a planted name is found', () => {
  test.each([
    ['lib/a.ts', "bucket.grantPut(writer, 'rejected/*');"],
    ['lib/a.ts', `const uri = \`s3://\${bucket}/pipelines/\${id}\`;`],
    ['cli/a.ts', `const key = \`manifests/incoming/\${name}.jsonl\`;`],
    ['demo/a.ts', "list('captures/');"],
    ['lambda/telemetry/a.ts', "const variable = 'TELEMETRY_BUCKET';"],
    ['lambda/registry/a.ts', "putEvent('Release Ready', detail);"],
    ['lib/monitoring/a.ts', "new Metric({ metricName: 'Accuracy' });"],
    ['cli/a.ts', "items.find((item) => item.item === 'champion');"],
    ['cli/a.ts', `const key = \`release#\${counter}\`;`],
    ['demo/a.ts', "parameters = { Name: 'DatasetManifestUri' };"],
    ['demo/a.ts', "name.startsWith('com.kaizenedge.model.');"],
    ['cli/a.ts', `const stack = \`kaizen-\${environment}-data\`;`],
    ['lib/a.ts', `const topic = \`$aws/rules/\${rule}/results\`;`],
  ])('in %s: %s', (path, text) => {
    expect(spelledAgain(new Map([[path, text]]))).toHaveLength(1);
  });
});

test.each([
  ['a comment', '/** Below `pipelines/`. */ // captures/'],
  ['the path of an import', "import { a } from '../images/a';"],
  ['a word', "note(context, 'rollout', 'release 1 is in service');"],
  ['a metric in words', "title('Accuracy');"],
])('%s is no name', (_, text) => {
  expect(spelledAgain(new Map([['demo/a.ts', text]]))).toEqual([]);
});

test('the owner may spell it', () => {
  expect(spelledAgain(new Map([['lambda/dataset/names.ts', "const PREFIX = 'images/';"]]))).toEqual([]);
});

test('the inference component, which cannot import it, has the same name of the envelope', () => {
  expect(ENVELOPE_FILE).toBe(registry.ENVELOPE_FILE);
});
