import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { databaseKinds } from '../../support/store.ts';
import { ask, boardBecomes, eventually, messages, startWorld } from '../../support/world.ts';
import { configWith, three } from './stage.ts';

describe('approval with two instances on PostgreSQL', () => {
  const skip = databaseKinds.includes('postgres') ? false : 'TEST_DATABASE_URL is not set';

  test('clicks that reach both at once make one POST', { skip }, async () => {
    const world = await startWorld({
      database: 'postgres',
      config: configWith('{ calleesOver: 0, approvers: [U0BEN, U0CLEO], channel: C0APPROVE }'),
    });
    try {
      const other = await world.startInstance();
      const urlOf = (port: number) => `http://127.0.0.1:${port}/slack/events`;
      for (let round = 1; round <= 4; round++) {
        const board = await ask(world, { callee: three });
        const id = String(board.metadata?.event_payload.request_id);
        const card = await eventually('the card', () =>
          messages(world, 'C0APPROVE').find((each) => JSON.stringify(each.blocks ?? []).includes(id)),
        );
        const press = (who: string) => world.slack.press(who, card.channel, card.ts, 'call_approve');
        const ben = press('U0BEN');
        world.slack.setRequestUrl(urlOf(other.port()));
        const cleo = press('U0CLEO');
        world.slack.setRequestUrl(urlOf(world.app.port()));
        for (const { outcome } of await Promise.all([ben, cleo])) assert.equal(outcome, 'ok');
        await boardBecomes(world, board, 'done');
        const posts = world.voice.requests.filter((each) => each.path.endsWith('sendGroup'));
        assert.equal(posts.length, round);
        const late = [...world.slack.ephemerals('U0BEN'), ...world.slack.ephemerals('U0CLEO')];
        const lost = late.filter((each) => /Too late: already approved by/.test(each.text));
        assert.equal(lost.length, round, 'one of the two is told that it was too late');
      }
    } finally {
      await world.stop();
    }
  });
});
