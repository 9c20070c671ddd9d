// Words of bot messages that are no alerts, and words for a fault in lines without the word "alert".

/** No word of a fault follows. A line with such a word is no announcement, however it begins: it may be an alert. */
const calm =
  '(?!.*\\b(?:down|fail\\w*|errors?|critical|full|unreachable|unavailable|stuck|crash\\w*|timed? ?out|timeouts?|offline|degraded|expir\\w*|cannot|unable)\\b)';

/** The start of a line, with emoji and marks. */
const sign = '^(?::[\\w+-]{1,40}:|[^\\p{L}\\p{N}:]){0,8}';

/** What people do with code, tickets and messages. Their titles may name any fault. */
const chatter = [
  /\b(?:pull request|merge request)s?\b/i,
  /\bmerged\b.{0,200}\binto [\w./-]{1,60}\W{0,3}$/i,
  // "New lead!", "New ticket from globex", "New comment on PAY-12"
  new RegExp(
    `${sign}new (?:[a-z]{1,20} )?(?:lead|sale|order|signup|sign-up|customer|subscriber|ticket|conversation|comment|reply|feedback|review|response|post|article|episode|video|candidate|hire|application|booking|invoice|version|release|follower)s?(?: ?[!:(#"]| (?:from|on|by|in|for|at|of|is)\\b|$)`,
    'iu',
  ),
  new RegExp(`${sign}(?:ai|thread|channel|meeting|shift|conversation) (?:summary|recap|notes)\\b`, 'iu'),
  new RegExp(`^${calm}${sign.slice(1)}(?:joke|fun fact|til|fyi|rss|blog)\\b ?:`, 'iu'),
  /(?:^|: )(?:why|how) (?:your|we|you|i|our|to)\b/i,
  new RegExp(`^${calm}.*(?:^|: )(?:recording|replay|slides) of\\b`, 'iu'),
  /\baction items?\b/i,
  new RegExp(
    `^${calm}${sign.slice(1)}(?:heads[- ]up|please|psa|announcement|action required|live now|code freeze)\\b`,
    'iu',
  ),
  /\b(?:can|could|would|did|does|has|is) (?:you|somebody|someone|anybody|anyone)\b.{0,200}\?\W{0,3}$/i,
  /\b(?:accepted|declined) (?:the |your |an? )?invitation\b/i,
  new RegExp(`^${calm}.*\\b(?:access|change|approval|leave|time[- ]off|vacation) request\\b`, 'iu'),
  /^\W{0,12}(?:[\w-]{1,20} ){0,2}(?:login|access|audit|usage|cost|security|compliance|uptime|job) report\W{0,3}$/i,
  new RegExp(`${sign}invoice (?:#?[\\w-]{1,20} )?(?:is |was )?(?:overdue|due|unpaid|paid)\\b`, 'iu'),
  /^\W{0,4}jira\b\W{0,4}[A-Z][A-Z0-9]{1,9}-\d{1,7}\b/i,
  /\b(?:day|week) streak\b/i,
  new RegExp(`^${calm}.*\\bCHG\\d{4,10}\\b`, 'iu'),
  new RegExp(
    `^${calm}(?!.*\\b(?:not|never)\\b).*\\b(?:linked|shared|uploaded|bookmarked|attached)\\W{0,3}$`,
    'iu',
  ),
  /\b(?:saved|shared|uploaded) by \p{Lu}[\p{L}.-]{1,30}\W{0,3}$/u,
  /\bnot a real (?:incident|alert|outage|problem)\b|\bplease ignore\W{0,3}$/i,
  /\bis due (?:today|tomorrow|on|by)\b/i,
  new RegExp(`${sign}(?:asana|trello|linear|notion|clickup|monday\\.com|basecamp)\\b ?:`, 'iu'),
  new RegExp(`${sign}(?:runbook|dashboard|document) (?:linked|shared|attached)\\b`, 'iu'),
  new RegExp(`${sign}(?:query results?|simulation|simulated|exercise|answer to your \\w{1,20}) ?:`, 'iu'),
  /^\W{0,12}#[\w-]{1,80} (?:was|has been) (?:un)?archived\b/i,
  /^(?!.*\bfail).*\bscal(?:ed|ing)\b.{0,60}\bfrom \d+ to \d+\b/i,
  /\b(?:new(?:er)? version|updates?)\b.{0,120}\b(?:is|are) (?:now )?available\b|\b(?:updates?|upgrades?|patch(?:es)?) available\b/i,
  /\bPR (?:#\d+ )?(?:opened|merged|closed|approved|review)/i,
  /\b(?:issue|ticket|discussion|bug|task|story) (?:#?[\w-]+ )?(?:opened|created|closed|reopened|updated|assigned|commented) (?:by|on|in|to)\b/i,
  /\b(?:commented on|pushed to|pushed \d+|new commits?|\d+ (?:new )?commits?|starred|forked)\b/i,
  /\b(?:created|updated|moved|transitioned|completed) (?:an? |the )?(?:bug|task|story|ticket|card|page|epic|doc|document)\b/i,
  // Not "412 errors in the last 5 minutes".
  /\b\d+ (?:[\w-]+ ){0,4}(?:alerts?|incidents?|issues?|tickets?|errors?|problems?) (?:[\w-]+ ){0,3}(?:this (?:week|month|quarter|year)|(?:last|past) (?:\d+ )?(?:days?|weeks?|months?|night|quarter|year|24 ?h(?:ours)?)|today|yesterday)\b/i,
  /^\W{0,6}\[[\w.-]+\/[\w.-]+\] (?:issue|pull request|new|comment|discussion|release)\b/i,
  /\bis (?:deploying|releasing|building)\b/i,
  /\bwhat(?:['’]s| is) (?:up|new|next|happening)\b|\bof the (?:day|week|month)\b/i,
  /(?<!\b(?:alert|incident|alarm|problem|issue|violation|event) (?:#?[\w-]{1,20} )?)\b(?:created|added|updated)\W{0,5}$/i,
  /\b(?:acknowledged|snoozed|assigned|commented on|added a note to|viewed|muted|silenced|took over) (?:the )?(?:alert|incident|issue|alarm|monitor|problem)\b/i,
  /\b(?:added|left|posted) a (?:note|comment)\b/i,
  /\b(?:created|updated|moved|transitioned|assigned|linked|deleted) (?!INC|PRB|ALERT)[A-Z][A-Z0-9]{1,9}-\d{1,7}\b/,
  /\bfrom (?:to ?do|backlog|in progress|in review|selected for development|ready|blocked) to\b/i,
  /^[^\p{L}\d]{0,12}(?:0|no|zero) (?:[a-z]+ ){0,2}(?:alerts?|incidents?|monitors?|problems?|issues?|outages?) (?:are |is )?(?:currently )?(?:firing|open|active|triggered|ongoing|reported|found|detected|today)\b/iu,
];

/** Announcements and names. A fault that the line states overrules them: "Survey API is down". */
const announcements = [
  /\b(?:hourly|daily|weekly|monthly|quarterly|morning|end[- ]of[- ]day) (?:[\w-]+ ){0,3}(?:report|summary|digest|recap|round-?up|stats|overview|review|update)\b(?!.*\bfail)/i,
  /\b(?:weekly|daily|monthly|incident|alerts?|on-?call|status|ops|uptime|slo|sla|availability|monitoring) (?:report|summary|digest|recap|review|retro(?:spective)?)\b(?!.*\bfail)/i,
  /\b(?:this|last) (?:week|month|sprint|quarter)(?:['’]s)?\b(?!.*\bfail)/i,
  /\b(?:poll|survey|vote|quiz|retro|retrospective|kudos|birthday|anniversary|giphy|trivia|icebreaker|lunch|coffee|welcome)\b(?!.*\b(?:fail|down|error|alert|critical|latency|stuck|queue|interface|timeout|unreachable)|.*[:\]]\s*(?:firing|down))/i,
  /\b(?:daily stand[- ]?up|stand-?up (?:time|reminder|meeting|report|questions|notes)|stand-up|stand up (?:time|in)|simple poll)\b/i,
  new RegExp(
    `^${calm}.*\\b(?:daily|weekly|monthly|quarterly|yearly) (?:uptime|availability|sla|slo) ?:`,
    'i',
  ),
  /\breminder\s*[:!]|^\W*(?::\w+:\s*)*reminder\b/i,
  /\b(?:report|summary|digest|newsletter|recap) (?:for|of|is ready|from)\b/i,
  /\b(?:on-?call (?:shift|rotation|schedule|hand-?off|handover)|(?:is|are) (?:now )?on[- ]call|your on-?call)\b/i,
  /\b(?:post-?mortem|release notes|changelog|what['’]s new|how to|tips?:)/i,
  /\b(?:deploy|deploying|deployment|release|rollout|build|pipeline|workflow|job|sync|backup|migration)\b[^.!?\n]{0,120}\b(?:started|starting|triggered by|queued|in progress|kicked off|is running|running|requested|initiated|begun|began)\b(?!.*\b(?:fail|degraded))/i,
  /\b(?:started|starting|triggered|running|began|rolling out) (?:an? |the )?(?:new )?(?:deploy|deployment|deploying|release|rollout|build|pipeline|workflow)\b(?!.*\bfail)/i,
  /\b(?:scheduled|planned|upcoming) (?:[\w-]+ )?(?:maintenance|downtime)\b/i,
  /\bmaintenance (?:window|mode|is scheduled|started|completed|scheduled|begins|ended)\b/i,
  /\b(?:added|invited|joined|left|has been added|set up|connected|configured|subscribed|integrated|enabled|authorized) (?:an? |the )?(?:integration|to this channel|the channel|to the channel|webhook)\b/i,
  /\b(?:monitor|rule|dashboard|silence|policy|integration|channel|escalation policy|schedule|runbook|playbook|article|document)\b.{0,60}\b(?:created|deleted|updated|edited|paused|removed|renamed)(?: by\b|:|$)/i,
  /\btest (?:notification|message|webhook)\b/i,
  /\bsilence\b.{0,60}\b(?:expired|expires|extended|added)\b/i,
  /\b(?:survey|poll|quiz|feedback|form) (?:response|result|submission|answer)s?\b(?!.*\b(?:fail|error|stuck|queue|latency|firing))/i,
];

const statedFaults = [
  /\b(?:is|are) (?:still |now |currently |again ){0,2}(?:down|unreachable|offline|unavailable|stuck|failing|unhealthy|degraded|full|broken|dead)\b/i,
  /\b(?:DOWN|UNREACHABLE|OFFLINE)\b/,
  /\b(?:crashed|crashing|still down|did not (?:finish|start|run)|(?:was|were) not sent|5xx rate|stuck)\b/i,
];

const contacts =
  '(?:call|pag|phon|ring|dial|diall|notify|ping|text|contact|email|messag)ing|called|paged|phoned|rang|dialled|dialed|notified|pinged|texted|contacted|emailed|messaged';
const aboutCalls = [
  new RegExp(
    `${sign}(?:now |still |also |next )?(?:${contacts})\\b.{0,80}?\\b(?:about|regarding|concerning)\\b`,
    'iu',
  ),
  new RegExp(`${sign}(?:now |still |also |next )?(?:${contacts}) @[\\w.-]{1,40}`, 'iu'),
  new RegExp(`${sign}(?:no answer from|(?:trying|failed|unable) to (?:reach|call|page|contact))\\b`, 'iu'),
  new RegExp(
    `${sign}[@\\p{L}][\\p{L}\\p{M}.' -]{0,50} (?:did not answer|didn['’]t answer|was (?:called|paged|notified|contacted)|answered the (?:call|page)|is being (?:called|paged|notified))\\b`,
    'iu',
  ),
];

/** "Calling @asha about [FIRING:1] db" says who was called. It is no alert, although it quotes an alert's title. */
export function tellsOfCall(line: string): boolean {
  const head = line.slice(0, 300);
  return aboutCalls.some((pattern) => pattern.test(head));
}

/** Alerts of another kind: of prices, weather and news, and for training. */
const otherAlerts = new RegExp(
  `^${calm}${sign.slice(1)}(?:stock|price|weather|flight|deal|news|google|training) alerts?\\b`,
  'iu',
);

/**
 * What other bot messages are: `people` did something with code, tickets or messages (a pull request, a poll), or the line
 * is the title of a report, a deploy or a reminder, which a tool may also write above an alert.
 */
export function chatterIn(line: string): 'people' | 'title' | undefined {
  // The emoji ":warning:" is not the word "warning:".
  const head = line.slice(0, 300).replace(/^(?: ?:[\w+-]{1,40}: ?){1,6}/, '');
  if (otherAlerts.test(head)) return 'people';
  if (
    /^[^\w[]{0,8}\[?(?:firing|resolved|triggered|recovered|recovery|critical|warning|down|problem|alert(?:ing)?)\b\s*[:\]\]-]/i.test(
      head,
    )
  )
    return undefined;
  if (/^[^\p{L}]{0,12}(?:\w{1,30} ){0,2}(?:alert|alarm)\s?:/iu.test(head)) return undefined;
  if (chatter.some((pattern) => pattern.test(head))) return 'people';
  // The retro of "Checkout was down": a name in quotes states nothing.
  const unquoted = head.replace(/(?<![\p{L}\p{N}])["“][^"“”\n]{3,100}["”](?![\p{L}\p{N}])/gu, ' ');
  if (statedFaults.some((pattern) => pattern.test(unquoted))) return undefined;
  return announcements.some((pattern) => pattern.test(unquoted)) ? 'title' : undefined;
}

const measure =
  'cpu|memory|mem|disk|latency|errors?|error rate|load|usage|utili[sz]ation|rate|traffic|lag|queue|swap|temperature|response|iops|requests|5xx|4xx|connections|restarts|space|backlog|packet loss|replication lag|throughput|capacity|inodes?|storage|battery|voltage|timeouts|retries|failures';
const faults = [
  /^[^\p{L}]{0,12}(?:alert|alarm|incident|warning|error|critical|problem|outage|exception|anomaly|new (?:error|alert|incident|exception|crash|problem))\b(?!s)/iu,
  /\b(?:certificate|cert|ssl|tls|domain|license)\b.{0,80}\b(?:expir|is invalid\b)/i,
  new RegExp(
    `\\b(?:high|low|elevated|excessive|too many|increased|slow|abnormal|unusual) (?:[\\w-]+ ){0,3}(?:${measure})\\b`,
    'i',
  ),
  new RegExp(
    `\\b(?:${measure})\\b.{0,60}\\b(?:high|low|critical|full|elevated|above|over|exceed(?:s|ed|ing)?|too|below|greater than|less than|exhausted)\\b`,
    'i',
  ),
  // At the start only: "Fix connection error to redis" is a commit.
  /^[^\p{L}]{0,12}(?:\[[\w -]{1,20}\] ?)?(?:connection|network|dns|power|hardware|replication|authentication) (?:failure|error|lost|loss)\b(?! (?:drill|test|exercise|training|plan)\b).{0,20}\b(?:for|of|on|to|at|from)\b/iu,
  /^[^\p{L}]{0,12}(?:\[[\w -]{1,20}\] ?)?(?:unexpected (?:restart|reboot|shutdown|exit) of|timeout of|too many slow)\b/iu,
  /^[^\p{L}]{0,12}(?:\[[\w -]{1,20}\] ?)?(?:slo|sla|threshold|budget) breach\b/iu,
  /\bburn rate\b|\berror budget (?:exhausted|consumed|burn)/i,
  /\b(?:high|elevated|anomal\w+|unusual|errors?|failures?|outage|attack|leak|intrusion|incident|spike|drop|problem|violation|threat|malware|brute force|suspicious)\b.{0,40}\bdetected\b/i,
  /\b(?:alert|alarm)\s?(?:[:!]|$)/i,
  /\bno (?:heartbeats?|pings?|events?|signals?|responses?|traffic|metrics|replies|answers?)\b.{0,20}\b(?:from|for|since|in)\b/i,
  /\b(?:has|have) stopped (?!work)\w{2,20}ing\b/i,
  /\b(?:unable|not able) to (?:connect|reach|start|write|read|bind|mount|send|fetch)\b|\bconnection refused\b/i,
  /(?<!\b(?:0|no) )\bunder-?replicated\b/i,
  new RegExp(`\\b(?:${measure})\\b.{0,60}\\d.{0,20}\\((?:limit|max|threshold)\\b`, 'i'),
  /\bcould not be (?:attached|mounted|reached|started|created|stored|delivered|sent|written|opened)\b/i,
  /\b(?:returns?|returned|answers?|answered) (?:an? )?(?:http )?(?:status )?5\d\d\b/i,
  /\b(?:job|backup|export|import|sync|script|task|cronjob)\b.{0,60}\bdid not (?:run|start|finish|complete)\b/i,
  /\b(?:replication|consumers?|workers?|daemon) (?:has |have )?stopped\b/i,
  /\b(?:status|status code|http)(?: (?:has|changed|to|is|was|of|code)){0,4} 5\d\d\b/i,
  /^[^\p{L}]{0,12}detected (?!(?:an? )?new\b)[^.!?]{1,60} on \S|\b(?:long|high) wait\b/iu,
  /\bburn(?:ing|s|ed)?\b.{0,20}\bbudget\b/i,
  /\bups\b.{0,40}\bon battery\b/i,
  /\bthere (?:was|is|were|are) (?:an? |some )?(?:problem|error|failure|outage)s?\b/i,
  /\bthreshold (?:was )?(?:reached|crossed|breached|exceeded)\b/i,
  /\bvault\b.{0,40}\bsealed\b(?! by\b)/i,
  /\bfail-?over\b(?!.*\b(?:test|drill|exercise|plan|guide|docs?|runbook|review|meeting|completed?)\b)/i,
  /\bexit(?:ed|s)?\b.{0,20}\b(?:status|code) [1-9]/i,
  /\b(?:out of memory|oom[- ]?killed|disk full|no space left|deadlock|stack ?overflow|segfault|unhandled exception|kernel panic|split brain|not running)\b/i,
  /^[^\p{L}]{0,12}(?:[\w./-]{1,60}\] {0,2})?[\w.]{1,60}(?:Error|Exception)\b(?::| in )/u,
  /\bthreshold\b.{0,20}\d|\d ?%.{0,40}\bthreshold\b/i,
];

/** True for a line that names a run of a job: "Execution #820 of job backup". */
export function namesRun(line: string): boolean {
  return /\b(?:job|execution|build|pipeline|workflow|deploy|deployment|run|task|backup|migration|sync|release|rollout)\b/i.test(
    line.slice(0, 300),
  );
}

/** True for a line that names a fault without its state: "High memory on web-1", "Alert: queue". */
export function namesFault(line: string): boolean {
  const head = line.slice(0, 300);
  return faults.some((pattern) => pattern.test(head));
}
