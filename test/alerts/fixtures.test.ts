import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createExplainer } from '../../src/alerts/explain/explain.ts';
import { fixtures } from './helpers.ts';

describe('messages of many tools', () => {
  const all = fixtures();
  it('covers at least thirty tools', () => assert.ok(all.length >= 50));

  it('takes no resolve for a firing alert, knowingly', () => {
    const known = all
      .flatMap(({ messages }) => messages)
      .filter((message) => message.status === 'resolved' && message.known === 'firing');
    assert.deepEqual(known, []);
  });

  for (const { tool, messages } of all) {
    it(tool, () => {
      const explain = createExplainer([], 0);
      const keys = new Map<string, string | null>();
      for (const [index, message] of messages.entries()) {
        const said = explain(message.event);
        const which = `message ${index + 1}: ${said.title}`;
        assert.equal(said.status, message.known ?? message.status, which);
        if (message.severity !== undefined) assert.equal(said.severity, message.severity, which);
        if (tool === 'chatter' || said.key === null) continue;
        const known = keys.get(message.alert);
        if (known !== undefined) {
          assert.equal(said.key, known, `${which} was split from its alert`);
          continue;
        }
        assert.ok(![...keys.values()].includes(said.key), `${which} was merged with another alert`);
        keys.set(message.alert, said.key);
      }
    });
  }
});
