import { createHash } from 'node:crypto';
import { z } from 'zod';
import { platformTime } from './phones.ts';
import { parseBody, Refusal } from './refusal.ts';
import type { Checked, EndpointHandler, LoggedRequest, World } from './types.ts';

/** POST fileUpload: stores a recording under a name that is unique in the account. */
export const fileUpload: EndpointHandler = { method: 'POST', check };

function check(world: World, _request: LoggedRequest, given: unknown): Checked {
  const schema = z.strictObject({ fileName: z.string().min(5).max(32), file: z.string().min(1) });
  const { fileName, file } = parseBody(schema, given);
  if (!/\.(mp3|m4a|wav)$/.test(fileName))
    throw new Refusal('-21', `fileName: ${fileName} is no mp3, m4a or wav`, true);
  const bytes = Buffer.from(file, 'base64');
  if (bytes.length === 0 || bytes.toString('base64') !== file)
    throw new Refusal('-21', 'file: no base64', true);
  if (world.recordings.some((recording) => recording.fileName === fileName)) {
    throw new Refusal('-20', 'file name exists');
  }
  return {
    callees: [],
    act: () => {
      const day = platformTime(world.now()).slice(0, 10).replaceAll('-', '');
      const hash = createHash('md5').update(fileName).update(bytes).digest('hex');
      const fileId = `1${day}${hash}${fileName.slice(fileName.lastIndexOf('.'))}`;
      world.recordings.push({ fileId, fileName });
      return { code: '0', reason: 'success', data: fileId };
    },
  };
}
