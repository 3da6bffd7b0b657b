/**
 * Keeps the templates of this version for the releases after it: `npx tsx bin/keep-templates.ts`, after `npm run build`,
 * as a part of every release.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { environmentTemplates } from '../lib/delivery/environment-templates';
import { packTemplates, releasedTemplatesPath } from '../lib/delivery/update/released-templates';
import { version } from '../package.json';

/** Environments whose stacks are updated; those of `local` live as long as one run. */
const UPDATED = ['dev', 'prod'];

const path = releasedTemplatesPath(version);
mkdirSync(dirname(path), { recursive: true });
writeFileSync(path, packTemplates(new Map(UPDATED.map((name) => [name, environmentTemplates(name)]))));
console.log(`wrote ${path}`);
