import { buildAll } from '../../scripts/build-handlers';
import { makeTemporaryFolder } from './temporary-folder';

/** Synthesis reads bundles from dist/: builds them once before the project's tests. */
export default async function buildAssets(): Promise<void> {
  makeTemporaryFolder();
  await buildAll();
}
