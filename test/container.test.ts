import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { isBuiltin } from 'node:module';
import { resolve } from 'node:path';
import { suite, test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { z } from 'zod';

const root = resolve(import.meta.dirname, '..');
const read = (path: string) => readFileSync(resolve(root, path), 'utf8');
const packages = z
  .looseObject({
    dependencies: z.record(z.string(), z.string()),
    devDependencies: z.record(z.string(), z.string()),
  })
  .parse(JSON.parse(read('package.json')));

/** The Dockerfile's instructions, with continued lines joined and without comments. */
const dockerfile = read('Dockerfile')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, ' ')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => {
    const [, word = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line.trim()) ?? [];
    return { word, rest };
  });
const instruction = (word: string) => dockerfile.filter((each) => each.word === word).map(({ rest }) => rest);
const command = (text: string): string[] => z.array(z.string()).parse(JSON.parse(text));

suite('the image', () => {
  test('src imports nothing that the image leaves out', () => {
    // Type imports are removed before anything runs.
    const statement = /^(?:import(?! type\b)|export(?! type\b)|\}) ?(?:.*\bfrom )?'([^']+)'/gm;
    const call = /\bimport\(\s*['"]([^'"]+)['"]/g;
    const imported = globSync('src/**/*.{ts,mjs}', { cwd: root }).flatMap((path) => {
      const text = read(path);
      return [...text.matchAll(statement), ...text.matchAll(call)].map(([, name = '']) => ({ path, name }));
    });
    const bare = imported.filter(({ name }) => !name.startsWith('.') && !isBuiltin(name));
    assert.ok(bare.length > 10, 'the imports were read');
    const missing = bare.filter(({ name }) => {
      const [first = '', second = ''] = name.split('/');
      return packages.dependencies[name.startsWith('@') ? `${first}/${second}` : first] === undefined;
    });
    assert.deepEqual(missing, []);
  });

  test('what is copied exists, and the build may see it', () => {
    const copied = instruction('COPY')
      .filter((rest) => !rest.startsWith('--from'))
      .flatMap((rest) => rest.split(/\s+/).slice(0, -1));
    assert.deepEqual([...new Set(copied)].sort(), ['manifest', 'package-lock.json', 'package.json', 'src']);
    for (const path of copied) assert.ok(existsSync(resolve(root, path)), path);
    const lines = read('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    assert.deepEqual(lines.toSorted(), ['*', ...new Set(copied.map((path) => `!${path}`))].toSorted());
  });

  test('it runs without root, stops when asked, and starts what npm start starts', () => {
    assert.deepEqual(instruction('USER'), ['node']);
    assert.deepEqual(instruction('STOPSIGNAL'), ['SIGTERM']);
    assert.match(instruction('ENV').join(' '), /DATA_DIR=\/data\b/);
    assert.deepEqual(instruction('VOLUME'), ['/data']);
    const { scripts } = z
      .looseObject({ scripts: z.record(z.string(), z.string()) })
      .parse(JSON.parse(read('package.json')));
    assert.equal(scripts.start, `exec ${command(instruction('CMD').at(-1) ?? '').join(' ')}`);
    for (const from of instruction('FROM')) assert.match(from, /^node:24-slim\b/);
  });

  test('its health check accepts an answer of /healthz and nothing else', async () => {
    const [, program = '', ...parameters] = command(
      /CMD (\[.*\])$/.exec(instruction('HEALTHCHECK')[0] ?? '')?.[1] ?? '[]',
    );
    let status = 200;
    const server = createServer((request, response) => {
      response.writeHead(request.url === '/healthz' ? status : 404).end();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const env = { ...process.env, PORT: String(address.port) };
    const ask = () => promisify(execFile)(process.execPath, [program, ...parameters], { env });
    await ask();
    status = 500;
    await assert.rejects(ask(), { code: 1 });
    await new Promise((done) => server.close(done));
    await assert.rejects(ask(), { code: 1 });
  });
});

suite('compose.yaml', () => {
  const service = z.looseObject({
    environment: z.record(z.string(), z.string()),
    restart: z.string(),
    stop_grace_period: z.string(),
    mem_limit: z.string().regex(/^\d+m$/),
    pids_limit: z.int(),
  });
  const compose = z
    .strictObject({
      services: z.strictObject({
        voicecall: service.extend({
          env_file: z.literal('.env'),
          read_only: z.literal(true),
          tmpfs: z.array(z.string()),
          depends_on: z.strictObject({
            postgres: z.strictObject({ condition: z.literal('service_healthy') }),
          }),
        }),
        postgres: service.extend({
          image: z.string(),
          volumes: z.array(z.string()),
          healthcheck: z.looseObject({ test: z.array(z.string()) }),
        }),
      }),
      volumes: z.record(z.string(), z.null()),
    })
    .parse(parse(read('compose.yaml')));
  const { voicecall, postgres } = compose.services;

  test('Voicecall has more time to stop than it needs', () => {
    const stopWithinMs = Number(
      /stopWithinMs = ([\d_]+)/.exec(read('src/main.ts'))?.[1]?.replaceAll('_', ''),
    );
    assert.ok(Number.parseInt(voicecall.stop_grace_period, 10) * 1000 > stopWithinMs, `${stopWithinMs} ms`);
  });

  test('it uses the database beside it', () => {
    const url = new URL((voicecall.environment.DATABASE_URL ?? '').replaceAll(/\$\{.*?\}/g, 'x'));
    assert.deepEqual(
      [url.protocol, url.username, url.host, url.pathname],
      [
        'postgres:',
        postgres.environment.POSTGRES_USER,
        'postgres:5432',
        `/${postgres.environment.POSTGRES_DB}`,
      ],
    );
    assert.match(postgres.image, /^postgres:17\.\d+$/, 'an exact version');
    for (const volume of postgres.volumes) assert.ok((volume.split(':')[0] ?? '') in compose.volumes);
    assert.deepEqual(voicecall.tmpfs, ['/tmp']);
  });
});
