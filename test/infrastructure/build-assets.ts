import { buildAll } from '../../scripts/build-handlers';

/** Synthesis reads bundles from dist/: builds them once before the project's tests. */
export default async function buildAssets(): Promise<void> {
  await buildAll();
}
