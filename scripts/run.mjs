/** Runs one of the project's commands, after making sure that everything it needs is installed. */
import { spawn } from 'node:child_process';
import { ROOT, SetupError, setUpArm64, setUpMxnet, setup } from './setup.mjs';

const COMMANDS = {
  setup: {
    what: 'installs everything; with -- --mxnet also the environment for MXNet, with -- --arm64 Node for arm64',
    run: null,
  },
  demo: {
    what: 'runs the whole loop on a local AWS and writes out/demo/report.html',
    run: ['tsx', 'demo/main.ts'],
  },
  try: {
    what: 'your own images through the loop, and a report: npm run try -- <folder of images>',
    run: ['tsx', 'try/main.ts'],
  },
  local: {
    what: 'starts the local AWS and keeps it until Ctrl-C; with -- --keep in the background, until -- --end',
    run: ['tsx', 'scripts/local.ts'],
  },
  test: {
    what: 'types, lint, all tests, and the loop with small settings',
    run: ['node', 'scripts/test.mjs'],
  },
  fuzz: {
    what: 'feeds the parsers inputs nobody has seen: npm run fuzz -- <runs> <seed>',
    run: ['node', 'scripts/fuzz.mjs'],
  },
  build: {
    what: 'bundles the Lambda functions and the edge component',
    run: ['tsx', 'scripts/build-handlers.ts'],
  },
  bench: {
    what: 'measures the project against its goals: npm run bench lists them',
    run: ['tsx', 'bench/run.ts'],
  },
  kaizen: { what: 'the operator command line: npm run kaizen -- --help', run: ['tsx', 'bin/kaizen.ts'] },
};

function usage() {
  const lines = Object.entries(COMMANDS).map(([name, { what }]) => `  npm run ${name.padEnd(7)} ${what}`);
  return `Commands:\n${lines.join('\n')}`;
}

/**
 * Ctrl-C reaches the child too (same terminal); this process only waits for it to clean up. TypeScript is loaded by
 * tsx inside the child: the tsx command would be one more process between a signal and whom it is for.
 */
function runCommand([program, ...args]) {
  const nodeArguments = program === 'tsx' ? ['--import', 'tsx', ...args] : args;
  // The SDK's notice about Node 20 is for whoever updates our dependencies, not for whoever runs a command.
  const environment = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
  const child = spawn(process.execPath, nodeArguments, { cwd: ROOT, stdio: 'inherit', env: environment });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT') child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
}

const [name = '', ...rest] = process.argv.slice(2);
const command = COMMANDS[name];
if (!command) {
  console.error(`unknown command '${name}'.\n${usage()}`);
  process.exitCode = 2;
} else {
  try {
    setup();
    if (name === 'setup' && rest.includes('--mxnet')) setUpMxnet();
    if (name === 'setup' && rest.includes('--arm64')) setUpArm64();
    if (command.run) runCommand([...command.run, ...rest]);
    else console.log('setup: everything is installed');
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`setup: ${error.message}`);
    process.exitCode = 1;
  }
}
