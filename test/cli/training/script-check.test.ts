import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkScript } from '../../../cli/training/check-script';
import { formatScriptCheck, wrongSteps } from '../../../cli/training/format-script-check';
import type { ScriptCheck } from '../../../contracts';
import { runKaizen } from '../fakes';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kaizen-script-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function fileWith(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A program that stands in for Python. */
function interpreter(shell: string): string {
  const path = fileWith('python', `#!/bin/sh\n${shell}\n`);
  chmodSync(path, 0o755);
  return path;
}

const REPORT: ScriptCheck = {
  schemaVersion: 1,
  script: '/my.py',
  passed: false,
  images: 64,
  imagesFrom: 'rendered',
  classes: ['dent', 'good'],
  hyperparameters: { epochs: 1, optimizer: 'adam' },
  steps: [
    { step: 'train', outcome: 'ok', seconds: 1.25 },
    { step: 'forward', outcome: 'notNeeded', said: 'export_onnx writes the graph' },
    {
      step: 'graph policy',
      outcome: 'wrong',
      seconds: 0,
      said: 'operator If',
      wanted: 'only these',
      hint: 'none',
    },
    { step: 'parity', outcome: 'notReached', said: 'needs graph policy' },
  ],
};
const request = { script: 'my.py', hyperparameters: {} };
const checkWith = (shell: string, onLine: (line: string) => void = () => undefined) =>
  checkScript(request, onLine, interpreter(shell));

describe('[S1] kaizen script check', () => {
  const NO_SERVING = 'print("from the script")\ndef train(epochs): return 1\n';

  test('runs the check and says of each step whether it is ok, or what is wrong and what is wanted', async () => {
    const script = fileWith('my.py', NO_SERVING);
    const { exitCode, output, errors } = await runKaizen(['script', 'check', script]);
    expect(exitCode).toBe(1);
    expect(output).toMatch(/^script {11}WRONG {7}train\(\) has a wrong signature: 'epochs' is not one of/m);
    expect(output).toMatch(/must define model_fn\(model_dir\)/);
    expect(output).toMatch(/^ {17}wanted: train\(\.\.\.\) with some of the eight arguments/m);
    expect(output).toMatch(/^train {12}- {11}needs script$/m);
    expect(errors).toContain('from the script');
    expect(errors).toMatch(/error: the script does not keep the contract: script$/);
  });

  test('as JSON leaves out what the script prints', async () => {
    const script = fileWith('my.py', NO_SERVING);
    const given = ['--hyperparameter', 'optimizer=adam', '--hyperparameter', 'epochs=2'];
    const { exitCode, output, errors } = await runKaizen(['script', 'check', script, '--json', ...given]);
    expect(exitCode).toBe(1);
    expect(JSON.parse(output)).toMatchObject({
      passed: false,
      hyperparameters: { optimizer: 'adam', epochs: 2, seed: 7 },
    });
    expect(JSON.parse(errors)).toEqual({
      error: { message: 'the script does not keep the contract: script', exitCode: 1 },
    });
  });

  test('says everything that keeps it from checking at once, with exit code 2', async () => {
    const line = `script check ${folder}/absent.py --images ${folder}/nowhere --hyperparameter script=x`;
    const { exitCode, output, errors } = await runKaizen(line);
    expect({ exitCode, output }).toEqual({ exitCode: 2, output: '' });
    expect(errors).toContain(`script: must be a Python file that exists, got ${folder}/absent.py`);
    expect(errors).toContain('script is given by the pipeline');
    expect(errors).toContain(`--images: must be a folder, got ${folder}/nowhere`);
  });

  test('says what to run where there is no Python', async () => {
    const python = join(folder, 'bin', 'python');
    await expect(checkScript(request, () => undefined, python)).rejects.toThrow(
      `scripts are checked by Python, and ${python} is missing: run \`npm run setup\``,
    );
  });

  test('tells how a check ended that gave no answer', async () => {
    await expect(checkWith('kill -9 $$')).rejects.toThrow(
      'the check ended by SIGKILL and without an answer; unless somebody ended it, the memory ran out',
    );
    await expect(checkWith('exit 3')).rejects.toThrow('the check ended with exit status 3');
  });

  test('takes an answer that fits its contract only, and tells what is printed line by line', async () => {
    const lines: string[] = [];
    const answer = fileWith('answer.json', JSON.stringify(REPORT));
    const shell = `echo one >&2; echo two >&2; cat ${answer}; exit 1`;
    expect(await checkWith(shell, (line) => lines.push(line))).toEqual(REPORT);
    expect(lines).toEqual(['one', 'two']);
    await expect(checkWith(`echo '{"passed": true}'`)).rejects.toThrow('script-check');
  });

  test('is a line for each step', () => {
    expect(formatScriptCheck(REPORT)).toBe(
      [
        '/my.py',
        'on 64 images (rendered) of dent, good',
        'with epochs=1 optimizer="adam"',
        'train            ok          1.3 s',
        'forward          not needed  export_onnx writes the graph',
        'graph policy     WRONG       operator If',
        '                 wanted: only these',
        '                 hint: none',
        'parity           -           needs graph policy',
      ].join('\n'),
    );
    expect(wrongSteps(REPORT)).toEqual(['graph policy']);
  });
});
