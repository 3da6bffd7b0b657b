#!/usr/bin/env node
/** `npx kaizen`: the operator's commands without npm's banner. TypeScript is loaded by tsx, in this process. */
// The SDK's notice about Node 20 is for whoever updates our dependencies, not for whoever runs a command.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

try {
  await import('tsx');
} catch (error) {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  console.error('error: nothing is installed here yet: npm run setup');
  process.exit(1);
}
await import('./kaizen.ts');
