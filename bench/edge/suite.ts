import { type Suite, suiteOf } from '../suite';
import { EdgeContext } from './context';
import { eventLoop } from './event-loop';
import { jpegFrames } from './jpeg-frames';
import { kills } from './kills';
import { nodePython } from './node-python';
import { outbox } from './outbox';
import { quantization } from './quantization';
import { rawFrame } from './raw-frame';
import { startup } from './startup';
import { swap } from './swap';
import { swapMemory } from './swap-memory';
import { verification } from './verification';

export const edgeSuite: Suite = suiteOf(
  'the inference component against its goals, its own parts and a Python program',
  [
    quantization,
    nodePython,
    rawFrame,
    jpegFrames,
    eventLoop,
    swap,
    swapMemory,
    verification,
    outbox,
    startup,
    // Last: it takes as long as all the others together.
    kills,
  ],
  EdgeContext.prepare,
);
