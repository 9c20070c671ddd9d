import type { AlertSeverity } from '../config/types.ts';
import type { Label } from './labels.ts';
import { isShort } from './labels.ts';
import { readHead } from './words/state-words.ts';
import { alertNouns } from './words/vocabulary.ts';

export interface SeverityEvidence {
  labels: Label[];
  /** The first lines of headline-like parts, with the titles. */
  heads: string[];
  fallbacks: string[];
  /** State fields. "Status: CRITICAL" gives state and severity. */
  states: string[];
  /**
   * Azure counts from Sev0 (critical) to Sev4 (verbose), others from SEV1 to SEV5:
   * https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-overview
   */
  isAzure: boolean;
}

const levels: [level: AlertSeverity, words: string][] = [
  [
    'critical',
    'critical crit fatal disaster high highest emergency emerg blocker severe urgent panic page error err major alert catastrophic p0 p1 p2 s1 sev0 sev1 sev2',
  ],
  ['warning', 'warning warn average medium moderate minor degraded p3 s2 s3 sev3 notice'],
  [
    'info',
    'info information informational low lowest debug verbose ok normal none trivial p4 p5 s4 s5 sev4 sev5 negligible',
  ],
];

const levelOf = new Map<string, AlertSeverity>(
  levels.flatMap(([level, words]) => words.split(' ').map((word): [string, AlertSeverity] => [word, level])),
);

const severityLabels =
  /^(?:(?:alert|alarm|incident|issue|event|problem|trigger|monitor|rule|finding|current|highest|max)? ?(?:severity|priority|importance|urgency|criticality|sev|level|alertlevel|severity level|severity label|priority level|level status|log level|impact level|threat level)|severity name)$/;

/** In brackets or at the start these always mean a severity. "high" or "error" may be part of a name there. */
const clear =
  /^(?:critical|crit|fatal|disaster|emergency|warning|warn|info|informational|average|p[0-5]|sev-?[0-5]|high|medium|low|minor|major|error|notice|severe|urgent)$/;

/** The severity that the message states. Null if it states none. Prose is not read. */
export function readSeverity(evidence: SeverityEvidence): AlertSeverity | null {
  const { labels, heads, fallbacks, states, isAzure } = evidence;
  const inOrder = [
    ...labels.filter((label) => label.line === undefined),
    ...labels.filter((label) => label.line !== undefined),
  ];
  for (const label of inOrder) {
    if (!severityLabels.test(label.name) || !isShort(label.value)) continue;
    const level = levelOfValue(label.value, label.name, isAzure);
    if (level !== undefined) return level;
  }
  for (const line of [...heads, ...fallbacks]) {
    const level = inBrackets(line, isAzure);
    if (level !== undefined) return level;
  }
  for (const line of heads) {
    const level = atStart(line, isAzure);
    if (level !== undefined) return level;
  }
  for (const state of states) {
    const word = readHead(state).said[0]?.word ?? '';
    if (/^(?:critical|crit|warning|warn|fatal|disaster)$/.test(word)) return levelOf.get(word) ?? null;
  }
  return byEmoji(heads);
}

/** The severity for a format's own word ("error"). Null if the word says nothing about severity. */
export function severityWord(word: string): AlertSeverity | null {
  return levelOf.get(word.toLowerCase()) ?? null;
}

function levelOfWord(word: string, isAzure: boolean): AlertSeverity | undefined {
  const lower = word.toLowerCase().replace(/^(sev|p|s)[-_ ]?([0-5])$/, '$1$2');
  const azure = isAzure ? /^sev([0-4])$/.exec(lower)?.[1] : undefined;
  if (azure !== undefined) return azure <= '1' ? 'critical' : azure === '2' ? 'warning' : 'info';
  return levelOf.get(lower);
}

function levelOfValue(value: string, label: string, isAzure: boolean): AlertSeverity | undefined {
  const words = value.match(/[\p{L}][\p{L}-]*[\d]?|\d+(?:\.\d+)?/gu) ?? [];
  for (const word of words.slice(0, 4)) {
    if (/^:?[a-z_]+:$/.test(word)) continue;
    const level = levelOfWord(word, isAzure);
    if (level !== undefined) return level;
  }
  const number = Number(words[0] ?? 'x');
  if (!Number.isFinite(number)) return undefined;
  // Rule levels go up to 15
  // (https://documentation.wazuh.com/current/user-manual/ruleset/rules/rules-classification.html).
  if (label.includes('level')) return number >= 12 ? 'critical' : number >= 7 ? 'warning' : 'info';
  if (Number.isInteger(number) && number >= 1 && number <= 5)
    return number <= 2 ? 'critical' : number === 3 ? 'warning' : 'info';
  // Scores go up to 10 or 100; higher is worse.
  const score = number > 10 ? number / 10 : number;
  return score >= 7 ? 'critical' : score >= 4 ? 'warning' : 'info';
}

