/**
 * Entry of the inference component, and the process that the nucleus watches. It starts the agent and starts it again: no
 * image, no graph, no camera and no native add-on comes near it, so that nothing of what the component works on can end it.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { jsonLog } from './shared/json-log';
import { afterAgentEnd, LONG_ENOUGH_MILLISECONDS, RUNNING } from './supervision/agent-end';
import { killGroup } from './supervision/process-group';

const AGENT_PROGRAM = join(__dirname, 'agent.cjs');
/** The agent stops within 3 s, or hangs. The classic nucleus waits for 5 s. */
const LONGEST_STOP_MILLISECONDS = 4_000;

let agent: ChildProcess | undefined;
let isTold = false;
let hasRun = false;
let endsInARow = 0;

function startAgent(): void {
  const startedAt = performance.now();
  // The leader of a group of its own, which is ended with it: a graph that loops for ever hears of no end.
  const child = fork(AGENT_PROGRAM, [], { detached: true, stdio: 'inherit', execArgv: process.execArgv });
  agent = child;
  child.on('message', (message) => {
    hasRun ||= message === RUNNING;
  });
  child.on('error', (error) => jsonLog.error('agent', { error: error.message }));
  child.on('exit', (code, signal) => {
    agent = undefined;
    if (child.pid !== undefined) killGroup(child.pid);
    const isLong = performance.now() - startedAt >= LONG_ENOUGH_MILLISECONDS;
    endsInARow = isLong ? 1 : endsInARow + 1;
    agentEnded(code, signal);
  });
}

function agentEnded(code: number | null, signal: NodeJS.Signals | null): void {
  const next = afterAgentEnd({ isTold, hasRun, code, endsInARow }, Math.random);
  if (next.act === 'exit') process.exit(next.code);
  jsonLog.error('process ended', { process: 'agent', reason: `ended with ${signal ?? code}`, endsInARow });
  setTimeout(startAgent, next.afterMilliseconds);
}

function stop(signal: NodeJS.Signals): void {
  if (isTold) return;
  isTold = true;
  if (!agent) process.exit(0);
  agent.kill(signal);
  setTimeout(() => process.exit(0), LONGEST_STOP_MILLISECONDS);
}

process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.on('exit', () => {
  if (agent?.pid !== undefined) killGroup(agent.pid);
});
startAgent();
