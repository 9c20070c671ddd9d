// Recordings in Slack: add, hear, remove. One upload, whatever is lost.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { m4a, mp3, wav } from '../support/audio.ts';
import { databaseKinds } from '../support/store.ts';
import { usualConfig } from '../support/world.ts';
import { ask, becomes, type Flow, shownText, soon, startFlow } from './flow.ts';

const config = `${usualConfig}
callers: [U0ASHA, U0BEN]
`;

for (const database of databaseKinds) {
  describe(`recordings, on ${database}`, () => {
    let flow: Flow;
    before(async () => {
      flow = await startFlow({ database, config });
    });
    afterEach(async () => {
      flow.voice.faults.clear();
      flow.slack.clearFaults();
      flow.setConfig(config);
      for (const user of ['U0ASHA', 'U0BEN']) {
        const [view] = flow.slack.state.views.get(user) ?? [];
        if (view !== undefined) await flow.slack.closeView(user, view.id, true);
      }
    });
    after(() => flow.end());

    const file = (content: Buffer | string, name = 'sound.mp3', user = 'U0ASHA') =>
      flow.slack.uploadFile(user, name, content).id;
    const uploads = () => flow.voice.requests.filter((each) => each.endpoint === 'fileUpload');
    const told = (user = 'U0ASHA') =>
      flow.slack
        .history(`D${user.slice(1)}`)
        .filter((each) => each.metadata?.event_type === 'voicecall_reply')
        .map(shownText);
    const listFor = async (user = 'U0ASHA') => {
      const { reply } = await flow.slack.command(user, 'C0OPS', 'recordings');
      assert.ok(reply);
      return reply;
    };
    const openAdd = async (user = 'U0ASHA') => {
      const list = await listFor(user);
      await flow.slack.press(user, 'C0OPS', list.ts, 'recording_add');
      return await soon(flow, 'the modal', () => flow.slack.state.views.get(user)?.at(-1));
    };
    const submit = async (name: string, fileId: string, user = 'U0ASHA') => {
      const view = await openAdd(user);
      assert.equal(view.callback_id, 'voicecall_recording');
      return await flow.slack.submitView(user, view.id, { name, audio: [fileId] });
    };
    const close = async (user = 'U0ASHA') => {
      const [view] = flow.slack.state.views.get(user) ?? [];
      if (view !== undefined) await flow.slack.closeView(user, view.id, true);
    };
    const added = async (name: string, fileId: string, user = 'U0ASHA') => {
      const before = told(user).length;
      const result = await submit(name, fileId, user);
      assert.deepEqual(result.errors, {});
      assert.equal(result.view?.callback_id, 'voicecall_recording_added');
      await close(user);
      return await soon(flow, `${user} is told about ${name}`, () => told(user)[before]);
    };
    /** The error under the field. On a busy machine the check may take longer than the modal waits: then it is told. */
    const refusal = async (name: string, upload: () => string) => {
      for (let tries = 0; tries < 5; tries++) {
        const before = told().length;
        const { errors } = await submit(name, upload());
        await close();
        if (errors?.audio !== undefined) return errors.audio;
        assert.match(await soon(flow, 'why not', () => told()[before]), /was not added/);
      }
      assert.fail('no error under the field');
    };
    const choices = async (user = 'U0ASHA') => {
      await flow.slack.command(user, 'C0OPS', '');
      const view = await soon(flow, 'the form with its recordings', () => {
        const shown = flow.slack.state.views.get(user)?.at(-1);
        return JSON.stringify(shown?.blocks ?? 'Loading').includes('Loading') ? undefined : shown;
      });
      const block = JSON.stringify(view.blocks.find((each) => each.block_id === 'fileId'));
      await close(user);
      return block;
    };
    const press = async (action: string, name: string, user = 'U0ASHA') => {
      const list = await listFor(user);
      const row = (list.blocks ?? []).findIndex((each) => JSON.stringify(each).includes(name));
      const block = list.blocks?.[row + 1];
      const before = flow.slack.ephemerals(user).length;
      await flow.slack.press(user, 'C0OPS', list.ts, action, undefined, block?.block_id);
      return await soon(flow, `${user} is answered`, () => {
        const all = flow.slack.ephemerals(user);
        return all.length > before ? shownText(all.at(-1) ?? {}) : undefined;
      });
    };

    test('a new recording can be chosen by name, is played, and is listed with who added it', async () => {
      assert.match(shownText(await listFor()), /Nobody has added a recording yet/);
      assert.match(await added('evacuation', file(mp3(12))), /“evacuation” \(12 s\) can be chosen now/);
      const [upload] = uploads();
      assert.match(String(upload?.body?.fileName), /^[0-9a-f]{24}\.mp3$/);
      const block = await choices();
      assert.match(block, /"By name".*evacuation/);
      assert.ok(
        !block.includes(String(upload?.body?.fileName)),
        'its name on the platform tells nobody anything',
      );
      await flow.slack.command('U0BEN', 'C0OPS', 'db-oncall Evacuation');
      const filled = await soon(flow, 'the form', () => flow.slack.state.views.get('U0BEN')?.at(-1));
      assert.match(JSON.stringify(filled.state.values.fileId), /evacuation/);
      await close('U0BEN');
      const fileId = flow.voice.recordings.find((each) => each.fileName === upload?.body?.fileName)?.fileId;
      assert.ok(fileId);
      const board = await ask(flow, { callee: '+91 85632 14120', fileId });
      await becomes(flow, board, 'done', { answered: 1 });
      assert.match(shownText(board), /evacuation/);
      const list = shownText(await listFor('U0BEN'));
      assert.match(list, /\*evacuation\* · 12 s · added by Asha .* · used by 1 request lately/);
      flow.clock.jump(6 * 60_000);
      assert.match(await choices(), /evacuation.*fire-drill/, 'the one that is used more comes first');
    });

    test('Hear links to the file in Slack; if it is deleted, the answer says so', async () => {
      const id = file(wav(3), 'bell.wav');
      await added('bell', id);
      const link = /<(http[^|]*)\|Hear “bell”>/.exec(await press('recording_hear', 'bell'))?.[1] ?? '';
      assert.ok(link.includes(id));
      const page = await fetch(link);
      assert.equal(page.headers.get('content-type'), 'audio/wav');
      assert.equal((await page.arrayBuffer()).byteLength, wav(3).length);
      assert.match(
        await press('recording_hear', 'bell', 'U0BEN'),
        /direct message from the app brings a copy of “bell”/,
      );
      const copy = await soon(flow, 'the copy', () =>
        [...flow.slack.state.files.values()].find((each) => each.channels.includes('D0BEN')),
      );
      assert.deepEqual(copy.content, wav(3));
      assert.match(copy.name, /^recording-.*\.wav$/);
      flow.slack.state.files.delete(id);
      assert.match(await press('recording_hear', 'bell'), /was deleted from Slack.*still be chosen/);
    });

    test('Remove takes it out of the choice and says what stays; added again, nothing is uploaded twice', async () => {
      await added('siren', file(mp3(5, 7)));
      const uploaded = flow.voice.recordings.length;
      assert.match(await choices(), /siren/);
      assert.match(
        await press('recording_remove', 'siren', 'U0BEN'),
        /cannot be chosen any more.*platform keeps its copy/,
      );
      const after = await choices();
      assert.doesNotMatch(after, /siren/);
      const kept = flow.voice.recordings.at(-1);
      assert.ok(!after.includes(kept?.fileId ?? '-'), 'nor under the name it has on the platform');
      // -20: a file with this name exists already.
      assert.match(await added('siren two', file(mp3(5, 7))), /“siren two” \(5 s\) can be chosen now/);
      assert.equal(uploads().at(-1)?.code, '-20');
      assert.equal(flow.voice.recordings.length, uploaded);
      assert.match(await choices(), /siren two/);
    });

    test('removed while it is being uploaded: it is not announced, and cannot be chosen', async () => {
      const before = uploads().length;
      const toldBefore = told('U0ASHA').length;
      flow.voice.faults.next({ on: 'fileUpload', delayMs: 2_000 });
      await submit('gone at once', file(mp3(4, 9)));
      await close('U0ASHA');
      await soon(flow, 'it is being uploaded', () => uploads().length > before, { stepMs: 20 });
      await press('recording_remove', 'gone at once');
      await soon(flow, 'the platform has it', () => uploads().at(-1)?.code !== undefined);
      await new Promise((resolve) => setTimeout(resolve, 400));
      flow.clock.jump(60_000);
      assert.doesNotMatch(await choices(), /gone at once/);
      assert.deepEqual(told('U0ASHA').slice(toldBefore), []);
    });

    test('an upload whose answer is lost is looked up by its name, and not sent again', async () => {
      const before = uploads().length;
      flow.voice.faults.next({ on: 'fileUpload', reset: 'after-dialling' });
      assert.match(await added('lost', file(mp3(6, 1))), /“lost” \(6 s\) can be chosen now/);
      assert.equal(uploads().length, before + 1);
      // The request is lost, so it is sent again, under the same name.
      flow.voice.faults.next({ on: 'fileUpload', reset: 'after-reading' });
      assert.match(await added('lost too', file(mp3(6, 2))), /can be chosen now/);
      const names = uploads()
        .slice(before + 1)
        .map((each) => each.body?.fileName);
      assert.equal(names.length, 2);
      assert.equal(new Set(names).size, 1);
    });

    test('it is announced only when the platform lists it', async () => {
      const before = told().length;
      flow.voice.faults.always({ on: 'fileQuery', http: { status: 500 } });
      await submit('late', file(mp3(6, 8)));
      await close();
      const at = flow.voice.recordings.length;
      const hidden = await soon(flow, 'the upload', () => flow.voice.recordings[at]);
      flow.voice.recordings.pop();
      flow.voice.faults.clear();
      const asked = () => flow.voice.requests.filter((each) => each.endpoint === 'fileQuery').length;
      const looked = asked();
      await soon(flow, 'it is looked for twice more', () => asked() >= looked + 2);
      assert.equal(told().length, before);
      assert.match(shownText(await listFor()), /\*late\* .*on its way to the voice platform/);
      flow.voice.recordings.push(hidden);
      assert.match(await soon(flow, 'the news', () => told()[before]), /“late” \(6 s\) can be chosen now/);
    });

    test('the platform is down for an hour: the person who added it is told, and the name is free again', async () => {
      await flow.voice.goDown();
      const before = told().length;
      await submit('down', file(mp3(6, 9)));
      await close();
      for (let minutes = 0; minutes < 80 && told().length === before; minutes += 5) {
        flow.clock.jump(5 * 60_000);
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
      const news = await soon(flow, 'the news', () => told()[before], { stepMs: 10_000 });
      assert.match(news, /“down” was not added: .*tried for an hour/);
      await flow.voice.comeBack();
      assert.match(await added('down', file(mp3(6, 9))), /can be chosen now/);
    });

    test('a platform that refuses is quoted, and nothing can be chosen', async () => {
      flow.voice.faults.next({ on: 'fileUpload', refuse: { code: '-21' } });
      assert.match(
        await added('bad', file(mp3(6, 3))),
        /“bad” was not added: the voice platform refused it: .*\(-21\)/,
      );
      assert.doesNotMatch(await choices(), /"bad"/);
      assert.doesNotMatch(shownText(await listFor()), /\*bad\*/);
      // The name is free again.
      assert.match(await added('bad', file(mp3(6, 4))), /can be chosen now/);
    });

    test('a file that is no audio, too long, too large or of another format is refused under the field', async () => {
      const errorOf = (content: Buffer | string, name = 'sound.mp3') =>
        refusal('something', () => file(content, name));
      const before = uploads().length;
      assert.match(await errorOf('<html>This is no sound</html>'), /not an audio file/);
      assert.match(await errorOf('not a sound'), /not an audio file, whatever its name/);
      assert.match(await errorOf(mp3(60.6)), /61 seconds long; at most 60/);
      assert.match(
        await errorOf(Buffer.concat([mp3(5), Buffer.alloc(2 * 1024 * 1024)])),
        /2\.1 MiB; at most 2/,
      );
      assert.match(await errorOf(m4a(5), 'audio_message.m4a'), /m4a.*takes mp3 and wav\./);
      assert.match(await errorOf(m4a(5), 'renamed.mp3'), /m4a.*takes mp3 and wav\./);
      assert.equal(uploads().length, before);
      flow.setConfig(`${config}\n`.replace('voice: {', 'voice: { audioFormats: [mp3, m4a],'));
      assert.match(
        await added('a clip', file(m4a(5), 'audio_message.m4a')),
        /“a clip” \(5 s\) can be chosen now/,
      );
    });

    test('a name that exists, or that the command would read as something else', async () => {
      const errorOf = async (name: string) => {
        const { errors } = await submit(name, file(mp3(4, 9)));
        await close();
        return errors?.name ?? '';
      };
      assert.match(await errorOf('Evacuation'), /recording of this name already/);
      assert.match(await errorOf('fire-drill'), /voicecall\.yaml has a recording, list or roster/);
      assert.match(await errorOf('db-oncall'), /voicecall\.yaml has a recording, list or roster/);
      flow.setConfig(`${config}
rosters: { rota: { ical: "http://127.0.0.1:9/none.ics", people: { Asha: "+91 85632 14120" }, fallback: ["+91 85632 14120"] } }
`);
      assert.match(await errorOf('Rota'), /voicecall\.yaml has a recording, list or roster/);
      assert.match(await errorOf('OnCall'), /a word of the command/);
      assert.match(await errorOf('a, b'), /Leave out ,/);
      assert.match(await errorOf('a < b'), /Leave out <:/);
      assert.match(await errorOf('123'), /a letter/);
    });

    test('the same content twice is one recording, also at the same moment', async () => {
      assert.match(await refusal('another name', () => file(mp3(12))), /same audio as “evacuation”/);
      const before = uploads().length;
      const ready = flow.voice.recordings.length;
      const toldBefore = told().length + told('U0BEN').length;
      // Both downloads are slow, so that neither file is checked while its modal waits.
      flow.slack.fault({ method: 'download', kind: 'slow', delayMs: 1_800, times: 2 });
      const [a, b] = await Promise.all([
        submit('twin one', file(mp3(7, 5))),
        submit('twin two', file(mp3(7, 5), 'sound.mp3', 'U0BEN'), 'U0BEN'),
      ]);
      assert.deepEqual([a.errors, b.errors], [{}, {}]);
      const news = await soon(flow, 'both are told', () => {
        const all = [...told(), ...told('U0BEN')];
        return all.length === toldBefore + 2 ? all.join('\n') : undefined;
      });
      assert.match(news, /“twin (one|two)” \(7 s\) can be chosen now/);
      assert.match(news, /“twin (one|two)” was not added: it is the same audio as “twin/);
      assert.equal(uploads().length, before + 1);
      assert.equal(flow.voice.recordings.length, ready + 1);
    });

    test('Slack is slow, then its file is gone: the person who added it is told', async () => {
      flow.slack.fault({ method: 'download', kind: 'slow', delayMs: 1_800, times: 1 });
      const id = file(mp3(8, 6));
      const before = told().length;
      const result = await submit('gone', id);
      flow.slack.state.files.delete(id);
      assert.deepEqual(result.errors, {});
      const news = await soon(flow, 'the news', () => told()[before]);
      assert.match(news, /“gone” was not added: its file was deleted from Slack/);
    });

    test('pressing Add twice adds it once', async () => {
      const view = await openAdd();
      const values = { name: 'pressed twice', audio: [file(mp3(9, 1))] };
      const before = uploads().length;
      await Promise.all([
        flow.slack.submitView('U0ASHA', view.id, values),
        flow.slack.submitView('U0ASHA', view.id, values).catch(() => null),
      ]);
      await close();
      await soon(flow, 'it is listed once', async () => shownText(await listFor()).includes('pressed twice'));
      const list = JSON.stringify((await listFor()).blocks);
      assert.equal(list.match(/\*pressed twice\*/g)?.length, 1);
      assert.ok(uploads().length <= before + 1);
    });

    test('only callers may', async () => {
      assert.match(shownText(await listFor('U0CLEO')), /not on the list/);
      const list = await listFor();
      const pressed = flow.slack.press('U0CLEO', 'C0OPS', list.ts, 'recording_add').catch(() => null);
      await pressed;
      assert.notEqual(flow.slack.state.views.get('U0CLEO')?.at(-1)?.callback_id, 'voicecall_recording');
      // The person loses the right while the modal is open.
      const view = await openAdd('U0BEN');
      flow.setConfig(config.replace(', U0BEN]', ']'));
      const result = await flow.slack.submitView('U0BEN', view.id, {
        name: 'mine',
        audio: [file(mp3(3, 3))],
      });
      assert.match(JSON.stringify(result.view?.blocks), /not on the list/);
    });

    test('the token is sent to Slack only', async () => {
      const { state } = flow.slack;
      const id = file(mp3(3, 4));
      const stored = state.files.get(id);
      assert.ok(stored);
      stored.url_private_download = `${flow.voice.url}/steal.mp3`;
      stored.url_private = stored.url_private_download;
      const { errors } = await submit('elsewhere', id);
      assert.match(errors?.audio ?? '', /not stored in Slack/);
      // The tests before this one may still have their recordings looked up.
      assert.ok(!flow.voice.requests.some((each) => each.path.includes('steal')));
    });
  });
}
