/** Writes docs/commands.md: `npx tsx bin/write-command-reference.ts`, after a change of a command. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandReference } from '../cli/command-reference';
import { buildProgram } from '../cli/program';

const never = (): never => {
  throw new Error('no command is run');
};
const program = buildProgram({
  ...{ clients: never, write: never, writeError: never, now: never, sleep: never, userName: never },
});
const PAGE = join(__dirname, '..', 'docs', 'commands.md');
writeFileSync(PAGE, commandReference(program));
console.log(`wrote ${PAGE}`);
