import { memoize } from './words/memoize.ts';
import { inEnglish } from './words/other-languages.ts';
import { readHead, type Token } from './words/state-words.ts';
import { fillers, wordClasses } from './words/vocabulary.ts';

// A quantity is not what an alert is about: the next message of the same alert has another one.
const unit =
  '(?:%|percent|pct|ns|µs|us|ms|msecs?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?|b|bytes?|[kmgtp]i?b(?:\\/s|ps)?|[kmgt]bit(?:\\/s)?|[kmg]bps|rpm|rps|qps|iops|°c|°f|°|c|f|hz|mhz|ghz|v|w|k|x)';
const counted =
  '(?:times?|errors?|events?|requests?|reqs?|alerts?(?:\\(s\\))?|messages?|msgs?|items?|occurrences?|users?|failures?|attempts?|retries|records?|rows?|hits?|samples?|instances?|pods?|replicas?|connections?|sessions?|files?|entries|results?|checks?|locations?|matches|documents?|docs|logs?|exceptions?|incidents?|violations?|nodes?|restarts?|hosts?|servers?|devices?|containers?|targets?|endpoints?|consumers?|services?|jobs?|tasks?|threads?|tickets?|e?mails?)';

const volatilePatterns: [RegExp, string][] = [
  [
    /\b\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[t ,]{1,2}\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d{1,9})?(?: ?(?:z|utc|gmt|[+-]\d{2}:?\d{2}))?)?/g,
    ' ',
  ],
  [/\b\d{1,2}[/.]\d{1,2}[/.]\d{4}\b/g, ' '],
  [/\b\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d{1,9})? ?(?:am|pm|utc|gmt|z|cest|cet|est|edt|pst|pdt)?\b/g, ' '],
  [
    /\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},? (?=\d|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)/g,
    ' ',
  ],
  [
    /\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6} \d{1,2}(?:st|nd|rd|th)?(?:,? \d{4})?\b/g,
    ' ',
  ],
  [/\b\d{1,2} (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}(?: \d{4})?\b/g, ' '],
  [/\b1[5-9]\d{8}(?:\d{3})?\b/g, ' '],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, ' '],
  [
    /\b(?:event|evt|trace|request|correlation|transaction|notification|execution|run|session|message)[ _-]?id ?[:=#]? ?[\w-]{1,64}/g,
    ' ',
  ],
  // An HTTP status, and what a second sentence says about now.
  [/\(\s?[1-5]\d\d\s?\)/g, ' '],
  [/(?<=[\p{L}\p{N})])\. (?:[\p{L}\p{N}]{1,20} ){1,3}is currently\b.{0,200}$/gu, ' '],
  [/\((?:max|min|maximum|minimum|limit|threshold|usual|normal)\b[^()]{0,40}\)/g, ' '],
  // Numbers of builds and notifications. The number of an incident is kept in Identity.incident.
  [/#\d{1,12}\b/g, ' '],
  [/\b(?:try|attempt|retry) ?\d{1,6}(?: ?(?:of|\/) ?\d{1,6})?(?![\w-])/g, ' '],
  [new RegExp(`(?<![\\w/.-])\\d{1,12} ?(?:of|/|out of) ?\\d{1,12}(?![\\w/])(?: ${counted}\\b)?`, 'g'), ' '],
  // A threshold belongs to the check and stays: "> 90%".
  [
    new RegExp(
      `(?<![\\w.>=<≥≤-]|[><≥≤]=? ?|above |below |over |under |exceeds )[+-]?\\d{1,12}(?:[.,]\\d{1,9})? ?${unit}(?![\\w-])`,
      'g',
    ),
    ' ',
  ],
  [
    new RegExp(
      `(?<![\\w.-])\\d{1,12}(?:\\.\\d{1,9})?[km]? (?:new |more |failed |total |unique |of the |firing |resolved |active |open )?${counted}(?![\\w-])`,
      'g',
    ),
    ' ',
  ],
  // "DiskFull - 2 firing", "FIRING (2)"
  [/\b(?:firing|resolved) ?\(\d{1,6}\)/g, ' '],
  [
    /(?<=(?:^|[^\p{L}\p{N}\s]) ?)(?<![\w.-])\d{1,6} (?:firing|alerting|triggered|resolved|recovered)(?![\w-])/gu,
    ' ',
  ],
  [/(?<![\w-])\d{1,6}(?:st|nd|rd|th)(?: occurrences?| time| event| error(?= ?:))?(?![\w-])/g, ' '],
  [
    /(?:(?<![<>!])=|\b(?:value|val|current|currently|actual|count|now at|is at|was|is|reached|at|got|of|lag|latency|depth|size|length|usage|rate|load|backlog|total|duration|temperature|score)\b[:=]?|[:=]) ?[+-]?\d{1,12}(?:\.\d{1,9})?(?:e[+-]?\d{1,3})?(?![\w-]|\.\w)/g,
    ' ',
  ],
  [/(?<![\w.>=<≥≤-]|[><≥≤]=? ?)[+-]?\d{1,12}\.\d{1,9}(?![\w.-])/g, ' '],
  [/(?<![\w-])(?:(?:\d{1,6} ?(?:d|h|m|s|ms)(?=\d|\b) ?){1,5})/g, ' '],
];

