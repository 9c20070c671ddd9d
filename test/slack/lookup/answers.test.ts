import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { type ErrorCode, VoicecallError } from '../../../src/errors.ts';
import {
  helpAnswer,
  historyAnswer,
  listsAnswer,
  statusAnswer,
  unknownAnswer,
} from '../../../src/slack/lookup/answers.ts';
import { expiredButtonAnswer } from '../../../src/slack/replies/press.ts';
import { alreadyAnswer } from '../../../src/slack/words/decided-words.ts';
import { wordsFor } from '../../../src/slack/words/error-words.ts';
import { eventLine } from '../../../src/slack/words/event-line.ts';
import { anyRequest, assertMessage, buttons, evilName, now, request, seen } from '../samples.ts';

suite('private answers', () => {
  test('any requests are within Slack’s limits', () => {
    fc.assert(
      fc.property(fc.array(anyRequest, { maxLength: 15 }), (all) => {
        const history = all.map((each) =>
          eventLine({ at: now, actor: each.note, action: each.note, detail: { why: each.note } }),
        );
        assertMessage(statusAnswer(all, { history }));
        assertMessage(historyAnswer(all, { page: 2, more: true }));
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });

  test('each fixed answer can be posted', () => {
    for (const each of [
      helpAnswer(),
      unknownAnswer(evilName, 'db-oncall'),
      expiredButtonAnswer(),
      alreadyAnswer('approved', 'U0BEN', now),
    ]) {
      assertMessage(each);
    }
  });

  test('help has a line for each word, and each line is short', () => {
    const lines = seen(helpAnswer().blocks).match(/• .*/g) ?? [];
    for (const word of ['lists', 'oncall', 'me', 'recordings', 'status', 'history', 'cancel', 'rules'])
      assert.equal(lines.filter((line) => line.includes(`/voicecall ${word}`)).length, 1, word);
    assert.match(lines.join('\n'), /cancel \w+`: cancels calls not yet placed/);
    for (const line of lines) assert.ok(line.length <= 80, line);
  });

  test('lists have people, and entries where a user group is among them', () => {
    const lists = { duty: ['Dana: +91 85632 15001'], floor: ['+91 85632 15001', 'U0BEN'], all: ['S0ALL'] };
    assert.match(
      seen(listsAnswer({ lists, rosters: {} }).blocks),
      /duty\*: 1 person\n• \*floor\*: 2 people\n• \*all\*: 1 entry$/m,
    );
  });

  test('repeats what was typed, and shows the right form', () => {
    assert.equal(
      unknownAnswer('Asha', null).text,
      "I don't know “Asha”. Did you mean @Asha? `/voicecall help` shows what you can type.",
    );
    const nothing = unknownAnswer('frobnicate', null);
    assert.doesNotMatch(nothing.text, /Did you mean/);
    assert.match(seen(nothing.blocks), /\/voicecall status/);
    const answer = unknownAnswer('frobnicate <!here>', 'db-<oncall>');
    assert.match(
      answer.text,
      /I don't know “frobnicate &lt;!here&gt;”. Did you mean `\/voicecall db-&lt;oncall&gt;`\?/,
    );
    assert.match(seen(answer.blocks), /\/voicecall help/);
  });

  test('the second person reads who was first and when', () => {
    assert.match(alreadyAnswer('approved', 'U0BEN', now).text, /already approved by <@U0BEN> <!date\^/);
    assert.match(alreadyAnswer('expired', '', null).text, /already expired\. Nothing was changed/);
  });

  test('pages have a next button only if there is more', () => {
    const pages = (page: number, more: boolean) =>
      buttons(historyAnswer([request()], { page, more })).filter((each) => each.startsWith('history'));
    assert.deepEqual(pages(1, false), []);
    assert.deepEqual(pages(1, true), ['history_older 2']);
    assert.deepEqual(pages(3, true), ['history_newer 2', 'history_older 4']);
    assert.match(historyAnswer([], { page: 9, more: false }).text, /nothing on page 9/);
  });
});

suite('words for errors', () => {
  const codes: Record<ErrorCode, true> = {
    ...{
      config: true,
      not_found: true,
      not_allowed: true,
      already_decided: true,
      changed: true,
      bad_transition: true,
    },
    ...{ store_newer: true, store_unavailable: true, slack_unavailable: true, voice_unavailable: true },
    ...{ voice_refused: true, internal: true },
  };

  test('each code says what, why, what next, with the reference and without internal text', () => {
    for (const code of Object.keys(codes) as ErrorCode[]) {
      const words = wordsFor(
        new VoicecallError(code, 'secret /var/lib', { facts: { by: evilName, state: evilName } }),
        'x1',
      );
      assert.match(words, /^\*.+\* .+\. .+ \(Reference: `x1`\)$/);
      assert.doesNotMatch(words, /secret|<!channel>/);
    }
    assert.match(wordsFor(new TypeError('secret'), 'x2'), /Something went wrong.*`x2`/);
    assert.doesNotMatch(wordsFor(new TypeError('secret'), 'x2'), /secret/);
  });

  test("Slack's failures are Slack's: each says what it means for the calls, and what to do", () => {
    const table: [error: string, words: RegExp][] = [
      [
        'expired_trigger_id',
        /^\*Slack took too long to open the window\.\* Nobody was called\. Type the command or press the button again\./,
      ],
      ['trigger_expired', /^\*Slack took too long/],
      ['ratelimited', /^\*Slack is asked too often at the moment\.\* .* Try again in a minute\./],
      ['HTTP 503', /^\*Slack itself has a problem at the moment\.\* .* Try again in a minute\./],
      ['internal_error', /^\*Slack itself has a problem/],
      [
        'missing_scope',
        /^\*Slack does not let the app do this: a scope is missing\.\* .* from its manifest\./,
      ],
      ['token_revoked', /^\*Slack does not accept the app any more\.\* .*`npm run doctor`/],
      [
        'A request error occurred: timeout of 3000ms exceeded',
        /^\*Slack did not answer\.\* .* Try again in a minute\./,
      ],
      ['read ECONNRESET', /^\*Slack did not answer\./],
    ];
    for (const [error, words] of table) {
      const said = wordsFor(
        new VoicecallError('slack_unavailable', error, { facts: { method: 'views.open', error } }),
        'x1',
      );
      assert.match(said, words);
      assert.doesNotMatch(said, /went wrong in Voicecall|ECONN|timeout|_/);
    }
  });

  test('the later of two presses reads who was first', () => {
    const error = new VoicecallError('already_decided', 'late', {
      facts: { state: 'approved', by: 'U0BEN', at: String(now) },
    });
    assert.match(wordsFor(error, 'x'), /already approved by <@U0BEN> <!date\^1767605400/);
  });

  test('a refusal by the voice platform comes with its remedy', () => {
    const words = wordsFor(new VoicecallError('voice_refused', 'no', { facts: { code: '-1' } }), 'x');
    assert.match(words, /VOICE_API_KEY/);
  });
});
