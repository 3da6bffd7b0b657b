import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';

const ARCHIVE = join(__dirname, '..', '..', 'dist', 'training', 'sourcedir.tar.gz');

/** Code of every job of the pipeline: one archive, stored under a key that follows from its content. */
export class TrainingSource extends Construct {
  readonly asset: Asset;
  readonly sha256: string;

  /** @throws Error when the archive has not been built */
  constructor(scope: Construct, id: string) {
    super(scope, id);
    if (!existsSync(ARCHIVE)) {
      throw new Error(
        'the code of the training jobs is missing (dist/training/sourcedir.tar.gz): run `npm run build`',
      );
    }
    this.asset = new Asset(this, 'Archive', { path: ARCHIVE });
    this.sha256 = createHash('sha256').update(readFileSync(ARCHIVE)).digest('hex');
  }
}
