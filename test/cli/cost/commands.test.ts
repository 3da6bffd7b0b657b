import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAssembly } from '../../../cli/cost/read-assembly';
import { runKaizen } from '../fakes';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kaizen-cost-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(environment: string): void {
  const stage = join(folder, `assembly-${environment}`);
  mkdirSync(stage);
  const stack = (templateFile: string) => ({
    type: 'aws:cloudformation:stack',
    environment: 'aws://111111111111/eu-central-1',
    properties: { templateFile },
  });
  const artifacts = { A: stack('A.json'), B: stack('B.json'), 'A.assets': { type: 'cdk:asset-manifest' } };
  writeFileSync(join(stage, 'manifest.json'), JSON.stringify({ artifacts }));
  for (const name of ['A', 'B']) {
    writeFileSync(join(stage, `${name}.json`), JSON.stringify({ Resources: { [name]: { Type: name } } }));
  }
}

test('the assembly of an environment has a region and templates', () => {
  write('dev');
  expect(readAssembly(folder, 'dev')).toEqual({
    region: 'eu-central-1',
    templates: [{ Resources: { A: { Type: 'A' } } }, { Resources: { B: { Type: 'B' } } }],
  });
});

test('[B12] before the first synth the command says what to run', async () => {
  write('dev');
  const line = `cost --env prod --devices 10 --fps 5 --templates ${folder}`;
  const { exitCode, errors } = await runKaizen(line);
  expect(exitCode).toBe(2);
  expect(errors).toBe(
    `error: '${folder}' has no templates of 'prod' (it has assembly-dev): run \`npx cdk synth '**' -c env=prod -q -o ${folder}\``,
  );
});

test.each<[string, RegExp]>([
  ['cost --devices 1', /required option '--fps <number>'/],
  ['cost --devices 1 --fps 0', /It must be a number above 0/],
  ['cost --devices 1.5 --fps 1', /whole number of at least 0/],
  ['cost --devices 1 --fps 1 --region mars-1', /Allowed choices are us-east-1, eu-central-1, ap-northeast-1/],
])('kaizen %s is refused', async (line, message) => {
  const { exitCode, errors } = await runKaizen(line);
  expect(exitCode).toBe(2);
  expect(errors).toMatch(message);
});
