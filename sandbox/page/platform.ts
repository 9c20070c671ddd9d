import type { VoicePlatform } from '../voice/server.ts';
import type { Phones } from './phones.ts';

/** Connects the page to the sandbox's voice platform. */
export function phonesOf(platform: VoicePlatform, owners: ReadonlyMap<string, string>): Phones {
  let down = false;

  async function allWell(): Promise<string> {
    platform.faults.clear();
    if (down) await platform.comeBack();
    down = false;
    return 'The voice platform works as it should.';
  }

  return {
    calls: () => platform.calls,
    ownerOf: (callee) => owners.get(callee),
    recordingName: (fileId) =>
      platform.recordings.find((each) => each.fileId === fileId)?.fileName.replace(/\.\w+$/, '') ?? fileId,
    answer: (voiceId) => platform.answer(voiceId),
    decline: (voiceId) => platform.decline(voiceId),
    leaveRinging: (voiceId) => platform.leaveRinging(voiceId),
    hangUp: (voiceId) => platform.hangUp(voiceId),
    press: (voiceId, key) => platform.press(voiceId, key),
    onChange: (listener) => platform.onChange(() => listener()),
    async fault(id) {
      if (id === 'none') return allWell();
      if (id === 'lose') {
        platform.faults.next({ reset: 'after-dialling' });
        return 'The next calls are placed, but the answer that says so gets lost.';
      }
      if (id === 'refuse') {
        platform.faults.next({ refuse: { code: '-10', reason: 'insufficient balance' } });
        return 'The next calls are refused: no balance left (-10).';
      }
      if (id !== 'down') throw new Error(`There is no fault “${id}”.`);
      if (down) return allWell();
      down = true;
      await platform.goDown();
      return 'The voice platform is down: nothing answers there until it is well again.';
    },
    pendingFaults: () => [
      ...platform.faults.pending().map((fault) => (fault.refuse === undefined ? 'lose' : 'refuse')),
      ...(down ? ['down'] : []),
    ],
  };
}
