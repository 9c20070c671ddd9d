import { reasonOf } from '../errors.ts';

/** The result of one check. `remedy` says what to do. */
export type Finding =
  | { state: 'ok'; text: string }
  | { state: 'note'; text: string; remedy: string }
  | { state: 'wrong'; text: string; remedy: string }
  /** Not possible, because something else is missing; another line says what. */
  | { state: 'skipped'; text: string };

export interface Check {
  /** What is checked, for example "database". */
  name: string;
  run: () => Promise<Finding[]>;
}

export const ok = (text: string): Finding => ({ state: 'ok', text });
export const note = (text: string, remedy: string): Finding => ({ state: 'note', text, remedy });
export const wrong = (text: string, remedy: string): Finding => ({ state: 'wrong', text, remedy });
export const skipped = (text: string): Finding => ({ state: 'skipped', text });

/**
 * Runs all checks at once, each for at most `withinMs`. A check that fails or hangs does not hide the others. Returns
 * lines in the order of the checks.
 */
export async function runChecks(
  checks: readonly Check[],
  withinMs: number,
): Promise<{ lines: string[]; good: boolean }> {
  const all = await Promise.all(
    checks.map(async ({ name, run }) => ({ name, findings: await settle(run, withinMs) })),
  );
  const lines = all.flatMap(({ name, findings }) => findings.map((finding) => line(name, finding)));
  const good = all.every(({ findings }) => findings.every(({ state }) => state !== 'wrong'));
  return { lines, good };
}

async function settle(run: Check['run'], withinMs: number): Promise<Finding[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Finding[]>((resolve) => {
    timer = setTimeout(
      () =>
        resolve([
          wrong(`no answer within ${withinMs / 1000} s`, 'Check the network between here and there.'),
        ]),
      withinMs,
    );
  });
  try {
    return await Promise.race([run(), late]);
  } catch (error) {
    return [wrong(reasonOf(error), 'This is unexpected: please report it.')];
  } finally {
    clearTimeout(timer);
  }
}

function line(name: string, finding: Finding): string {
  const word = { ok: 'ok', note: 'note', wrong: 'WRONG', skipped: '-' }[finding.state];
  const rest =
    'remedy' in finding ? `${finding.text.replace(/[.\s]*$/, '.')} ${finding.remedy}` : finding.text;
  return `${word.padEnd(5)}  ${name}: ${rest.replace(/\s+/g, ' ').trim()}`;
}
