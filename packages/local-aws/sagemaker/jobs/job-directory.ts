/**
 * How a job's directory stands in for its container. In a container everything lies under `/opt/ml`; here every
 * host of a job has a private directory instead, and every absolute `/opt/ml` in the entry point, the arguments
 * and the environment of its process is translated to it. Code that reads paths from its arguments or from the
 * `SM_*` environment runs unchanged; code with `/opt/ml` written in it does not find its files.
 */
import { join } from 'node:path';

const CONTAINER_ROOT = '/opt/ml';
/** `/opt/ml` at the start of a path, wherever in the text that path stands: "cd /opt/ml/code && ...". */
const CONTAINER_PATH = /(?<![\w./-])\/opt\/ml(?![\w-])/g;

export class JobDirectory {
  /** @param root what stands for /opt/ml */
  constructor(readonly root: string) {}

  /** The path on this machine of a path in the container. */
  path(...parts: string[]): string {
    return join(this.root, ...parts);
  }

  translate(text: string): string {
    return text.replace(CONTAINER_PATH, this.root);
  }

  /**
   * @param containerPath a LocalPath of a request
   * @throws Error when it is not below /opt/ml: there is nothing else in the stand-in
   */
  locate(containerPath: string): string {
    if (!containerPath.startsWith(`${CONTAINER_ROOT}/`) || containerPath.split('/').includes('..')) {
      throw new Error(`ClientError: LocalPath must be below ${CONTAINER_ROOT}, got '${containerPath}'`);
    }
    return this.path(containerPath.slice(CONTAINER_ROOT.length + 1));
  }
}
