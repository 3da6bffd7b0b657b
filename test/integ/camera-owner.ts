/** A process that runs a camera's program: arguments are the executable and how the process ends, exit or wait. */
import { frameSourceOf } from '../../edge-components/inference/src/cameras/sources';

const [executable = '', ending] = process.argv.slice(2);
const quiet = (): void => undefined;
const source = frameSourceOf(
  'top',
  { type: 'rtsp', url: 'rtsp://127.0.0.1/live' },
  {
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    log: { info: quiet, warn: quiet, error: quiet },
    maximumFrameBytes: () => 1_000_000,
    random: Math.random,
    executables: { ffmpeg: executable, gstreamer: executable },
  },
);
source.start({
  accept: () => {
    process.stdout.write('frame\n');
    if (ending === 'exit') process.exit(0);
  },
  room: () => 1,
  ready: () => Promise.resolve(),
});
