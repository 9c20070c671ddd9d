import { isAbsolute, relative, resolve } from 'node:path';
import { DEFAULT_CONFIG_PATH, readEnvironment, sourceTokenName } from './env.ts';
import type { Fault } from './faults.ts';
import { defaultConfig, readConfig, unconfiguredNotice } from './file.ts';
import type { Config, Environment } from './types.ts';

export interface Settings {
  environment: Environment;
  config: Config;
}

/**
 * Reads the environment and voicecall.yaml, so that the faults of both are reported together. `readFile` returns a
 * file's text and throws like node:fs. A missing file means defaults, unless VOICECALL_CONFIG names it.
 */
export function loadSettings(sources: {
  env: Record<string, string | undefined>;
  readFile: (path: string) => string;
  cwd: string;
}): { settings?: Settings; faults: Fault[]; notices: string[] } {
  const { environment, faults } = readEnvironment(sources.env);
  const file = loadConfig(sources);
  const all = [...faults, ...file.faults, ...missingTokens(file.sources, sources.env)];
  if (environment === undefined || file.config === undefined) return { faults: all, notices: file.notices };
  return { settings: { environment, config: file.config }, faults: all, notices: file.notices };
}

/** Reads voicecall.yaml again while the program runs, with the environment of its start. */
export function reloadConfig(sources: Parameters<typeof loadConfig>[0]): ReturnType<typeof loadConfig> {
  const file = loadConfig(sources);
  return { ...file, faults: [...file.faults, ...missingTokens(file.sources, sources.env)] };
}

/** Reads only voicecall.yaml, for commands that need no credentials. */
export function loadConfig(sources: {
  env: Record<string, string | undefined>;
  readFile: (path: string) => string;
  cwd: string;
}): ReturnType<typeof readConfig> {
  const named = sources.env.VOICECALL_CONFIG?.trim() || undefined;
  const path = resolve(sources.cwd, named ?? DEFAULT_CONFIG_PATH);
  let text: string;
  try {
    text = sources.readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    if (code === 'ENOENT' && named === undefined)
      return { config: defaultConfig(), faults: [], notices: [unconfiguredNotice], sources: [] };
    const found =
      code === 'ENOENT' ? `no file at ${path}` : `a file that cannot be read (${code}) at ${path}`;
    return {
      faults: [
        {
          place: named === undefined ? 'voicecall.yaml' : 'VOICECALL_CONFIG',
          found,
          expected: 'a readable YAML file',
        },
      ],
      notices: [],
      sources: [],
    };
  }
  const shown = relative(sources.cwd, path);
  return readConfig(text, shown.startsWith('..') || isAbsolute(shown) ? path : shown);
}

/** A source without its token accepts nothing. Report that at the start, not when an alert comes. */
function missingTokens(names: string[], env: Record<string, string | undefined>): Fault[] {
  return names
    .map((source) => ({ source, place: sourceTokenName(source) }))
    .filter(({ place }) => !env[place]?.trim())
    .map(({ source, place }) => ({
      place,
      found: 'nothing',
      expected: `the token that the source ${source} of voicecall.yaml shows, 16 characters or more`,
      hint: 'Make one with: openssl rand -hex 24',
    }));
}