/** The first words of the reason why a check failed. */
const reasons =
  'reason\\b|thresholds? crossed\\b|(?<!\\b(?:new|first|fatal|unhandled) )error\\b ?:|we (?:detected|found|received|could)\\b|cause\\b|root cause\\b|because\\b|due to\\b|http\\/?\\d?(?:\\.\\d)? ?(?:status|error|code|\\d{3})|status(?: code)? ?:? ?\\d{3}|\\d{3} ?[-–:]? ?(?:ok|not found|internal|bad gateway|service unavailable|gateway|forbidden|unauthorized|server|too many)|connection (?:timed? ?out|refused|reset|timeout|error)|connect timeout|timedout|timeout\\b|timed out|no response|dns\\b|ssl\\b|host (?:is )?(?:unreachable|not found)|request (?:timed|failed|aborted)|unexpected\\b|expected\\b|keyword\\b|socket\\b|read timeout|(?:connect )?econn|connect etimedout|getaddrinfo|name resolution|it was down\\b|was down\\b|downtime\\b|(?:lasted|duration|down for|up for|outage lasted)\\b|after\\b(?=\\s*(?:$|[^\\p{L}\\s]|(?:of|at|about|around|over|almost|nearly|more|less|an?|the last|being|passing|failing|downtime)\\b))|ping\\b ?(?:timeout|failed|loss)|packet loss|the (?:monitor|service|site|check) |started at|since\\b|last (?:seen|value|ping)';
/** Where a reason may begin. It comes after the name of what failed and differs each time. */
const reasonStart = new RegExp(
  `(?:\\s[-–—|]\\s|:\\s|\\.\\s|,\\s|\\s?\\(|;\\s|\\s)(?:${reasons})|(?:\\s[-–—|]\\s|:\\s|\\.\\s|,\\s|\\s?\\(|;\\s)response (?:code|time(?! (?:of|for|on|in) ))`,
  'giu',
);
/** "… timeout on web-1": where it happened is not a part of the reason. */
const placeAtEnd = /\s(?:on|of|for|in) ([\p{L}\p{N}][\p{L}\p{N}_./-]{1,60})\W{0,3}$/u;

/** "HOST: db01 SERVICE: MySQL MESSAGE: …": the check's output comes last and differs each time. */
const printed = /^([^\p{L}]{0,40}\p{L}{3,12}: \S.{0,300}?) (?:message|output|info|details?) ?: .*$/u;

/**
 * The address of a script after a sentence: "… is Up (12 ms) prtg.example.com/sensor.htm". Its id is read from the
 * link.
 */
