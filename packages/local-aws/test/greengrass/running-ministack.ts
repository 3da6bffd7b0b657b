/** ministack in a folder of its own, without our services, for their integration tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ministack, startMinistack } from '../../launcher/ministack';
import { PYTHON } from '../python';

export async function startTestMinistack(): Promise<Ministack> {
  const workDirectory = mkdtempSync(join(tmpdir(), 'local-aws-test-'));
  const remove = () => rmSync(workDirectory, { recursive: true, force: true });
  try {
    const ministack = await startMinistack({ workDirectory, python: PYTHON, onCrash: console.error });
    const stop = async () => {
      await ministack.stop();
      remove();
    };
    return { ...ministack, stop };
  } catch (error) {
    remove();
    throw error;
  }
}
