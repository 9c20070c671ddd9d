import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '../../../src/log.ts';
import { createPeople, type SlackUser, standingOf } from '../../../src/slack/context/people.ts';
import { createFakeClock } from '../../support/clock.ts';

const ours = 'T0OURS';
const cases: [what: string, user: SlackUser, standing: ReturnType<typeof standingOf>][] = [
  ['a member', { team_id: ours }, 'member'],
  ['of another workspace', { team_id: 'T0OTHER' }, 'foreign'],
  ['a stranger from a shared channel', { team_id: ours, is_stranger: true }, 'foreign'],
  [
    'Enterprise Grid: the organisation, our workspace among theirs',
    { team_id: 'E0ORG', enterprise_user: { teams: ['T1', ours] } },
    'member',
  ],
  [
    'Enterprise Grid: another workspace first, ours among theirs',
    { team_id: 'T1', enterprise_user: { teams: [ours] } },
    'member',
  ],
  ['Enterprise Grid: no team id, ours among theirs', { enterprise_user: { teams: [ours] } }, 'member'],
  [
    'Enterprise Grid: a guest of ours',
    { team_id: 'E0ORG', is_restricted: true, enterprise_user: { teams: [ours] } },
    'guest',
  ],
  [
    'Enterprise Grid: not in our workspace',
    { team_id: 'E0ORG', enterprise_user: { teams: ['T1'] } },
    'foreign',
  ],
  ['Enterprise Grid: the organisation alone', { team_id: 'E0ORG' }, 'foreign'],
  ['no team id, but the profile names ours', { profile: { team: ours } }, 'member'],
  ['no workspace at all', {}, 'foreign'],
  ['deactivated', { team_id: ours, deleted: true }, 'deactivated'],
  ['a bot', { team_id: ours, is_bot: true }, 'bot'],
];

for (const [what, user, standing] of cases) {
  test(`${what}: ${standing}`, () => assert.equal(standingOf(user, ours), standing));
}

test('a person without a workspace is refused, and the log says so', async () => {
  const lines: string[] = [];
  const people = createPeople({
    clock: createFakeClock(),
    log: createLog('warn', { sink: { write: (line) => lines.push(line) } }),
    identity: { teamId: ours, botUserId: 'U0BOT', botId: 'B0BOT' },
    urgent: { users: { info: async () => ({ ok: true, user: { id: 'U0ASHA', name: 'asha' } }) } } as never,
  });
  assert.equal((await people.person('U0ASHA'))?.standing, 'foreign');
  assert.match(lines.join(''), /names no workspace/);
});