function inBrackets(line: string, isAzure: boolean): AlertSeverity | undefined {
  const head = line.slice(0, 1_200);
  for (const [, inner = ''] of head.matchAll(/\[([^[\]]{1,60})\]/g)) {
    for (const part of inner.split(/[\s:,|/]+/)) {
      if (clear.test(part.toLowerCase())) return levelOfWord(part, isAzure);
    }
  }
  // "[FIRING:1] DiskFull (host1 warning)": the values of shared labels. Severity is one of them if all alerts share
  // it.
  if (/^\W{0,8}\[(?:firing|resolved)/i.test(head)) {
    for (const [, inner = ''] of head.matchAll(/\(([^()]{1,600})\)/g)) {
      for (const part of inner.split(/[\s,]+/).reverse()) {
        if (/^(?:critical|warning|info|p[0-5]|sev-?[0-5]|page|high|average|disaster|none)$/i.test(part))
          return levelOfWord(part, isAzure);
      }
    }
  }
  for (const [, inner = ''] of head.matchAll(/\(([^()]{1,24})\)/g)) {
    const words = inner.replace(/^(?:severity|priority)[:= ]+/i, '').trim();
    if (clear.test(words.toLowerCase())) return levelOfWord(words, isAzure);
  }
  return undefined;
}

function atStart(line: string, isAzure: boolean): AlertSeverity | undefined {
  const stated = /\b(?:severity|priority)\s?[:=]\s?["']?(\w[\w-]{0,15})/i.exec(line.slice(0, 200))?.[1];
  if (stated !== undefined) {
    const level = levelOfWord(stated, isAzure);
    if (level !== undefined) return level;
  }
  const reading = readHead(line);
  const words = reading.tokens.filter((token) => token.kind === 'word');
  for (const token of words.slice(0, 4)) {
    if (/^(?:p[0-5]|sev-?[0-5])$/.test(token.lower)) return levelOfWord(token.text, isAzure);
  }
  const said = reading.said.filter((item) => item.class === 'bad').map((item) => item.word);
  const named = said.find((word) =>
    /^(?:critical|crit|warning|warn|fatal|disaster|emergency|minor|major)$/.test(word),
  );
  if (named !== undefined) return levelOf.get(named);
  const [first, second] = words;
  // "High severity alert", "Warning alert …", "Critical priority issue is activated"
  if (first !== undefined && second !== undefined && clear.test(first.lower)) {
    if (/^(?:severity|priority|alert|alarm|incident|issue|problem|threshold|condition)$/.test(second.lower))
      return levelOfWord(first.text, isAzure);
  }
  const stating = words
    .slice(0, 5)
    .find(
      (token, index) =>
        clear.test(token.lower) && /^(?:severity|priority)$/.test(words[index + 1]?.lower ?? ''),
    );
  if (stating !== undefined) return levelOfWord(stating.text, isAzure);
  // "Alert Firing High": only state and severity.
  const rest = words.filter((token) => token.said === undefined && !alertNouns.has(token.lower));
  const [only] = rest;
  if (rest.length === 1 && only !== undefined && words.length > 1 && clear.test(only.lower))
    return levelOfWord(only.text, isAzure);
  const verb = words.slice(0, 2).find((token) => token.said !== undefined);
  if (verb !== undefined && second !== undefined && /^(?:critical|warning|warn)$/.test(second.lower))
    return levelOfWord(second.text, isAzure);
  return undefined;
}

/** An emoji at the start is a severity if no state word is beside it: "🔴 Down" is a state, "🔴 Disk full" is not. */
function byEmoji(heads: string[]): AlertSeverity | null {
  for (const line of heads.slice(0, 3)) {
    if (/^\W{0,3}(?::large_blue_circle:|:blue_circle:|:information_source:|🔵|ℹ)/u.test(line)) return 'info';
    const reading = readHead(line);
    if (reading.emoji === undefined) continue;
    if (reading.emoji.color === 'green') return null;
    if (reading.emoji.color === 'yellow') return 'warning';
    const stateBeside = reading.said.some(
      (item) => item.lead || item.class === 'bad' || item.class === 'good',
    );
    return stateBeside || reading.weak ? null : 'critical';
  }
  return null;
}
