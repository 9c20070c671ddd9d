// Killed during the upload of a recording: it exists once, and the person who added it is told once.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { mp3 } from '../support/audio.ts';
import { type Stage, startStage } from '../support/child.ts';
import { databaseKinds } from '../support/store.ts';
import { eventually } from '../support/world.ts';
import { lapseLeases } from './accounts.ts';

for (const database of databaseKinds) {
  describe(`SIGKILL during an upload, on ${database}`, () => {
    let stage: Stage;
    before(async () => {
      stage = await startStage({ database });
    });
    after(() => stage.stop());

    const uploads = () => stage.voice.requests.filter((each) => each.endpoint === 'fileUpload');
    const add = async (name: string, content: Buffer) => {
      const { reply } = await stage.slack.command('U0ASHA', 'C0OPS', 'recordings');
      await stage.slack.press('U0ASHA', 'C0OPS', reply?.ts ?? '', 'recording_add');
      const view = await eventually('the modal', () => stage.slack.state.views.get('U0ASHA')?.at(-1));
      const file = stage.slack.uploadFile('U0ASHA', `${name}.mp3`, content);
      const result = await stage.slack.submitView('U0ASHA', view.id, { name, audio: [file.id] });
      assert.deepEqual(result.errors, {});
      await stage.slack.closeView('U0ASHA', view.id, true);
    };
    const news = (name: string) =>
      stage.slack.history('D0ASHA').filter((each) => each.text.includes(`“${name}”`));

    for (const [when, silence, posts] of [
      ['after the platform took it', 'after-dialling', 1],
      ['before the platform took it', 'before-dialling', 2],
    ] as const) {
      test(`${when}: one recording, announced once`, async () => {
        const name = `killed ${when}`;
        const store = await stage.database.open();
        let app = await stage.start();
        const [uploadsBefore, recordingsBefore] = [uploads().length, stage.voice.recordings.length];
        stage.voice.faults.next({ on: 'fileUpload', silence });
        await add(name, mp3(5, posts));
        await eventually('the upload is under way', () => uploads().length > uploadsBefore);
        await app.kill();
        await lapseLeases(store);
        app = await stage.start();
        await eventually('who added it is told', () => news(name).length > 0);
        assert.match(news(name)[0]?.text ?? '', /can be chosen now/);
        assert.equal(stage.voice.recordings.length, recordingsBefore + 1);
        const names = uploads()
          .slice(uploadsBefore)
          .map((each) => each.body?.fileName);
        assert.equal(names.length, posts);
        assert.equal(new Set(names).size, 1, 'under one name');
        await app.stop();
        assert.equal(news(name).length, 1);
      });
    }
  });
}
