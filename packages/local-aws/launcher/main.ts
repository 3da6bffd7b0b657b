#!/usr/bin/env node
import { runLocalAws } from './command';

void runLocalAws(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
