import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRequest } from '../../../src/calls/asking/create.ts';
import type { CallsDeps } from '../../../src/calls/request/deps.ts';
import { moveCalls } from '../../../src/calls/request/transitions.ts';
import { createReportApplier, storeReports } from '../../../src/calls/results/reports.ts';
import { systemClock } from '../../../src/clock.ts';
import { createLog } from '../../../src/log.ts';
import { createVoiceClient } from '../../../src/voice/client.ts';
import { parseReports } from '../../../src/voice/reports.ts';
import { withStore } from '../../support/store.ts';
import { configOf, usualConfig } from '../../support/world.ts';

test('a thousand reports at once let other work run', async () => {
  await withStore(async (store) => {
    const log = createLog('silent');
    const config = configOf(usualConfig);
    const voice = createVoiceClient(
      { apiUrl: 'http://127.0.0.1:1', apiKey: 'k', apiSecret: 's', appId: 'a' },
      { clock: systemClock, log },
    );
    const deps: CallsDeps = {
      clock: systemClock,
      log,
      store,
      voice,
      config: () => config,
      instance: 'i',
      tokenSecret: 's',
      reportsExpected: true,
    };
    const callees = Array.from({ length: 1_000 }, (_, index) => ({
      callee: `65914${10_000 + index}`,
      name: null,
    }));
    await store.transaction(async (tx) => {
      const { id } = await createRequest(tx, deps, {
        teamId: 'T',
        origin: 'person',
        requestedBy: 'U0ASHA',
        channelId: 'C0OPS',
        audio: { kind: 'recording', fileId: 'f.mp3', name: null },
        options: {},
        note: '',
        callees,
        duplicates: 0,
        approval: null,
        priority: 5,
        onUnknown: 'hold',
      });
      const calls = await tx
        .selectFrom('calls')
        .select(['callee', 'position'])
        .where('request_id', '=', id)
        .execute();
      await moveCalls(tx, { requestId: id }, ['ready'], 'sending');
      await moveCalls(tx, { requestId: id }, ['sending'], 'accepted');
      for (const call of calls) {
        await tx
          .updateTable('calls')
          .set({ voice_id: `26${call.position}`, dialled_at: Date.now() })
          .where('request_id', '=', id)
          .where('position', '=', call.position)
          .execute();
      }
    });
    const { reports } = parseReports(
      callees.map(({ callee }, index) => ({
        voiceId: `26${index + 1}`,
        callee,
        hangupTime: Date.now(),
        answerTime: Date.now(),
        callDuration: 5,
        terminationCode: '200',
      })),
    );
    await storeReports(deps, reports);
    // Counts turns of the event loop and not milliseconds, so that a busy machine does not decide.
    let turns = 0;
    let working = true;
    const count = () => {
      turns++;
      if (working) setImmediate(count);
    };
    setImmediate(count);
    await createReportApplier(deps)(
      { kind: 'reports', key: 'apply', payload: null, attempts: 0 },
      { valid: () => true, signal: new AbortController().signal },
    );
    working = false;
    const left = await store.read
      .selectFrom('reports')
      .select('id')
      .where('applied_at', 'is', null)
      .execute();
    assert.equal(left.length, 0);
    assert.ok(turns >= 9, `others had ${turns} turns`);
    await voice.close();
  });
});
