/** Appends numbered records to the outbox in the folder given, and prints each number once its record is confirmed. */
import { writeSync } from 'node:fs';
import { openOutbox, recordOf } from '../outbox-records';

async function main(): Promise<void> {
  const [folder, first] = process.argv.slice(2);
  if (folder === undefined || first === undefined)
    throw new Error('append-records: needs a folder and a number');
  const outbox = await openOutbox(folder);
  for (let number = Number(first); ; number++) {
    await outbox.append(recordOf(number));
    // Not console.log: what it has buffered dies with the process.
    writeSync(1, `${number}\n`);
  }
}

main().catch((error: Error) => {
  console.error(error.stack);
  process.exitCode = 1;
});
