// Runs as a separate process, so that it shares its event loop with neither the measured app nor the sandbox. Sends
// /voicecall as Slack does, at a steady rate that does not depend on the answers, and prints how long each took (ms)
// as one JSON array.
import { createHmac } from 'node:crypto';
import { request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

const [port = '', perSecond = '', seconds = '', secret = ''] = process.argv.slice(2);
const warmUp = Math.ceil(Number(perSecond));
const count = warmUp + Number(perSecond) * Number(seconds);
const everyMs = 1000 / Number(perSecond);

function send(index: number): Promise<number> {
  const body = new URLSearchParams({
    command: '/voicecall',
    text: '',
    team_id: 'T0BENCH',
    channel_id: 'C0OPS',
    user_id: 'U0ASHA',
    api_app_id: 'A0VOICECALL',
    trigger_id: `${index}.bench`,
    response_url: 'http://127.0.0.1:9/none',
  }).toString();
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': Buffer.byteLength(body),
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': `v0=${signature}`,
  };
  return new Promise((resolve, reject) => {
    const sentAt = performance.now();
    const outgoing = request(
      { host: '127.0.0.1', port, path: '/slack/events', method: 'POST', headers, agent: false },
      (response) => {
        response.resume();
        response.on('end', () => {
          if (response.statusCode === 200) resolve(performance.now() - sentAt);
          else reject(new Error(`HTTP ${response.statusCode}`));
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const startedAt = performance.now();
const answers: Promise<number>[] = [];
for (let index = 0; index < count; index++) {
  await wait(Math.max(0, startedAt + index * everyMs - performance.now()));
  answers.push(send(index));
}
console.log(JSON.stringify((await Promise.all(answers)).slice(warmUp)));
