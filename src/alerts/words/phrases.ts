// Phrases that the reader of heads takes for one word, before it looks at single words.

const bad =
  'ok|okay|up|normal|healthy|clear|resolved|recovered|available|reachable|online|operational|responding|working|passing|completed|complete|finished|succeeded|ready|cleared|closed|fixed|successful';
const worse =
  'critical|down|firing|active|alerting|failing|failed|triggered|warning|degraded|unhealthy|breaching|breached|unreachable|in alarm|above|below|exceeding|offline|detected|unavailable|high|violated|violating|present|occurring|late|met|true|lagging|invalid';

/** Phrases that become one word each. Their length is limited and they start at a word, so matching is linear. */
export const phrases: [RegExp, string][] = [
  [/\bno[ _-]?data\b/gi, 'NODATA'],
  // "Recovered 3 GB on db-1": space, not an alert.
  [/\b(?:recovered|restored|cleared|reclaimed) \d{1,12}(?:[.,]\d{1,9})? ?(?:[kmgtp]i?b|bytes)\b/gi, 'freed'],
  [/\binsufficient[ _]data\b/gi, 'INSUFFICIENTDATA'],
  [/\bout of sync\b/gi, 'outofsync'],
  [/\bup and running\b/gi, 'up'],
  [/\(re\)connected\b/gi, 'reconnected'],
  [/\b(?:appears?|seems?) to be\b/gi, 'is'],
  // "Please verify that the shop is working" does not say that it is.
  [
    new RegExp(
      `\\b(?:verify|check|ensure|confirm|sure) (?:that|whether|if) (.{1,120}?) (?:is|are) (?:${bad})\\b`,
      'gi',
    ),
    '$1 ',
  ],
  [/\b(?:timed|timing) out\b/gi, 'timedout'],
  [
    new RegExp(`\\b(?:is |are |has |have |was )?no longer (?:in )?(?:a |an |been )?(?:${worse})\\b`, 'gi'),
    'recovered',
  ],
  [
    new RegExp(
      `\\b(?:not|never|isn['’]t|aren['’]t|wasn['’]t|hasn['’]t|partially|partly)[ _-](?:yet )?(?:been )?(?:fully )?(?:${bad})\\b`,
      'gi',
    ),
    'unresolved',
  ],
  [
    new RegExp(
      `\\b(?:not|never|without|isn['’]t|aren['’]t) (?:a |an |in )?(?:${worse}|error|errors|alert|alerts)\\b`,
      'gi',
    ),
    ' ',
  ],
  [
    /\b(?:could not|cannot|can['’]t|failed to|unable to|did not|didn['’]t) (?:be )?(?:resolve|recover|close|clear|fix)(?:e?d)?\b/gi,
    'unresolved',
  ],
  [
    /\b(?:is |are )?(?:back|returned?|returning) (?:to|in|within) (?:an? )?(?:normal|ok|okay|green|healthy|good)(?: (?:state|levels?|range|status))?\b/gi,
    'recovered',
  ],
  [/\b(?:is |are )?back (?:up|online|again|alive)\b/gi, 'recovered'],
  [
    /\b(?:is|are) (?:ready|running|answering|fine|healthy|reachable|available) again\b|\b(?:answers|responds|works) again\b/gi,
    'recovered',
  ],
  [/\b(?:is|are) active again\b|\bhealth check cleared\b/gi, 'recovered'],
  [/\bback (?:below|under|above|over|within|in)(?: the)? (?:threshold|limit|range|bounds)\b/gi, 'recovered:'],
  [/\b(?:has |have )?stopped (?:firing|alerting|failing)\b/gi, 'recovered'],
  // Not "is over 80 %".
  [/\b(?:is|are) over(?= ?(?:$|[.!,;(]|after\b))/gi, 'recovered'],
  // "CPU on web-1 dropped below 80 %"
  [
    /(?<!\b(?:free|available|remaining|idle|left) )\b(cpu|memory|ram|swap|disk usage|cpu usage|memory usage|latency|error rate|response time)((?: (?:of|on|for|in) [\w./-]{1,60})?) (?:is |has |now ){0,2}(?:back|fell|dropped|went back|returned) (?:below|under) (?=\d)/gi,
    '$1$2 recovered: ',
  ],
  [/\b(?:is|are) back(?=[.!]?$)/gi, 'recovered'],
  [/\bNotReady\b/g, 'unhealthy'],
  [/\ball clear\b/gi, 'recovered'],
  // "CPU below threshold" ends "CPU above threshold"; "free memory below threshold" is a fault.
  [
    /(?<!\b(?:free|available|remaining|idle|left) )\b(cpu|memory|ram|swap|disk usage|cpu usage|memory usage|load|temperature|latency|error rate|response time) (?:is |fell |dropped |now |back ){0,2}below (?:the )?threshold\b/gi,
    '$1 recovered',
  ],
  [
    /\bno (?:new |active |open )?(?:alerts?|alarms?|errors?|incidents?|outages?|problems?) (?:was |were |has |have |are )?(?:been )?(?:fired|firing|triggered|raised|detected|found|open)\b/gi,
    ' ',
  ],
  [/\bdoes(?: not|n['’]t) exist\b/gi, 'unavailable'],
  [/\b(?:needs|requires) attention\b/gi, 'warning'],
  [
    /\b(?:just )?entered (?:an? |the )?(?:alert|alarm|critical|warning|error|trigger(?:ed)?)(?: (?:state|status))?\b/gi,
    'firing',
  ],
  [/\b(?:in|into) (?:an? |the )?(?:alarm|alert) state\b/gi, 'firing'],
  [/\bin alarm\b/gi, 'firing'],
  // "/var is in CRIT state". Only capitals: "in a good state" is prose.
  [
    /\b(?:is |are )?(?:now )?in (?:an? |the )?(OK|UP|DOWN|CRIT|CRITICAL|WARN|WARNING|UNKNOWN|ERROR) (?:state|status)\b/g,
    '[$1]',
  ],
  [
    /^(\W{0,12})OPEN (?=(?:[Pp]roblem|[Ii]ncident|[Aa]lert|[Ii]ssue|PROBLEM|INCIDENT|ALERT|ISSUE)\b)/g,
    '$1opened ',
  ],
  // A planned downtime starts and ends. One that is detected is an outage.
  [/\bdowntime (?=(?:detected|resolved|is over)\b)/gi, 'outage '],
  [
    /(?<![\w.-])0 (?:failed|failures|failing|errors?|critical|warnings?|down|firing|alerting|triggered|resolved|recovered)\b/gi,
    ' ',
  ],
];

const arrow = '(?:-+>|=+>|→|➜|➔|⇒|»|to|>)';
const states =
  'operational|(?:major|partial|minor) outage|degraded performance|ok|okay|up|down|alarm|alert|critical|crit|warning|warn|unknown|normal|healthy|unhealthy|degraded|error|resolved|closed|open|pending|insufficientdata|nodata|green|red|yellow|recovered|firing|failed|passing|success|clear|undefined|uninitialized|info|minor|major|alerting|online|offline|unreachable|investigating|identified|monitoring|acknowledged|triggered|active|inactive|fixing|closed|failing|new|unavailable|available|progressing|suspended|missing';
export const transition = new RegExp(
  `(?:\\b(?:changed|transitioned|moved|went|switched|status|state)\\b ?:? ?)?(?:\\bfrom )?[\`'"\\[(]?\\b(${states})\\b[\`'"\\])]? ?${arrow} ?[\`'"\\[(]?\\b(${states})\\b[\`'"\\])]?`,
  'gi',
);

/** True for a line that only tells of a change: "State moved from ALARM to OK". */
export function isTransition(line: string): boolean {
  return (
    line.length <= 100 &&
    /^(?:the )?(?:new )?(?:state|status|alarm|alert|monitor|check)?\W{0,3}(?:has |was |is )?(?:changed|transitioned|moved|went|switched)\b/i.test(
      line,
    ) &&
    line.search(transition) >= 0
  );
}
