// The program for comparison: a Bolt app that acknowledges /voicecall and does nothing else.
import { App } from '@slack/bolt';

let ready = false;
const app = new App({
  token: process.env.SLACK_BOT_TOKEN ?? '',
  signingSecret: process.env.SLACK_SIGNING_SECRET ?? '',
  clientOptions: { slackApiUrl: process.env.SLACK_API_URL ?? '' },
  customRoutes: [
    {
      path: '/readyz',
      method: ['GET'],
      handler(_request, response) {
        response.writeHead(ready ? 200 : 503);
        response.end();
      },
    },
  ],
});
app.command('/voicecall', async ({ ack }) => {
  await ack();
});
await app.start(Number(process.env.PORT));
await app.client.auth.test();
ready = true;
