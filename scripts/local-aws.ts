/** What this project tells the local AWS: its Python environments, which of them stand for which images, and the functions' Node. */
import type { Interpreter } from '@kaizen-edge/local-aws';
import { FUNCTION_RUNTIMES, virtualEnvironmentPython } from './repository';

const INTERPRETERS: readonly Interpreter[] = [
  { imagePattern: /pytorch/, pythonPath: virtualEnvironmentPython() },
  {
    imagePattern: /mxnet/,
    pythonPath: virtualEnvironmentPython('.venv-mxnet'),
    install: '`npm run setup -- --mxnet`',
  },
];

export const LOCAL_AWS_SETTINGS = {
  python: virtualEnvironmentPython(),
  interpreters: INTERPRETERS,
  functionRuntimes: FUNCTION_RUNTIMES,
} as const;