const trailingPage =
  /(?<=[).]) [\w-]{1,60}(?:\.[\w-]{1,60}){1,5}\/[^\s?]{0,200}\.(?:html?|php|aspx|cgi|jsp)$/;

/** The address of a ticket after a sentence: "Docs is down: github.com/acme/status/issues/41". Its id is read from the link. */
const trailingTicket =
  /(?<=[\p{L}\p{N})\].:–-]) (?:https?:\/\/)?[\w-]{1,60}(?:\.[\w-]{1,60}){1,5}\/[^\s?]{0,200}\b(?:issues?|incidents?|tickets?|alerts?|problems?|browse)\/[\w-]{1,60}$/u;

/** A title without state and numbers. */
export interface Core {
  /** The words in order. Two messages with equal words belong to the same alert. */
  strict: string;
  /** Fewer words, sorted. Enough to end an alert if only one fits. */
  loose: string;
}

// State words that come in pairs (firing and resolved, down and up) are removed from the title. Words that name a
// fault ("timeout", "expired", "exceeded") stay, because two faults of one thing are two alerts.
const kept = new Set(
  `timeout timedout late missed overdue expired exceeded exceeds stalled stuck panic outage broken crashed crashing crash crashloopbackoff
   oomkilled lost anomaly anomalous nodata inaccessible violation regression working responding test custom monitoring updated
   completed merged deployed published pushed joined`.split(/\s+/),
);

/** Words that a resolve may say differently. */
export const looseWords = new Set(
  `high low elevated above below over under exceeded exceeds exceeding threshold limit limits normal usage value level too is on for in at with from
   the a and or back range within more less than greater increased decreased spike drop slow now has have been was went alert detected not
   error errors failed failure host service monitor check job condition status state changed sealed unsealed thresholds it its this that critical warning down up ok again return
   returned recovered resolved closed new down unavailable available unreachable reachable no longer responding response timeout timedout
   nodata outage high-priority priority severity by after since started ended online offline alive ongoing improved ready open no
   behind lag lagging detected important or running could connect reconnected cleared breach fixed`.split(
    /\s+/,
  ),
);

/**
 * The stable part of a title: without state words, severity, emoji and quantities; with names and numbers of things.
 * Reads 400 characters, in linear time.
 */
export const normalizeTitle = memoize(coreOf);

function coreOf(title: string): Core {
  let text = inEnglish(title.slice(0, 400));
  // Alertmanager adds the labels that all alerts of the group share in brackets. They change with the group.
  if (/^\W{0,12}\[(?:firing|resolved)\b/i.test(text)) text = withoutTrailingBracket(text);
  const lower = stripVolatile(text);
  const names: string[] = [];
  /** How many names the first sentence has. */
  let sentence: number | undefined;
  const { tokens } = readHead(lower);
  // "Resolved: … by Anna": the person's name is not what the alert is about.
  const endedBy = tokens.some((token) => token.said === 'resolves')
    ? tokens.findIndex((token, index) => token.lower === 'by' && index >= tokens.length - 3)
    : -1;
  const people = endedBy < 0 ? [] : tokens.slice(endedBy + 1).map((token) => token.lower);
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'word') {
      if (token.text === '.') sentence ??= names.length;
      if (/^[<>≥≤]$/.test(token.text)) names.push(token.text);
      continue;
    }
    if (token.said !== undefined && !kept.has(token.lower)) continue;
    if (
      token.bracketed &&
      (wordClasses.has(token.lower) || /^(?:info|p[0-5]|sev-?[0-5]|high|medium|low)$/.test(token.lower))
    )
      continue;
    if (fillers.has(token.lower) || generic.has(token.lower)) continue;
    // "cart healthy" ends "cart unhealthy".
    if (wordClasses.get(token.lower) === 'good' && tokens[index + 1]?.kind !== 'word') continue;
    // "in 5m:" without its quantity leaves a lone "in".
    const next = tokens[index + 1];
    const leadsOn = next?.kind === 'word' || (next !== undefined && /^["'“‘[({<>#$]$/.test(next.text));
    if (/^(?:in|after|for|at|since|with|on|of|from|within)$/.test(token.lower) && !leadsOn) continue;
    names.push(token.lower);
  }
  const looseOf = (some: string[]) =>
    new Set(some.filter((name) => !looseWords.has(name) && !people.includes(name) && !/^[<>≥≤]$/.test(name)));
  // "Detected DeadMaster on orders. Affected replicas: 3": a second sentence says how it is now.
  const first = looseOf(names.slice(0, sentence));
  const loose = [...(first.size >= 2 ? first : looseOf(names))].sort().join(' ');
  return { strict: names.join(' '), loose };
}

/** "12,410" as a decimal, so that the patterns for quantities find it whole. */
function withoutThousands(text: string): string {
  return text.replace(
    /(?<![\d.,])\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,9})?(?![\d,])/g,
    (found) => `${found.replaceAll(',', '')}${found.includes('.') ? '' : '.0'}`,
  );
}

