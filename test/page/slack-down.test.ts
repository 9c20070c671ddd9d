import assert from 'node:assert/strict';
import { test } from 'node:test';
import { artifacts, browserForTests, skip } from './browser.ts';

const open = browserForTests();

test('Slack is down: an alert posted to Voicecall calls people, and the channel shows it once Slack is back', {
  skip,
}, async () => {
  const { page, errors } = await open();
  await page.getByRole('button', { name: 'Take Slack down' }).click();
  await page.getByText('Nothing you do in a channel reaches Voicecall').waitFor();
  await page
    .getByRole('group', { name: 'Posted to Voicecall' })
    .getByRole('button', { name: 'Firing' })
    .click();
  const phone = page.getByRole('listitem', { name: 'Phone +918563214120' });
  await phone.getByRole('button', { name: 'Answer', exact: true }).click();
  await page.locator('#channel-C0ALERTS').click();
  assert.equal(await page.locator('#messages').getByText('DiskFull').count(), 0);
  await page.screenshot({ path: `${artifacts}sandbox-slack-down.png` });
  await page.getByRole('button', { name: 'Bring Slack back' }).click();
  await page.locator('#messages').getByText('DiskFull: 91 %').first().waitFor({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Take Slack down' }).waitFor();
  assert.deepEqual(errors, []);
  await page.close();
});
