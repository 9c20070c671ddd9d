// The tests that `npm test` leaves out: kills, faults, storms, random interleavings and long stories take minutes. CI
// runs all of them.

/** The path prefixes of slow test files. */
const slow = [
  'test/alertmanager/',
  'test/crash/postgres-restart',
  'test/crash/recordings',
  'test/crash/restore',
  'test/crash/sigkill',
  'test/crash/sweep',
  'test/crash/two-instances',
  'test/e2e/alerts/limits',
  'test/e2e/alerts/lookups',
  'test/e2e/alerts/missed',
  'test/e2e/alerts/silence',
  'test/e2e/alerts/source-faults',
  'test/e2e/alerts/storm',
  'test/e2e/alerts/time',
  'test/e2e/approval/faults',
  'test/e2e/faults/clock-steps',
  'test/e2e/faults/database-faults',
  'test/e2e/faults/outbox',
  'test/e2e/faults/slack-down',
  'test/e2e/faults/slack-faults',
  'test/e2e/faults/socket-mode',
  'test/e2e/faults/voice-down',
  'test/e2e/hours',
  'test/e2e/limits-reload',
  'test/e2e/reach',
  'test/e2e/recordings',
  'test/e2e/reports',
  'test/e2e/rosters',
  'test/e2e/told',
  'test/e2e/waiting',
  'test/calls/approval/property',
  'test/calls/reaching/property',
  'test/cli/explain-history',
  'test/cli/move',
  'test/store/sqlite-faults',
];

export function isSlow(file: string): boolean {
  return slow.some((start) => file.startsWith(start));
}
