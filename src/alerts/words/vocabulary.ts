// The vocabulary of monitoring tools. A lifecycle word says what happened to the alert; a state word says how the
// monitored thing is. If a title has both ("Resolved: API is down"), the lifecycle word decides.

export type WordClass =
  | 'fires'
  | 'resolves'
  | 'bad'
  | 'good'
  /** Neither began nor ended: acknowledged, in maintenance, a passed build. */
  | 'neutral'
  /** Says that there is an alert, but not whether it began or ended. */
  | 'noun';

function table(words: Record<WordClass, string>): Map<string, WordClass> {
  const map = new Map<string, WordClass>();
  for (const [kind, list] of Object.entries(words) as [WordClass, string][]) {
    for (const word of list.split(/\s+/)) if (word !== '') map.set(word, kind);
  }
  return map;
}

export const wordClasses: Map<string, WordClass> = table({
  fires: `firing fired fires triggered retriggered re-triggered activated reactivated re-activated opened reopened re-opened
    raised alerting declared detected escalated escalating breached violated created active unresolved unacknowledged regressed
    regression refired renotify renotified reminded problemstart started new-alert investigating identified breaching ongoing`,
  resolves: `resolved recovered recovery recovers recovering cleared closed ended restored solved mitigated deactivated
    auto-resolved autoresolved auto-closed autoclosed resolves fixed reset improved revived reconnected`,
  bad: `down critical crit warning warn error errors fatal disaster emergency unhealthy offline degraded unreachable
    unavailable alarm problem unstable broken outage nodata crashed crashing crashloopbackoff oomkilled timeout timedout late
    missed overdue expired exceeded exceeds stalled stuck failed failing failure fails fail panic red unknown inaccessible
    unresponsive alert anomaly anomalous lost trouble starting-to-fail failover-failed major minor outofsync crash missing errored nok dead sick sealed lagging`,
  good: `ok okay up normal healthy online passing operational good clear available reachable alive stable inactive green
    responding working normalized exists unsealed`,
  neutral: `acknowledged ack acked acknowledgement acknowledgment acknowledges snoozed silenced muted unmuted unsnoozed assigned reassigned
    downtime downtimestart downtimeend downtimestop downtimeremoved downtimecancelled flapping flappingstart flappingstop flappingend
    flappingdisabled maintenance scheduled reminder commented custom queued cancelled canceled aborted skipped pending paused resumed
    updated succeeded success successful successfully passed completed finished merged deployed published pushed joined
    synced starting suppressed insufficientdata delegated approved test monitoring`,
  noun: `alerts alarms incident incidents issue issues event events notification notifications monitor monitors status
    state case violation problems trigger check condition threshold rule detector violations alarm-state`,
});

/** Words that may come before the deciding word: "Alert resolved", "Monitor is UP", "Host DOWN alert". */
export const skippable = new Set(
  `alert alerts alarm alarms incident issue problem event notification monitor monitoring monitored status state host service check
   site website server endpoint url your the a an new is are was has been just now currently update automatic automatically
   component policy condition rule trigger test probe uptime health healthcheck ticket case detector job type again still auto critical
   warning error high low medium major minor info severity priority`.split(/\s+/),
);

/** Nouns with which "opened", "closed", "started" … are news of an alert. */
export const alertNouns = new Set(
  `alert alerts alarm alarms incident incidents issue problem problems violation violations outage monitor trigger case anomaly detector
   condition threshold rule event`.split(/\s+/),
);

/** Nouns that hint at a fault without a state word. "Notification", "status", "rule" and "check" do not. */
export const faultNouns = new Set(
  `alerts alarms incident incidents issue issues problems violation violations threshold detector case`.split(
    /\s+/,
  ),
);

/** These count only beside an alert noun: doors, tickets and sales are opened, closed and started too. */
export const nounNeeded = new Set(
  `opened closed started ended detected triggered raised fixed restored reset created active solved activated deactivated declared identified
   investigating regression new-alert reminded lost mitigated improved ongoing`.split(/\s+/),
);

/** True for one word that says, without a noun beside it, that an alert began or ended. */
export function isLifecycle(said: string): boolean {
  const word = said.trim().toLowerCase();
  const kind = wordClasses.get(word);
  return (kind === 'fires' || kind === 'resolves') && !nounNeeded.has(word);
}

export const copulas = new Set(
  `is are was were be has have had been went came gone became becomes become now currently back again still to into entered
   returned turned got reported reporting seemed reports looks seems remains stays being marked changed's`.split(
    /\s+/,
  ),
);

/** "stand up" and "break down" are not states. */
export const phrasalVerbs = new Set(
  `following signed signing standing picking setting catching wrapping cleaning looking coming backing showing show stand sign follow catch set wake wrap clean start warm heads speed level hurry meet round pick sync top mix line ramp hang shut shutting powering winding spinning
   give break end grow check sum look bring make slow calm write count sit settle slim cool run come let tear pin quiet wind melt step
   scale scaled scaling thumbs cut boil drill narrow nail stand-up sign-up track turn turned roll fill pop spin dress open opens`.split(
    /\s+/,
  ),
);

export const fillers = new Set(
  `is are was were be has have had been being now currently again back still just the a an your to of by due automatically
   successfully went came seems seemed looks reports reported reporting changed experiencing`.split(/\s+/),
);

const redEmoji =
  'red_circle rotating_light octagonal_sign no_entry large_red_square red_square sos x fire boom bangbang exclamation heavy_exclamation_mark skull alert siren broken_heart small_red_triangle no_entry_sign';
const greenEmoji =
  'white_check_mark large_green_circle green_circle heavy_check_mark green_heart large_green_square ok lgtm check ballot_box_with_check green_check check_mark';
const yellowEmoji =
  'warning large_orange_circle orange_circle large_yellow_circle yellow_circle large_orange_square large_yellow_square';

export type EmojiColor = 'red' | 'green' | 'yellow';

export const emojiColors: Map<string, EmojiColor> = new Map([
  ...redEmoji.split(' ').map((name): [string, EmojiColor] => [`:${name}:`, 'red']),
  ...greenEmoji.split(' ').map((name): [string, EmojiColor] => [`:${name}:`, 'green']),
  ...yellowEmoji.split(' ').map((name): [string, EmojiColor] => [`:${name}:`, 'yellow']),
  ...[...'🔴🚨🛑⛔🟥🆘❌🔥💥‼❗💀🚫❎🔺'].map((sign): [string, EmojiColor] => [sign, 'red']),
  ...[...'✅🟢✔💚🟩🆗☑'].map((sign): [string, EmojiColor] => [sign, 'green']),
  ...[...'⚠🟠🟡🟧🟨'].map((sign): [string, EmojiColor] => [sign, 'yellow']),
]);

/** Red signs that people also use for joy, mistakes and closed pull requests. They do not count alone. */
export const weakRed = new Set([
  ':x:',
  ':fire:',
  ':boom:',
  ':bangbang:',
  ':exclamation:',
  ':heavy_exclamation_mark:',
  ':skull:',
  ':broken_heart:',
  ':no_entry_sign:',
  '❌',
  '🔥',
  '💥',
  '‼',
  '❗',
  '💀',
  '🚫',
  '❎',
  '🔺',
]);
