import { createRequire, enableCompileCache, flushCompileCache } from 'node:module';

enableCompileCache('/tmp/cc-test3');
const require = createRequire(import.meta.url);
await import('@slack/bolt');
const t = performance.now();
const a = performance.now();
const r = process.memoryUsage().rss;
if (process.argv[2] === 'c') require(process.argv[3]);
else await import(process.argv[3]);
console.log(
  process.argv[2],
  process.argv[3],
  (performance.now() - a).toFixed(0) + 'ms',
  ((process.memoryUsage().rss - r) / 1e6).toFixed(0) + 'MB',
);
flushCompileCache();
