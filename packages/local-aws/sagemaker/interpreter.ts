/** There are no containers here: a Python environment of this machine stands for an image. */
import { existsSync } from 'node:fs';

/** Which Python stands for which container images. */
export interface Interpreter {
  readonly imagePattern: RegExp;
  readonly pythonPath: string;
  /** The command that makes it, where it is there only on request. */
  readonly install?: string;
}

/** @throws Error ClientError when none stands for the image, or the one that does is not installed */
export function pythonOf(interpreters: readonly Interpreter[], image: string): string {
  const found = interpreters.find(({ imagePattern }) => imagePattern.test(image));
  if (found?.install !== undefined && !existsSync(found.pythonPath)) {
    throw new Error(
      `ClientError: the Python for the image '${image}' is not installed: run ${found.install}`,
    );
  }
  if (found) return found.pythonPath;
  const known = interpreters.map(({ imagePattern }) => String(imagePattern)).join(', ');
  throw new Error(
    `ClientError: no Python stands for the image '${image}'; there are ones for ${known || 'no image'}`,
  );
}
