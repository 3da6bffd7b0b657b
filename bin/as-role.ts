/**
 * Runs a command as a role of whichever account: `npx tsx bin/as-role.ts <role arn> <region> <command> <arguments...>`. Its
 * exit code is the command's.
 */
import { spawn } from 'node:child_process';
import { STSClient } from '@aws-sdk/client-sts';
import { assumeRole, credentialVariables } from '../cli/delivery/assume-role';

async function main([role, region, command, ...parameters]: readonly string[]): Promise<number> {
  if (role === undefined || region === undefined || command === undefined) {
    console.error('usage: npx tsx bin/as-role.ts <role arn> <region> <command> <arguments...>');
    return 2;
  }
  const credentials = await assumeRole(new STSClient({ region }), role);
  // A profile would win over the credentials.
  const { AWS_PROFILE: _, ...environment } = process.env;
  const child = spawn(command, parameters, {
    stdio: 'inherit',
    env: { ...environment, ...credentialVariables(credentials, region) },
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

main(process.argv.slice(2)).then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: Error) => {
    console.error(`error: ${error.message}`);
    process.exitCode = 1;
  },
);
