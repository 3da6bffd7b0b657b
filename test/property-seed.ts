/**
 * Properties draw the same values in every run: a test that fails one time in a thousand says nothing of the commit
 * that it fails on. `npm run fuzz` draws others, and its first line has their seed.
 */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? 1) });
