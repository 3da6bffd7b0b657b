import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';

const FOLDER = join(__dirname, '..', '..', 'dist', 'training');

/** The archive in dist/training/, and the command that makes it. */
function archiveOf(python: string | undefined): { readonly name: string; readonly command: string } {
  if (python === undefined) return { name: 'sourcedir.tar.gz', command: 'npm run build' };
  return {
    name: `sourcedir-python${python}.tar.gz`,
    command: `npx tsx scripts/build-training-source.ts --wheels ${python}`,
  };
}

/**
 * Code of every job of the pipeline: one archive, stored under a key that follows from its content. With network
 * isolation it holds the wheels of what the image lacks.
 */
export class TrainingSource extends Construct {
  readonly asset: Asset;
  readonly sha256: string;

  /**
   * @param python version of Python in the image, whose wheels come along; without one, jobs install from an index
   * @throws Error with the command when the archive has not been built
   */
  constructor(scope: Construct, id: string, python?: string, folder = FOLDER) {
    super(scope, id);
    const { name, command } = archiveOf(python);
    const path = join(folder, name);
    if (!existsSync(path)) {
      throw new Error(`the code of the training jobs is missing (dist/training/${name}): run \`${command}\``);
    }
    this.asset = new Asset(this, 'Archive', { path });
    this.sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  }
}