/** Removes quantities, times and one-time ids. Keeps capitals, because they distinguish a state from a name. */
function stripVolatile(text: string): string {
  let rest = withoutThousands(text)
    .replace(insensitive(printed), '$1')
    .replace(trailingPage, '')
    .replace(trailingTicket, '');
  for (const [pattern, replacement] of volatilePatterns)
    rest = rest.replace(insensitive(pattern), replacement);
  return withoutReason(rest)
    .replace(/\(\s*\)|\[\s*\]/g, ' ')
    .replace(/[ \t]+/g, ' ')
    .trim();
}

const insensitiveCache = new Map<RegExp, RegExp>();
function insensitive(pattern: RegExp): RegExp {
  let made = insensitiveCache.get(pattern);
  if (made === undefined) {
    made = new RegExp(pattern.source, `${pattern.flags}i`);
    insensitiveCache.set(pattern, made);
  }
  return made;
}

/** How many places in a title are tried as the start of its reason. */
const mostReasons = 3;

/**
 * Cuts the reason. It comes after a state: not in "High packet loss on router-3". A title that consists of its reason
 * ("Connection timed out") keeps it.
 */
function withoutReason(text: string): string {
  let tried = 0;
  for (const { index } of text.matchAll(reasonStart)) {
    if (++tried > mostReasons) break;
    // "(HTTP timeout)" goes with its bracket.
    const before = text.slice(0, index).replace(/\s?\([^()]{0,60}$/, '');
    const { tokens, said } = readHead(before);
    if (said.length === 0 || !tokens.some(namesSomething)) continue;
    const place = placeAtEnd.exec(text.slice(index))?.[1] ?? '';
    const isName = /\p{L}/u.test(place) && /\d|[\p{L}\p{N}][._/-][\p{L}\p{N}]/u.test(place);
    return isName ? `${before} on ${place}` : before;
  }
  return text;
}

function namesSomething({ kind, said, lower }: Token): boolean {
  if (kind !== 'word' || said !== undefined) return false;
  return !generic.has(lower) && !fillers.has(lower) && !looseWords.has(lower) && /[\p{L}\p{N}]/u.test(lower);
}

function withoutTrailingBracket(text: string): string {
  const end = text.trimEnd();
  if (!/[)…]$|\.\.\.$/.test(end)) return end;
  let depth = 0;
  for (let index = end.length - 1; index > 0; index--) {
    if (end[index] === ')') depth++;
    if (end[index] === '(' && --depth <= 0) return index > 10 ? end.slice(0, index) : end;
  }
  return end;
}

/** Words that occur in every alert and name nothing. */
export const generic = new Set(
  `alert alerts alarm alarms incident incidents problem notification notifications recovery event severity priority status state triggered
   firing resolved closed opened issue new details detail view escalation violation violated please`.split(
    /\s+/,
  ),
);
