import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DATASET_VARIABLES } from '../../lambda/dataset/names';
import { MONITORING_VARIABLES } from '../../lambda/monitoring/names';
import { REGISTRY_VARIABLES } from '../../lambda/registry/names';
import { RETRAINING_VARIABLES } from '../../lambda/retraining/names';
import { ROLLOUT_VARIABLES } from '../../lambda/rollout/names';
import { SHARED_VARIABLES } from '../../lambda/shared/names';
import { TELEMETRY_VARIABLES } from '../../lambda/telemetry/names';
import { TRAINING_VARIABLES } from '../../lambda/training/names';
import { handlerFolders } from '../../scripts/build-handlers';
import { synthesizedAsking } from './synthesized-app';

const LAMBDA = join(__dirname, '..', '..', 'lambda');

/** The tables of names, under the names by which handlers import them. */
const TABLES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  SHARED_VARIABLES,
  DATASET_VARIABLES,
  TRAINING_VARIABLES,
  REGISTRY_VARIABLES,
  ROLLOUT_VARIABLES,
  TELEMETRY_VARIABLES,
  MONITORING_VARIABLES,
  RETRAINING_VARIABLES,
};

/** Variables that the sources of a handler's own folder require. */
function requiredBy(folder: string): string[] {
  const sources = readdirSync(join(LAMBDA, folder)).map((file) =>
    readFileSync(join(LAMBDA, folder, file), 'utf8'),
  );
  const references = sources.flatMap((source) => [...source.matchAll(/requireEnvironment\((\w+)\.(\w+)\)/g)]);
  return references.map(([text, table = '', name = '']) => {
    const variable = TABLES[table]?.[name];
    if (variable === undefined)
      throw new Error(`lambda/${folder}: ${text} names no variable that this test knows`);
    return variable;
  });
}

describe('variables of the functions', () => {
  const variablesOf = () =>
    new Map<string, Record<string, unknown>>(
      synthesizedAsking('dev')
        .resources('AWS::Lambda::Function')
        .map(({ Properties }) => Properties.Environment.Variables)
        .map((variables) => [String(variables.POWERTOOLS_SERVICE_NAME), variables]),
    );

  test('every handler is deployed where everything is configured, and nothing else', () => {
    expect([...variablesOf().keys()].sort()).toEqual(
      handlerFolders().map((folder) => folder.replace('/', '-')),
    );
  });

  test.each(handlerFolders())('%s gets every variable that it requires', (folder) => {
    const given = Object.keys(variablesOf().get(folder.replace('/', '-')) ?? {});
    expect(requiredBy(folder).filter((name) => !given.includes(name))).toEqual([]);
  });

  test('the handlers together require what the names promise', () => {
    const required = new Set(handlerFolders().flatMap(requiredBy));
    expect(required.size).toBeGreaterThanOrEqual(10);
  });
});
