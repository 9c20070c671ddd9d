import { enableCompileCache, flushCompileCache } from 'node:module';

if (process.env.CC) console.log(enableCompileCache('/tmp/cc-test'));
const t = performance.now();
for (const m of process.argv.slice(2)) {
  const a = performance.now();
  const r = process.memoryUsage().rss;
  await import(m);
  console.log(
    m,
    (performance.now() - a).toFixed(0) + 'ms',
    ((process.memoryUsage().rss - r) / 1e6).toFixed(0) + 'MB',
  );
}
console.log('total', (performance.now() - t) | 0, (process.memoryUsage().rss / 1e6) | 0);
if (process.env.CC) {
  const a = performance.now();
  flushCompileCache();
  console.log('flush', (performance.now() - a) | 0);
}
